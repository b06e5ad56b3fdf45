import { sql } from '../../../src/db/sql.ts';
import type { TestApp } from '../app.ts';

const ids = {
  ios: '11111111-1111-4111-8111-111111111111',
  android: '22222222-2222-4222-8222-222222222222',
  news: '33333333-3333-4333-8333-333333333333',
  gold: '44444444-4444-4444-8444-444444444444',
};

const definitions = `
apps:
  - { id: ${ids.ios}, name: Acme iOS, platform: ios }
  - { id: ${ids.android}, name: Acme Android, platform: android }
email: { default_from: hello@acme.example }
subscription_groups:
  - { id: ${ids.news}, name: News, channel: email }
segments:
  - { id: ${ids.gold}, name: Gold plan, filter: { custom_attribute: { custom_attribute_name: plan, comparison: equals, value: gold } } }
campaigns:
  - { id: spring, name: Spring, kind: api }
  - { id: autumn, name: Autumn offer, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
`;

/** What would run, or load something, if any page made HTML of it. */
export const hostile = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '"><svg onload=window.hacked=1>',
  "javascript:window.hacked=1//'",
  '{{constructor.constructor("window.hacked=1")()}}',
  '</script><iframe srcdoc="<script>parent.hacked=1</script>">',
].join(' ');

const hostileMail = `<script>parent.hacked = 1; top.location = 'https://evil.example/'</script><img src="https://evil.example/pixel.gif" onerror="parent.hacked=1">
<link rel="stylesheet" href="https://evil.example/a.css"><style>@import url(https://evil.example/b.css); p { background: url(https://evil.example/c.png) }</style>
<form action="https://evil.example/"><button>Send</button></form><meta http-equiv="refresh" content="0;url=https://evil.example/"><iframe src="https://evil.example/"></iframe>
<p style="color:red">Hi</p><a href="javascript:parent.hacked=1">link</a>`;

export interface ConsoleWorld {
  /** Dispatch ids. */
  named: string;
  broadcast: string;
  /** Braze ids: of Ada, who got everything, and of somebody who is unsubscribed. */
  ada: string;
  kept: string;
  /** Of somebody all of whose texts are `hostile`, and the dispatch to them. */
  mallory: string;
  attack: string;
}

/** People and dispatches such as pages of the console show: reached, kept back, failed, on several channels. */
export async function fillConsole(app: TestApp): Promise<ConsoleWorld> {
  await app.givenWorkspace(definitions);
  const people = Array.from({ length: 12 }, (_, index) => ({
    external_id: `person-${index}`,
    first_name: ['Ben', 'Cleo', 'Dora', 'Emil'][index % 4],
    email: `person-${index}@example.com`,
    email_subscribe: index % 5 === 0 ? 'unsubscribed' : 'subscribed',
    plan: index % 2 === 0 ? 'gold' : 'silver',
  }));
  await app.post('/users/track', {
    attributes: [
      {
        ...{ external_id: 'ada', first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com', plan: 'gold' },
        push_tokens: [{ app_id: ids.ios, token: 'a'.repeat(64) }],
      },
      {
        ...{
          external_id: 'mallory',
          first_name: hostile,
          last_name: hostile,
          email: 'mallory@example.com',
          [`x${hostile}`.slice(0, 60)]: hostile,
        },
        ...{ plan: hostile, home_city: hostile },
      },
      ...people,
    ],
  });
  const email = {
    app_id: ids.ios,
    subject: 'Hello {{${first_name} | default: "you"}}',
    body: '<p style="color:#a8261c">Your <b>autumn</b> offer</p><p><a href="https://example.com/offer">See it</a></p>',
  };
  const broadcast = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: ids.gold },
    messages: { email, apple_push: { alert: { title: 'Autumn', body: 'An offer for {{${first_name}}}' } } },
  });
  const named = await app.post('/messages/send', {
    external_user_ids: ['ada', 'person-0', 'person-1', 'nobody-knows'],
    messages: {
      email,
      webhook: { url: 'https://example.com/hook', request_method: 'POST', body: 'Hi {{${first_name}}}' },
    },
  });
  const attack = await app.post('/messages/send', {
    external_user_ids: ['mallory', hostile],
    messages: {
      email: { app_id: ids.ios, subject: hostile.replaceAll('{{', '{ {'), body: hostileMail, should_inline_css: false },
      webhook: { url: 'https://example.com/?<b>', request_method: 'POST', body: hostile.replaceAll('{{', '{ {') },
    },
  });
  await app.post('/messages/send', {
    ...{ external_user_ids: ['ada', 'person-1'], campaign_id: 'autumn' },
    messages: { email: { ...email, message_variation_id: 'mail' } },
  });
  await app.drain();
  const brazeIdOf = async (external_id: string): Promise<string> => {
    const fields_to_export = ['braze_id'];
    const { body } = await app.post('/users/export/ids', { external_ids: [external_id], fields_to_export });
    return body.users[0].braze_id;
  };
  const [ada, kept, mallory] = [await brazeIdOf('ada'), await brazeIdOf('person-0'), await brazeIdOf('mallory')];
  const [one, other, third] = [named, broadcast, attack].map(({ body }) => String(body.dispatch_id));
  return { named: one ?? '', broadcast: other ?? '', ada, kept, mallory, attack: third ?? '' };
}

/** Days of the campaign `autumn` before today: rows of the rollups, of a mail with opens and clicks by people and machines. */
export async function givenHistory({ db, clock }: TestApp): Promise<void> {
  await db.run(sql`
    insert into campaign_days (campaign_id, day, channel, variation_id, send_id, shard, sent, recipients, failed, bounced,
                               first_sent_at, last_sent_at)
    select 'autumn', day, 'email', 'mail', '', 0, 40 + 30 * (n % 7), 38 + 30 * (n % 7), 1, n % 2, day, day
      from (select ${clock.now()}::date - n as day, n from generate_series(1, 29) as n where n % 5 <> 0) as past`);
  await db.run(sql`
    insert into feedback_days (campaign_id, day, channel, variation_id, send_id, metric, total)
    select 'autumn', day, 'email', 'mail', '', metric, total
      from (select ${clock.now()}::date - n as day, n from generate_series(1, 29) as n where n % 5 <> 0) as past,
           lateral (values ('opens', 30 + 20 * (n % 7)), ('unique_opens', 20 + 15 * (n % 7)), ('clicks', 6 * (n % 7)),
                           ('unique_clicks', 5 * (n % 7)), ('machine_opens', 3 + n), ('machine_clicks', n % 3))
                as counted (metric, total)
     where total > 0`);
}

/** What waits, and a campaign that divides its people. */
export interface WaitingWorld {
  /** The braze id of Ken, whose mail quiet hours hold, and the dispatch of it. */
  ken: string;
  held: string;
  /** When quiet hours end by Ken's clock, as HH:MM. */
  until: string;
  /** Number of the people of the campaign `evening` who are in its control group, and a person who is not, with their variation. */
  control: number;
  reached: { external_id: string; variation: string };
}

const KENS_ZONE = 'Europe/Vienna';
const HOUR_MS = 3_600_000;

/** Adds to `fillConsole`: a mail that is held for an hour, and the campaign `evening` with two variations and a control group. */
export async function givenWaiting(app: TestApp): Promise<WaitingWorld> {
  const variation = (id: string, weight: number) => ({
    ...{ id, name: id.toUpperCase(), channel: 'webhook', weight },
    message: { url: 'https://example.com/hook', request_method: 'POST', body: id },
  });
  const evening = {
    ...{ id: 'evening', name: 'Evening offer', kind: 'api_triggered', control_share: 50 },
    variations: [variation('short', 30), variation('long', 20)],
  };
  await app.givenWorkspace(JSON.stringify({ campaigns: [evening] }));
  const ken = { external_id: 'ken', first_name: 'Ken', email: 'ken@example.com', country: 'AT', time_zone: KENS_ZONE };
  await app.post('/users/track', { attributes: [ken] });
  const clockAt = (ms: number) =>
    new Date(app.clock.now().getTime() + ms).toLocaleTimeString('en-GB', {
      ...{ timeZone: KENS_ZONE, hour: '2-digit', minute: '2-digit' },
    });
  const until = clockAt(HOUR_MS);
  const email = { app_id: ids.ios, subject: 'Hello', body: '<p>Hi</p>', message_variation_id: 'mail' };
  const { body: held } = await app.post('/messages/send', {
    ...{ external_user_ids: ['ken'], campaign_id: 'autumn', messages: { email } },
    cresset: { quiet_hours: { from: clockAt(-HOUR_MS), until } },
  });
  const names = Array.from({ length: 12 }, (_, index) => ({ external_user_id: `person-${index}` }));
  const { body: divided } = await app.post('/campaigns/trigger/send', { campaign_id: 'evening', recipients: names });
  await app.drain();
  const { recipients } = (await app.get(`/dispatches/${divided.dispatch_id}/recipients`)).body;
  const got = recipients.find((one: Record<string, string>) => one.message_variation_id !== undefined);
  const [kens] = (await app.get(`/dispatches/${held.dispatch_id}/recipients`)).body.recipients;
  return {
    ...{ ken: kens.braze_id, held: held.dispatch_id, until },
    control: recipients.filter(({ reason }: Record<string, string>) => reason === 'control_group').length,
    reached: { external_id: got.external_id, variation: got.message_variation_id },
  };
}

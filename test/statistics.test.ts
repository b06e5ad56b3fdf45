// Statistics of campaigns and sends: read from numbers that are kept beside the ledger, and equal to a count of it.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { sql } from '../src/db/sql.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { smtpReply, startMailServer } from './support/mail-server.ts';
import { given, push, startPushApp } from './support/push-app.ts';
import { workspace } from './support/push-provider.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const DAY_MS = 86_400_000;
/** Twilio's number that is never valid. The sandbox refuses it. */
const INVALID = '+15005550001';

interface World {
  app: TestApp;
  /** Sends all channels of the campaign, or only some. */
  send(body: object, ...channels: string[]): Promise<string>;
  /** Whom the webhook refuses. */
  refused: Set<string>;
}

/** Eight people: one address bounces, one number is invalid, and two people are refused by the webhook. */
async function start(t: TestContext): Promise<World> {
  const refused = new Set(['p3', 'p4']);
  const sink = await startWebhookSink(t, (who) => (refused.has(who) ? 400 : 200));
  const relay = await startMailServer(t);
  relay.refuse = (address) => (address.startsWith('p1@') ? smtpReply(550, '5.1.1 no such user') : null);
  const app = await startTestApp(t, { startsAt: new Date('2026-03-15T22:00:00Z') });
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
email: { smtp: { url: "${relay.url}" } }
webhook: { deliver: true, allow: ["${sink.host}"] }
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms }]
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
campaigns:
  - { id: spring, name: Spring, kind: api, variations: [{ id: m, name: Mail, channel: email }, { id: t, name: Text, channel: sms },
      { id: w, name: Hook, channel: webhook }, { id: w2, name: Other hook, channel: webhook }] }
  - { id: other, name: Other, kind: api, variations: [{ id: w, channel: webhook }] }
  - { id: triggered, name: Triggered, kind: api_triggered }`);
  const people = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({
    ...{ external_id: `p${n}`, email: `p${n}@acme.test`, phone: n === 2 ? INVALID : `+1312555010${n}` },
    subscription_groups: [{ subscription_group_id: TEXTS, subscription_state: 'subscribed' }],
  }));
  assert.equal((await app.post('/users/track', { attributes: people })).body.attributes_processed, 8);
  const messages: Record<string, object> = {
    email: { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>', message_variation_id: 'm' },
    sms: { app_id: APP, subscription_group_id: TEXTS, body: 'b', message_variation_id: 't' },
    webhook: { url: sink.url, request_method: 'POST', message_variation_id: 'w' },
  };
  return {
    app,
    refused,
    async send(body, ...channels) {
      const chosen = Object.entries(messages).filter(([name]) => channels.length === 0 || channels.includes(name));
      const answer = await app.post('/messages/send', {
        campaign_id: 'spring',
        messages: Object.fromEntries(chosen),
        ...body,
      });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      await app.drain();
      return answer.body.dispatch_id;
    },
  };
}

interface Entry {
  time: string;
  unique_recipients: number;
  messages: Record<string, Record<string, number | string>[]>;
}

async function series(app: TestApp, query: string, path = '/campaigns/data_series'): Promise<Entry[]> {
  const { status, body } = await app.get(`${path}?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.data;
}

/** The numbers of a series that the ledger has as well: by day, channel and variation. */
function numbersOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ time, unique_recipients, messages }) => {
    const rows = Object.entries(messages).flatMap(([channel, variations]) =>
      variations.map((one) => {
        const bad = Number(one.bounces ?? one.delivery_failed ?? one.errors);
        return {
          text: `${time} ${channel} ${one.variation_api_id ?? one.variation_name}: ${one.sent} sent, ${bad} not`,
          is: Number(one.sent) + bad > 0,
        };
      }),
    );
    return [
      ...rows.filter(({ is }) => is).map(({ text }) => text),
      ...(unique_recipients > 0 ? [`${time} people: ${unique_recipients}`] : []),
    ];
  });
}

/** The same, counted in the ledger. */
async function countLedger({ db }: TestApp, campaignId = 'spring'): Promise<string[]> {
  const rows = await db.query<{ day: string; channel: string; variation: string; sent: number; bad: number }>(sql`
    select (s.updated_at at time zone 'UTC')::date::text as day, s.channel,
           d.request -> 'messages' -> s.channel ->> 'message_variation_id' as variation,
           count(*) filter (where s.status = 'sent') as sent, count(*) filter (where s.status in ('failed', 'bounced')) as bad
      from sends s join dispatches d on d.id = s.dispatch_id
     where d.campaign_id = ${campaignId} and s.status in ('sent', 'failed', 'bounced')
     group by 1, 2, 3`);
  const people = await db.query<{ day: string; count: number }>(sql`
    select day::text, count(*) as count
      from (select min(s.updated_at at time zone 'UTC')::date as day
              from sends s join dispatches d on d.id = s.dispatch_id
             where d.campaign_id = ${campaignId} and s.status = 'sent'
             group by s.dispatch_id, s.user_id) as firsts
     group by day`);
  return [
    ...rows.map(({ day, channel, variation, sent, bad }) => `${day} ${channel} ${variation}: ${sent} sent, ${bad} not`),
    ...people.map(({ day, count }) => `${day} people: ${count}`),
  ];
}

async function assertEqualsLedger(app: TestApp): Promise<Entry[]> {
  const entries = await series(app, 'campaign_id=spring&length=7');
  assert.deepEqual(numbersOf(entries).sort(), (await countLedger(app)).sort());
  return entries;
}

test('the series of a campaign adds up to the ledger: by day, channel and variation, with failures, replays and after retention', async (t) => {
  const { app, send, refused } = await start(t);
  const broadcast = await send({ broadcast: true, segment_id: EVERYBODY });
  await send({ external_user_ids: ['p1', 'p3', 'p5'] }, 'webhook');
  await send({
    external_user_ids: ['p5'],
    campaign_id: null,
    messages: { webhook: { url: 'https://acme.test/', request_method: 'POST' } },
  });
  const [today] = (await assertEqualsLedger(app)).slice(-1);
  assert.deepEqual(today, {
    time: '2026-03-15',
    messages: {
      email: [
        {
          variation_api_id: 'm',
          sent: 7,
          opens: 0,
          unique_opens: 0,
          clicks: 0,
          unique_clicks: 0,
          unsubscribes: 0,
          bounces: 1,
          delivered: 7,
          reported_spam: 0,
        },
      ],
      sms: [
        {
          variation_api_id: 't',
          sent: 7,
          sent_to_carrier: 7,
          delivered: 0,
          rejected: 0,
          delivery_failed: 1,
          clicks: 0,
          opt_out: 0,
          help: 0,
        },
      ],
      webhook: [
        { variation_api_id: 'w', sent: 8, errors: 3 },
        { variation_api_id: 'w2', sent: 0, errors: 0 },
      ],
    },
    conversions_by_send_time: 0,
    conversions: 0,
    unique_recipients: 10,
    revenue: 0,
  });
  const { body: details } = await app.get('/campaigns/details?campaign_id=spring');
  assert.deepEqual([details.first_sent, details.last_sent], Array(2).fill('2026-03-15T22:00:00.000Z'));

  // Two days later the failures are tried again, so the first day no longer has them.
  app.clock.advance(2 * DAY_MS);
  refused.clear();
  assert.equal((await app.post(`/dispatches/${broadcast}/replay`, { statuses: ['failed'] })).status, 201);
  await app.drain();
  await send({ external_user_ids: ['p6'] }, 'email', 'webhook');
  const entries = await assertEqualsLedger(app);
  assert.deepEqual(
    entries.map(({ time }) => time),
    [11, 12, 13, 14, 15, 16, 17].map((day) => `2026-03-${day}`),
  );
  assert.deepEqual(entries[4]?.messages.webhook?.[0], { variation_api_id: 'w', sent: 8, errors: 1 });
  assert.deepEqual(entries[6]?.messages.webhook?.[0], { variation_api_id: 'w', sent: 3, errors: 0 });

  app.clock.advance(30 * DAY_MS);
  const before = await series(app, 'campaign_id=spring&length=7&ending_at=2026-03-17');
  assert.deepEqual(before, entries);
  await keepHouse({ db: app.db, clock: app.clock, log: pino({ level: 'silent' }), retentionDays: 2 });
  assert.deepEqual(await countLedger(app), [], 'the sends are gone');
  assert.deepEqual(await series(app, 'campaign_id=spring&length=7&ending_at=2026-03-17T10:00:00+02:00'), entries);
  const { rows, shards } = await app.db.one<{ rows: number; shards: number[] }>(sql`
    select count(*) as rows, array_agg(distinct shard) as shards from campaign_days`);
  assert.deepEqual([rows, shards], [5, [-1]], 'days long past have one row for each variation');
});

test('a push counts when its first device has it, also if the dispatch is cancelled before the others', async (t) => {
  const { app, provider } = await startPushApp(
    t,
    `${workspace()}
campaigns: [{ id: c, name: C, kind: api, variations: [{ id: v, channel: ios_push }] }]\n`,
  );
  await given(app, 'ada', 't1', 't2');
  await given(app, 'bob', 't3', 't4');
  for (const token of ['t1', 't3']) provider.answer(token, { kind: 'accepted', providerId: null });
  provider.answer('t2', { kind: 'retry', reason: 'InternalServerError' }, { kind: 'accepted', providerId: null });
  provider.answer('t4', { kind: 'bounced', reason: 'Unregistered', token: 'keep' });
  const messages = { apple_push: { ...push, message_variation_id: 'v' } };
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada', 'bob'], campaign_id: 'c', messages });
  await app.drain();
  const sent = async () => {
    const [today] = await series(app, 'campaign_id=c&length=1');
    return [today?.messages.ios_push?.[0]?.sent, today?.messages.ios_push?.[0]?.bounces, today?.unique_recipients];
  };
  assert.deepEqual(await sent(), [2, 0, 2]);
  assert.equal((await app.post(`/dispatches/${body.dispatch_id}/cancel`, {})).status, 201);
  assert.deepEqual(await sent(), [2, 0, 2]);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.channels.apple_push.sent, 2);
});

test('send ids are created, 100 a day, and count apart for 14 days', async (t) => {
  const { app, send } = await start(t);
  const create = (body: object) => app.post('/sends/id/create', body);
  assert.deepEqual((await create({ campaign_id: 'spring', send_id: 'a' })).body, { message: 'success', send_id: 'a' });
  await send({ external_user_ids: ['p1', 'p3'], send_id: 'a' }, 'email', 'webhook');
  await send({ external_user_ids: ['p5'] }, 'webhook');
  const ofA = 'campaign_id=spring&send_id=a&length=1';
  const [entry] = await series(app, ofA, '/sends/data_series');
  assert.deepEqual(numbersOf(entry === undefined ? [] : [entry]), [
    '2026-03-15 email Mail: 1 sent, 1 not',
    '2026-03-15 webhook Hook: 1 sent, 1 not',
    '2026-03-15 people: 2',
  ]);
  app.clock.advance(14 * DAY_MS);
  const old = `${ofA}&ending_at=2026-03-15`;
  assert.equal((await series(app, old, '/sends/data_series'))[0]?.unique_recipients, 2);
  app.clock.advance(DAY_MS);
  assert.equal((await series(app, old, '/sends/data_series'))[0]?.unique_recipients, 0);

  // The day is a new one. Repetitions and refusals do not count; nor do the ids that broadcasts make.
  await send({ broadcast: true, segment_id: EVERYBODY }, 'webhook');
  const made = await create({ campaign_id: 'spring' });
  assert.match(made.body.send_id, /^[0-9a-f]{32}$/);
  for (const bad of [{}, { campaign_id: 'nosuch' }, { campaign_id: 'triggered' }]) {
    const { status, body } = await create(bad);
    assert.deepEqual([status, body.message], [400, 'Invalid Campaign ID']);
  }
  for (const send_id of ['é', 'x'.repeat(65), '\u0000', {}, ['a']])
    assert.equal((await create({ campaign_id: 'spring', send_id })).status, 400, JSON.stringify(send_id));
  const statuses = await Promise.all(
    Array.from(
      { length: 100 },
      async (_, n) => (await create({ campaign_id: n % 2 ? 'spring' : 'other', send_id: `id ${n}` })).status,
    ),
  );
  assert.deepEqual([statuses.filter((is) => is === 201).length, statuses.filter((is) => is === 429).length], [99, 1]);
  const refused = await create({ campaign_id: 'other', send_id: 'one more' });
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '7200']);
  const known = statuses.indexOf(201);
  assert.equal(
    (await create({ campaign_id: known % 2 ? 'spring' : 'other', send_id: `id ${known}` })).status,
    201,
    'again',
  );
  app.clock.advance(7_200_000);
  assert.equal((await create({ campaign_id: 'other', send_id: 'one more' })).status, 201);
  const days = await series(app, 'campaign_id=other&send_id=one%20more&length=3', '/sends/data_series');
  assert.deepEqual(numbersOf(days), []);
});

test('a series is refused without a good length, end or campaign, and does not answer for days to come', async (t) => {
  const { app } = await start(t);
  const rows: [query: string, message: string][] = [
    ['length=7', 'campaign_id must be a string of the campaign api identifier'],
    ['campaign_id=nosuch&length=7', 'campaign_id must be a string of the campaign api identifier'],
    ...['', '&length=0', '&length=101', '&length=7.5', '&length=-1', '&length=all', '&length=1e1'].map(
      (length): [string, string] => [`campaign_id=spring${length}`, 'length must be an integer between 1 and 100'],
    ),
    ...['soon', '2026-02-30', '1970-01-01', '0000-01-01', '%00'].map((end): [string, string] => [
      `campaign_id=spring&length=7&ending_at=${end}`,
      'Bad Request',
    ]),
  ];
  for (const [query, message] of rows) {
    const { status, body } = await app.get(`/campaigns/data_series?${query}`);
    assert.deepEqual([status, body.message], [400, message], query);
  }
  for (const pair of [
    'campaign_id=spring',
    'campaign_id=spring&send_id=nosuch',
    'campaign_id=triggered&send_id=a',
    'campaign_id=spring&send_id=%00',
  ])
    assert.equal((await app.get(`/sends/data_series?${pair}&length=7`)).status, 400, pair);
  const { body } = await app.get('/sends/data_series?campaign_id=spring&send_id=nosuch&length=7');
  assert.equal(body.message, 'send_id must be a string of the send api identifier');
  const times = async (query: string) => (await series(app, `campaign_id=spring&${query}`)).map(({ time }) => time);
  assert.deepEqual(await times('length=2'), ['2026-03-14', '2026-03-15']);
  assert.deepEqual(await times('length=2&ending_at=2026-03-14T23:00:00-5:00'), ['2026-03-14', '2026-03-15']);
  assert.deepEqual(await times('length=3&ending_at=2026-03-16'), ['2026-03-14', '2026-03-15']);
  assert.deepEqual(await times('length=3&ending_at=2999-01-01'), []);
  assert.equal((await times('length=100&ending_at=1971-01-01')).length, 100);
  const { headers } = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
  assert.equal(headers.get('x-ratelimit-limit'), '50000');
});

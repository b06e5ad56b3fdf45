// What comes back of messages: taken in, applied to sends, people and statistics, each thing once and in any order.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { raw, sql } from '../src/db/sql.ts';
import { rememberMessages } from '../src/dispatch/ledger/feedback/provider-messages.ts';
import type { SendKey } from '../src/dispatch/ledger/send.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import type { FeedbackEvent } from '../src/feedback/event.ts';
import { takeFeedback } from '../src/feedback/take.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startMailServer } from './support/mail-server.ts';

const DAY_MS = 86_400_000;
const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const TEXTS = '55555555-5555-4555-8555-555555555555';

interface World {
  app: TestApp;
  dispatchId: string;
  /** The send of a channel to ada, or to another person. */
  send(channel: 'email' | 'sms', who?: string): Promise<SendKey>;
  take(
    ...events: (Partial<FeedbackEvent> & Pick<FeedbackEvent, 'kind'>)[]
  ): Promise<{ taken: number; repeated: number }>;
  /** An event about a send. */
  about(send: SendKey, kind: FeedbackEvent['kind'], more?: Partial<FeedbackEvent>): FeedbackEvent;
  row(send: SendKey): Promise<Record<string, unknown> | null>;
  metrics(): Promise<Record<string, number>>;
  outcomes(): Promise<(string | null)[]>;
}

let events = 0;
const nextId = () => {
  events += 1;
  return `e${events}`;
};

/** A mail and a text to ada and to bob, of a campaign. Nothing has come back. */
async function start(t: TestContext): Promise<World> {
  const relay = await startMailServer(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
email: { smtp: { url: "${relay.url}" } }
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms }]
campaigns:
  - { id: spring, name: Spring, kind: api, variations: [{ id: m, name: Mail, channel: email }, { id: t, name: Text, channel: sms }] }`);
  const person = (name: string, phone: string) => ({
    ...{ external_id: name, email: `${name}@acme.test`, phone },
    subscription_groups: [{ subscription_group_id: TEXTS, subscription_state: 'subscribed' }],
  });
  const attributes = [person('ada', '+13125550101'), person('bob', '+13125550102')];
  assert.equal((await app.post('/users/track', { attributes })).body.attributes_processed, 2);
  const { body } = await app.post('/messages/send', {
    campaign_id: 'spring',
    external_user_ids: ['ada', 'bob'],
    messages: {
      email: { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>', message_variation_id: 'm' },
      sms: { app_id: APP, subscription_group_id: TEXTS, body: 'b', message_variation_id: 't' },
    },
  });
  await app.drain();
  const { db, workspaceId } = app;
  const about = (send: SendKey, kind: FeedbackEvent['kind'], more: Partial<FeedbackEvent> = {}): FeedbackEvent => ({
    ...{ eventId: nextId(), kind, occurredAt: app.clock.now(), provider: 'acme', channel: send.channel },
    ...{ send: { ...send, workspaceId }, providerMessageId: null, address: null, code: null, text: null, detail: {} },
    ...more,
  });
  return {
    app,
    dispatchId: body.dispatch_id,
    about,
    async send(channel, who = 'ada') {
      return db.one<SendKey & Record<string, unknown>>(sql`
        select s.bucket, s.dispatch_id as "dispatchId", s.user_id as "userId", s.channel
          from sends s
          join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
         where p.external_id = ${who} and s.channel = ${channel}`);
    },
    async take(...given) {
      const nothing = about({ bucket: 0, dispatchId: '', userId: 0, channel: 'email' }, 'unknown', { send: null });
      const taken = await takeFeedback(
        app.app,
        workspaceId,
        given.map((one) => ({ ...nothing, eventId: nextId(), ...one })),
      );
      await app.drain();
      return taken;
    },
    row: ({ bucket, userId, channel }) =>
      db.maybeOne(
        sql`select * from send_feedback where bucket = ${bucket} and user_id = ${userId} and channel = ${channel}`,
      ),
    async metrics() {
      const rows = await db.query<{ key: string; total: number }>(sql`
        select concat_ws(' ', channel, variation_id, metric) as key, sum(total)::bigint as total
          from feedback_days group by 1 having sum(total) <> 0 order by 1`);
      return Object.fromEntries(rows.map(({ key, total }) => [key, total]));
    },
    async outcomes() {
      const rows = await db.query<{ outcome: string | null }>(sql`
        select outcome from feedback_events order by place nulls last`);
      return rows.map(({ outcome }) => outcome);
    },
  };
}

test('a delivery, two opens and a click are kept beside the send and counted in the campaign, each event once', async (t) => {
  const { app, take, about, send, row, metrics } = await start(t);
  const mail = await send('email');
  const came = [about(mail, 'delivered'), about(mail, 'opened'), about(mail, 'opened'), about(mail, 'clicked')];
  assert.deepEqual(await take(...came), { taken: 4, repeated: 0 });
  app.clock.advance(1_000);
  assert.deepEqual(await take(...came, ...came), { taken: 0, repeated: 8 });
  const kept = await row(mail);
  assert.equal(kept?.opens, 2);
  assert.equal(kept?.clicks, 1);
  assert.deepEqual(kept?.delivered_at, new Date('2026-03-15T12:00:00.000Z'));
  assert.deepEqual(await metrics(), {
    'email m clicks': 1,
    'email m delivered': 1,
    'email m opens': 2,
    'email m unique_clicks': 1,
    'email m unique_opens': 1,
  });
  const { status } = await app.db.one<{ status: string }>(sql`
    select distinct status::text from sends where channel = 'email'`);
  assert.equal(status, 'sent', 'the status of a send is what our own calls said');
});

test('a bounce stays a bounce, whatever comes later, and the address is dead', async (t) => {
  const { app, take, about, send, row, metrics } = await start(t);
  const mail = await send('email');
  await take(about(mail, 'bounced', { permanent: true, code: '5.1.1', text: 'no such user' }));
  await take(about(mail, 'delivered'));
  assert.deepEqual(await metrics(), { 'email m bounces': 1 });
  const kept = await row(mail);
  assert.deepEqual([kept?.code, kept?.said], ['5.1.1', 'no such user']);
  const { body } = await app.get('/email/hard_bounces?email=ada@acme.test');
  assert.equal(body.emails.length, 1, JSON.stringify(body));
});

test('a delivery that was counted is taken back when the message bounces after it', async (t) => {
  const { take, about, send, metrics } = await start(t);
  const mail = await send('email');
  await take(about(mail, 'delivered'));
  assert.deepEqual(await metrics(), { 'email m delivered': 1 });
  await take(about(mail, 'bounced', { code: '5.2.2' }));
  assert.deepEqual(await metrics(), { 'email m bounces': 1 });
});

test('read implies delivered, and delivered counts once', async (t) => {
  const { take, about, send, metrics } = await start(t);
  const text = await send('sms');
  await take(about(text, 'read'));
  assert.deepEqual(await metrics(), { 'sms t delivered': 1, 'sms t reads': 1 });
  await take(about(text, 'delivered'));
  assert.deepEqual(await metrics(), { 'sms t delivered': 1, 'sms t reads': 1 });
});

test('a status that comes late neither revives a failed message nor takes its code away', async (t) => {
  const { take, about, send, row, metrics } = await start(t);
  const text = await send('sms');
  await take(about(text, 'failed', { code: '30006', permanent: false }));
  await take(about(text, 'deferred', { code: 'sent' }), about(text, 'delivered'));
  assert.equal((await row(text))?.code, '30006');
  assert.deepEqual(await metrics(), { 'sms t failures': 1 });
});

test('what a machine opened is counted apart, and opens nothing', async (t) => {
  const { app, take, about, send, row, metrics } = await start(t);
  const mail = await send('email');
  await take(about(mail, 'opened', { bot: 'apple' }), about(mail, 'clicked', { bot: 'scanner' }));
  const kept = await row(mail);
  assert.deepEqual([kept?.opened_at, kept?.opens, kept?.machine_opens, kept?.machine_clicks], [null, 0, 1, 1]);
  assert.deepEqual(await metrics(), { 'email m machine_clicks': 1, 'email m machine_opens': 1 });
  const active = async () => (await app.get('/kpi/dau/data_series?length=1')).body.data;
  assert.deepEqual(await active(), [{ time: '2026-03-15', dau: 0 }]);
  await take(about(mail, 'opened', { bot: 'gmail' }), about(mail, 'clicked', { bot: 'none' }));
  assert.deepEqual(await active(), [{ time: '2026-03-15', dau: 1 }], 'a person who opened was active, once a day');
});

test('a complaint unsubscribes the address globally and marks it', async (t) => {
  const { app, take, about, send } = await start(t);
  await take(about(await send('email'), 'complained'));
  const ada = await app.db.one<{ email_state: string; marked: boolean }>(sql`
    select p.email_state, exists (select from addresses where address = 'ada@acme.test' and marked_spam_at is not null) as marked
      from profiles p where external_id = 'ada'`);
  assert.deepEqual(ada, { email_state: 'unsubscribed', marked: true });
});

test('an opt-out of a text takes its group from the send, and one without a send names the address and the group', async (t) => {
  const { app, take, about, send } = await start(t);
  const state = async () => {
    const rows = await app.db.query<{ state: string }>(sql`
      select s.state from subscription_states s join profiles p using (bucket, user_id) order by p.external_id`);
    return rows.map((row) => row.state);
  };
  await take(about(await send('sms'), 'opted_out'));
  assert.deepEqual(await state(), ['unsubscribed', 'subscribed']);
  const reply = { channel: 'sms' as const, address: '+13125550102', subscriptionGroupId: TEXTS };
  await take({ kind: 'opted_out', ...reply });
  assert.deepEqual(await state(), ['unsubscribed', 'unsubscribed']);
  await take({ kind: 'opted_in', ...reply });
  assert.deepEqual(await state(), ['unsubscribed', 'subscribed']);
});

test("a status that comes before the provider's answer is written waits for it and is not lost", async (t) => {
  const { app, take, send, row, outcomes, metrics } = await start(t);
  const text = await send('sms');
  await take({ kind: 'delivered', channel: 'sms', providerMessageId: 'SM1', send: null });
  assert.deepEqual(await outcomes(), [null]);
  await app.db.transaction(async (tx) =>
    rememberMessages(tx, [{ workspaceId: app.workspaceId, send: text, id: 'SM1' }]),
  );
  app.clock.advance(1_000);
  await app.drain();
  assert.deepEqual(await outcomes(), ['applied']);
  assert.notEqual((await row(text))?.delivered_at ?? null, null);
  assert.deepEqual(await metrics(), { 'sms t delivered': 1 });
});

test('the message of somebody else is waited for an hour and then kept as without a send', async (t) => {
  const { app, take, outcomes } = await start(t);
  await take({ kind: 'failed', channel: 'sms', providerMessageId: 'SM9', address: '+13125550102', permanent: true });
  const { body } = await app.get('/sms/invalid_phone_numbers?phone_numbers[]=%2B13125550102');
  assert.equal(body.sms.length, 1, 'the number is dead at once');
  for (let tries = 0; tries < 8; tries += 1) {
    assert.deepEqual(await outcomes(), [null]);
    app.clock.advance(2_400_000);
    await app.drain();
  }
  assert.deepEqual(await outcomes(), ['no_send']);
});

test('what comes back after a merge finds the send with its new owner', async (t) => {
  const { app, take, about, send, row } = await start(t);
  await app.post('/users/track', { attributes: [{ external_id: 'eve', first_name: 'Eve' }] });
  const mail = await send('email');
  await take(about(mail, 'delivered'));
  const merge = [{ identifier_to_merge: { external_id: 'ada' }, identifier_to_keep: { external_id: 'eve' } }];
  assert.equal((await app.post('/users/merge', { merge_updates: merge })).status, 202);
  await take(about(mail, 'opened'));
  assert.equal(await row(mail), null);
  const kept = await row(await send('email', 'eve'));
  assert.deepEqual([kept?.opens, kept?.delivered_at], [1, new Date('2026-03-15T12:00:00.000Z')]);
});

test('what comes back while a merge moves its send goes with the send', async (t) => {
  const { app, about, send, row, outcomes } = await start(t);
  const mail = await send('email');
  await app.post('/users/track', { attributes: [{ external_id: 'eve', first_name: 'Eve' }] });
  // The merge stops here, when it has moved the send and has not committed.
  const letGo = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = app.db.transaction(async (tx) => {
    await tx.run(sql`lock table sandbox_messages in share mode`);
    held.resolve();
    await letGo.promise;
  });
  await held.promise;
  const merge = [{ identifier_to_merge: { external_id: 'ada' }, identifier_to_keep: { external_id: 'eve' } }];
  const merging = app.post('/users/merge', { merge_updates: merge });
  await untilWaiting(app, 1);
  await takeFeedback(app.app, app.workspaceId, [about(mail, 'opened')]);
  const applied = async () => (await outcomes()).every((outcome) => outcome !== null);
  await untilWaiting(app, 2, applied);
  letGo.resolve();
  await holding;
  assert.equal((await merging).status, 202);
  await app.drain();
  assert.equal(await row(mail), null);
  assert.equal((await row(await send('email', 'eve')))?.opens, 1);
});

/** Resolves when this many sessions wait for locks of others, or `done`. */
async function untilWaiting({ db }: TestApp, wanted: number, done = async () => false): Promise<void> {
  for (;;) {
    const { waiting } = await db.one<{ waiting: number }>(sql`
      select count(distinct pid) as waiting from pg_locks
       where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`);
    if (waiting >= wanted || (await done())) return;
  }
}

test('a reference of another workspace names no send', async (t) => {
  const { app, take, about, send, row } = await start(t);
  const mail = await send('email');
  await take(about(mail, 'opened', { send: { ...mail, workspaceId: app.workspaceId + 1 } }));
  assert.equal(await row(mail), null);
});

test('an unknown kind is kept and changes nothing', async (t) => {
  const { take, about, send, row, outcomes } = await start(t);
  const mail = await send('email');
  await take(about(mail, 'unknown', { code: 'odd', detail: { event: 'group_shuffle' } }));
  assert.equal(await row(mail), null);
  assert.deepEqual(await outcomes(), ['no_effect']);
});

test('hostile texts are kept in a form that PostgreSQL takes', async (t) => {
  const { app, take, about, send } = await start(t);
  const mail = await send('email');
  const odd = 'a\0b\ud800 "quoted" {c}\\';
  const texts = {
    code: odd,
    text: odd.repeat(1_000),
    providerMessageId: odd,
    provider: odd,
    eventId: odd.repeat(1_000),
  };
  const event = about(mail, 'failed', { ...texts, address: odd, permanent: true, detail: { [odd]: odd } });
  assert.deepEqual(await take(event, { ...event, eventId: 'x', detail: { long: 'x'.repeat(10_000) } }), {
    taken: 2,
    repeated: 0,
  });
  const rows = await app.db.query<{ outcome: string; detail: string }>(sql`
    select outcome, detail::text as detail from feedback_events order by event_id`);
  assert.deepEqual(
    rows.map(({ outcome }) => outcome),
    ['applied', 'applied'],
  );
  assert.ok(rows.some(({ detail }) => detail === '{"left_out":"more than 8 KiB"}'));
});

test('another process applies what this one took in', async (t) => {
  const relay = await startMailServer(t);
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`email: { smtp: { url: "${relay.url}" } }`);
  await takeFeedback(app.app, app.workspaceId, [
    {
      ...{ eventId: 'e', kind: 'unknown', occurredAt: app.clock.now(), provider: 'acme', channel: 'email', send: null },
      ...{ providerMessageId: null, address: null, code: null, text: null, detail: {} },
    },
  ]);
  await app.startAnotherWorker();
  await app.drain();
  const { outcome } = await app.db.one<{ outcome: string }>(sql`select outcome from feedback_events`);
  assert.equal(outcome, 'no_effect');
});

test('what came back is shown with the recipients of a dispatch, with a person, and in the statistics', async (t) => {
  const { app, dispatchId, take, about, send } = await start(t);
  const [mail, text, bobs] = [await send('email'), await send('sms'), await send('email', 'bob')];
  await take(about(mail, 'opened'), about(mail, 'clicked'), about(mail, 'opened', { bot: 'apple' }));
  await take(about(text, 'failed', { code: '30006', text: 'Landline' }), about(bobs, 'bounced', { code: '5.1.1' }));
  await take(about(bobs, 'complained'));
  const { body } = await app.get(`/dispatches/${dispatchId}/recipients?external_id=ada`);
  const at = '2026-03-15T12:00:00.000Z';
  const shown = body.recipients.map((one: Record<string, unknown>) => one.feedback);
  const ofMail = { clicked_at: at, opened_at: at, delivered_at: at, opens: 1, machine_opens: 1, clicks: 1 };
  assert.deepEqual(shown, [ofMail, { failed_at: at, code: '30006', text: 'Landline' }]);
  const { body: person } = await app.get('/users/ada/messages');
  assert.deepEqual(
    person.messages.map((one: Record<string, unknown>) => one.feedback),
    shown,
  );
  const series = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
  const { email, sms } = series.body.data[0].messages;
  const none = { opens: 0, unique_opens: 0, clicks: 0, unique_clicks: 0, unsubscribes: 0 };
  assert.deepEqual(email, [
    {
      ...{
        variation_api_id: 'm',
        sent: 2,
        ...none,
        opens: 1,
        unique_opens: 1,
        clicks: 1,
        unique_clicks: 1,
        machine_opens: 1,
        bounces: 1,
      },
      ...{ delivered: 1, reported_spam: 1 },
    },
  ]);
  assert.deepEqual(sms, [
    {
      ...{
        variation_api_id: 't',
        sent: 2,
        sent_to_carrier: 2,
        delivered: 0,
        rejected: 1,
        delivery_failed: 0,
        clicks: 0,
      },
      ...{ opt_out: 0, help: 0 },
    },
  ]);
});

test('after its retention a send is gone with its feedback, its events go last, and a late event is kept without a send', async (t) => {
  const { app, take, about, send, outcomes } = await start(t);
  const { db, clock } = app;
  const log = pino({ level: 'silent' });
  const keep = () => keepHouse({ db, clock, log, retentionDays: 3 });
  const mail = await send('email');
  await take(about(mail, 'delivered'));
  clock.advance(2 * DAY_MS);
  await keep();
  await take(about(mail, 'opened'));
  clock.advance(2 * DAY_MS);
  await keep();
  const count = async (table: string) =>
    (await db.one<{ rows: number }>(sql`select count(*) as rows from ${raw(table)}`)).rows;
  assert.deepEqual([await count('sends'), await count('send_feedback')], [0, 0]);
  assert.equal(await count('feedback_events'), 2, 'the second came two days ago, and is of the same day');
  await take(about(mail, 'clicked'));
  assert.deepEqual(await outcomes(), ['applied', 'applied', 'no_send']);
  clock.advance(4 * DAY_MS);
  await keep();
  assert.equal(await count('feedback_events'), 0);
  assert.equal(await count('feedback_days'), 3, 'the numbers of the campaign stay');
});

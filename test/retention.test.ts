// Retention: what is deleted after its time, what is kept, and what is summed up first.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { raw, sql } from '../src/db/sql.ts';
import { isSqlstate } from '../src/db/sqlstates.ts';
import { keepHouse, startHousekeeping } from '../src/dispatch/upkeep/housekeeping.ts';
import { forgetFeedback } from '../src/feedback/forget.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { TestClock } from './support/clock.ts';

const CAMPAIGN = 'receipts';
const STRANGERS = '11111111-1111-4111-8111-111111111111';
const DAY_MS = 86_400_000;
const tables = ['dispatches', 'sends', 'refused_people', 'sandbox_messages', 'address_claims'];
const log = pino({ level: 'silent' });

interface World {
  app: TestApp;
  send(...names: string[]): Promise<string>;
  /** A dispatch that is paused after everybody got the message, although its state does not say so. */
  sendAndPause(name: string): Promise<string>;
  /** Runs housekeeping with two days of retention, this many days after the 15th. */
  runHousekeeping(daysLater: number): Promise<void>;
  /** The days that have a partition in all four tables. */
  days(): Promise<string[]>;
}

/** Starts on 15 March, when housekeeping has made partitions up to the 17th. */
async function start(t: TestContext): Promise<World> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
campaigns: [{ id: ${CAMPAIGN}, name: Receipts, kind: api, variations: [{ id: hook, channel: webhook }] }]
segments: [{ id: ${STRANGERS}, name: Strangers, filter: { received_campaign: { campaign_id: ${CAMPAIGN}, comparison: has_not } } }]`);
  await app.post('/users/track', { attributes: ['ada', 'bob'].map((external_id) => ({ external_id })) });
  const messages = { webhook: { url: 'https://example.test/', request_method: 'POST', message_variation_id: 'hook' } };
  async function send(...names: string[]): Promise<string> {
    const body = { external_user_ids: names, campaign_id: CAMPAIGN, messages };
    const reply = await app.post('/messages/send', body);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    await app.drain();
    return reply.body.dispatch_id;
  }
  return {
    app,
    send,
    async sendAndPause(name) {
      const id = await send(name);
      await app.db.run(sql`update dispatches set state = 'sending' where id = ${id}`);
      assert.equal((await app.post(`/dispatches/${id}/pause`, {})).status, 201);
      return id;
    },
    async runHousekeeping(daysLater) {
      await keepHouse({ db: app.db, clock: later(app, daysLater), log, retentionDays: 2 });
    },
    async days() {
      const rows = await app.db.query<{ day: string; parts: number }>(sql`
        select right(inhrelid::regclass::text, 2) as day, count(*) as parts
          from pg_inherits
         where inhparent = any(${tables}::regclass[]) and inhrelid::regclass::text ~ '_202603[0-9]{2}$'
         group by 1
         order by 1`);
      assert.ok(rows.every(({ parts }) => parts === tables.length));
      return rows.map(({ day }) => day);
    },
  };
}

/** A clock that is `days` ahead of the app's, which stands still. */
function later({ clock }: TestApp, days: number): TestClock {
  return new TestClock(new Date(clock.now().getTime() + days * DAY_MS).toISOString());
}

test('a day is dropped when its time is over, and the facts that only its sends held are kept', async (t) => {
  const { app, send, runHousekeeping, days } = await start(t);
  const id = await send('ada');
  await runHousekeeping(2);
  assert.deepEqual(await days(), ['15', '16', '17', '18', '19'], 'two whole days are kept, and room is made ahead');
  assert.equal((await app.get(`/dispatches/${id}`)).status, 200);

  await runHousekeeping(3);
  assert.deepEqual(await days(), ['16', '17', '18', '19', '20']);
  assert.equal((await app.get(`/dispatches/${id}`)).status, 404);
  assert.deepEqual((await app.get('/sandbox/messages')).body.messages, []);
  const totals = await app.db.query(sql`
    select day::text, campaign_id, channel, status, reason, sends, attempts from send_totals`);
  const counted = { day: '2026-03-15', campaign_id: CAMPAIGN, channel: 'webhook', reason: '', sends: 1, attempts: 1 };
  assert.deepEqual(totals, [{ ...counted, status: 'sent' }]);
});

test('who received a campaign is still known after the sends are gone, in SQL, in memory and in an export', async (t) => {
  const { app, send, runHousekeeping } = await start(t);
  await send('ada');
  await runHousekeeping(3);
  assert.equal((await app.db.one<{ left: number }>(sql`select count(*) as left from sends`)).left, 0);
  const preview = await app.post('/audience/preview', { segment_id: STRANGERS });
  assert.equal(preview.body.count, 1, JSON.stringify(preview.body));
  for (const [external_id, isStranger] of [
    ['ada', false],
    ['bob', true],
  ] as const) {
    const { body } = await app.post('/audience/explain', { segment_id: STRANGERS, external_id });
    assert.equal(body.targeted, isStranger, JSON.stringify(body));
  }
  const exported = await app.post('/users/export/ids', {
    external_ids: ['ada'],
    fields_to_export: ['campaigns_received'],
  });
  assert.deepEqual(
    exported.body.users[0].campaigns_received.map((one: Record<string, string>) => one.api_campaign_id),
    [CAMPAIGN],
  );
});

test('a deleted person is not stored again', async (t) => {
  const { app, send, runHousekeeping } = await start(t);
  await send('ada', 'bob');
  await app.post('/users/delete', { external_ids: ['ada'] });
  await runHousekeeping(3);
  const { people } = await app.db.one<{ people: number }>(sql`select count(*) as people from received_totals`);
  assert.equal(people, 1);
  await app.post('/users/delete', { external_ids: ['bob'] });
  assert.deepEqual(await app.db.query(sql`select 1 from received_totals`), []);
});

test('a day with an unfinished dispatch is kept completely until it has finished', async (t) => {
  const { app, send, sendAndPause, runHousekeeping, days } = await start(t);
  await send('ada');
  const open = await sendAndPause('bob');
  await runHousekeeping(5);
  assert.ok((await days()).includes('15'));
  await app.post(`/dispatches/${open}/resume`, {});
  await app.drain();
  await runHousekeeping(5);
  assert.ok(!(await days()).includes('15'));
  const { sends } = await app.db.one<{ sends: number }>(sql`select sum(sends)::integer as sends from send_totals`);
  assert.equal(sends, 2, 'each is counted once');
});

test('a send that was cancelled before it was tried counts as cancelled', async (t) => {
  const { app, send, runHousekeeping } = await start(t);
  const id = await send('ada');
  await app.db.run(sql`update dispatches set state = 'sending' where id = ${id}`);
  await app.db.run(sql`delete from sends`);
  await app.db.run(sql`
    insert into sends (bucket, dispatch_id, user_id, channel, updated_at)
    select bucket, ${id}, user_id, 'webhook', ${app.clock.now()} from profiles`);
  await app.post(`/dispatches/${id}/cancel`, {});
  await runHousekeeping(3);
  const totals = await app.db.query(sql`select status, reason, sends from send_totals`);
  assert.deepEqual(totals, [{ status: 'cancelled', reason: 'cancelled', sends: 2 }]);
});

test('days without a partition are deleted, too, unless something in them is unfinished', async (t) => {
  const { app, send, sendAndPause, runHousekeeping } = await start(t);
  for (const table of tables) await app.db.run(sql`${raw(`drop table ${table}_20260315`)}`);
  const gone = await send('ada');
  const open = await sendAndPause('bob');
  const { stray } = await app.db.one<{ stray: number }>(sql`select count(*) as stray from sends_default`);
  assert.equal(stray, 2);
  await runHousekeeping(3);
  assert.equal((await app.get(`/dispatches/${gone}`)).status, 200);
  await app.post(`/dispatches/${open}/resume`, {});
  await app.drain();
  await runHousekeeping(3);
  assert.equal((await app.get(`/dispatches/${gone}`)).status, 404);
  assert.deepEqual(await app.db.query(sql`select 1 from sends_default`), []);
  const { sends } = await app.db.one<{ sends: number }>(sql`select sum(sends)::integer as sends from send_totals`);
  assert.equal(sends, 2);
});

test('old cap slots and completed token removals are deleted, recent ones are kept', async (t) => {
  const { app, runHousekeeping } = await start(t);
  const ago = (days: number) => new Date(app.clock.now().getTime() - days * DAY_MS);
  for (const [userId, days] of [
    [1, 32],
    [2, 30],
  ] as const)
    await app.db.run(sql`
      insert into cap_slots (bucket, user_id, dispatch_id, channel, taken_at)
      values (1, ${userId}, first_dispatch_id(${ago(days)}), 'email', ${ago(days)})`);
  for (const [token, removed] of [
    ['old', ago(3)],
    ['young', ago(1)],
    ['suspect', null],
  ] as const)
    await app.db.run(sql`
      insert into token_removals (workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground, reason,
                                  dispatch_id, registered_at, suspected_at, removed_at)
      values (${app.workspaceId}, 'app', ${token}, 1, 1, 'ios', 'd', true, 'r', first_dispatch_id(${ago(9)}), ${ago(9)}, ${ago(9)}, ${removed})`);
  await runHousekeeping(0);
  assert.deepEqual(await app.db.query(sql`select user_id from cap_slots`), [{ user_id: 2 }]);
  const left = await app.db.query(sql`select token from token_removals order by token`);
  assert.deepEqual(left, [{ token: 'suspect' }, { token: 'young' }]);
});

test('servers that run housekeeping at the same time count each send once', async (t) => {
  const { app, send, runHousekeeping, days } = await start(t);
  await send('ada', 'bob');
  for (let more = true; more; more = (await days()).includes('15'))
    await Promise.all(Array.from({ length: 4 }, () => runHousekeeping(3)));
  const { sends } = await app.db.one<{ sends: number }>(sql`select sum(sends)::integer as sends from send_totals`);
  assert.equal(sends, 2);
});

test('servers that would drop the same day of feedback do not stumble over each other', async (t) => {
  const { app } = await start(t);
  const isThere = async () =>
    (await app.db.one<{ is: boolean }>(sql`select to_regclass('feedback_events_20260315') is not null as is`)).is;
  const letGo = Promise.withResolvers<void>();
  const reads = Promise.withResolvers<void>();
  const reading = app.db.transaction(async (tx) => {
    await tx.query(sql`select 1 from feedback_events_20260315 limit 1`);
    reads.resolve();
    await letGo.promise;
  });
  await reads.promise;
  const forget = () => forgetFeedback(app.db, new Date('2026-03-18T00:00:00Z'));
  const both = [forget(), forget()];
  const ended = Promise.race(both)
    .catch(() => undefined)
    .then(() => 'ended');
  for (let waiting = 0; waiting < 2; ) {
    const count = app.db.one<{ waiting: number }>(sql`
      select count(*) as waiting from pg_locks where relation = 'feedback_events_20260315'::regclass and not granted`);
    if ((await Promise.race([ended, count.then((one) => one.waiting)])) === 'ended') break;
    waiting = (await count).waiting;
  }
  letGo.resolve();
  await reading;
  for (const one of await Promise.allSettled(both)) {
    // On a slow machine it may give up, as when the table is busy.
    const isFine = one.status === 'fulfilled' || isSqlstate(one.reason, 'lock_not_available');
    assert.ok(isFine, one.status === 'rejected' ? String(one.reason) : '');
  }
  await forget();
  assert.equal(await isThere(), false);
});

test('housekeeping does not wait for a table that is in use, and retries a minute later', async (t) => {
  const { app, days } = await start(t);
  const done = Promise.withResolvers<void>();
  const reading = app.db.transaction(async (tx) => {
    await tx.query(sql`select 1 from sends limit 1`);
    await done.promise;
  });
  const clock = later(app, 3);
  const stop = await startHousekeeping({ db: app.db, clock, log, retentionDays: 2 });
  const whileRead = await days();
  done.resolve();
  await reading;
  assert.ok(whileRead.includes('15'));
  clock.advance(60_000);
  await stop();
  assert.deepEqual(await days(), ['16', '17', '18', '19', '20']);
});

test('a day with a schedule is kept until the schedule has fired and its own time is over', async (t) => {
  const { app, runHousekeeping, days } = await start(t);
  const webhook = { url: 'https://example.test/', request_method: 'POST' };
  const body = { external_user_ids: ['ada'], messages: { webhook }, schedule: { time: '2026-03-25T12:00:00Z' } };
  const { dispatch_id } = (await app.post('/messages/schedule/create', body)).body;
  await runHousekeeping(9);
  assert.ok((await days()).includes('15'), 'it waits');
  app.clock.advance(10 * DAY_MS);
  await app.drain();
  await runHousekeeping(1);
  assert.equal((await app.get(`/dispatches/${dispatch_id}`)).body.channels.webhook.sent, 1, 'it has just been sent');
  await runHousekeeping(3);
  assert.ok(!(await days()).includes('15'));
  assert.equal((await app.get(`/dispatches/${dispatch_id}`)).status, 404);
});

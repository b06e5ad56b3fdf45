// A round of a broadcast that fails while messages of it are pending.
import assert from 'node:assert/strict';
import test from 'node:test';
import { raw, sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { IOS, scriptedProvider, workspace } from './support/push-provider.ts';

const SEGMENT = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const PEOPLE = 900;

/** Stores people for one round of five chunks, with one task of one bucket, as an expansion leaves it. */
async function givenTask(app: TestApp, dispatchId: string): Promise<void> {
  await app.db.run(sql`
    with ids as (select n as user_id from generate_series(1, 300000) as n where bucket_of(n) = 7 limit ${PEOPLE}::integer),
    people as (
      insert into profiles (bucket, user_id, workspace_id, external_id)
      select 7, user_id, ${app.workspaceId}, 'c' || user_id from ids
      returning bucket, user_id, external_id
    ),
    devices as (
      insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
      select bucket, user_id, ${IOS}, external_id, 'ios', external_id from people
    )
    insert into sends (bucket, dispatch_id, user_id, channel, updated_at)
    select bucket, ${dispatchId}, user_id, 'apple_push', ${app.clock.now()} from people`);
  await app.db.run(sql`update tasks set kind = 'drain', bucket = 7`);
  await app.db.run(
    sql`update dispatches set state = 'sending', expanded_at = ${app.clock.now()}, targeted = ${PEOPLE}`,
  );
}

async function withStatus(app: TestApp, status: string): Promise<number> {
  const { count } = await app.db.one<{ count: number }>(sql`
    select count(*) as count from sends where status = ${status}::send_status`);
  return count;
}

async function until(app: TestApp, isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await isSo()); looks += 1) assert.ok(looks < 1_000, `it never came: ${await states(app)}`);
}

const states = async (app: TestApp) =>
  JSON.stringify(await app.db.query(sql`select status, count(*) as count from sends group by 1`));

const rename = (app: TestApp, from: string, to: string) =>
  app.db.run(sql`${raw(`alter table ${from} rename to ${to}`)}`);

test('if facts cannot be read, pending deliveries finish before the task is retried, so that nobody gets two', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`${workspace()}
segments:
  - { id: ${SEGMENT}, name: Everybody, filter: null }
`);
  const messages = { apple_push: { alert: { title: 'Hi', body: 'Hello' } } };
  const { body } = await app.post('/messages/send', { broadcast: true, segment_id: SEGMENT, messages });
  assert.equal(body.message, 'success', JSON.stringify(body));
  await givenTask(app, body.dispatch_id);
  const provider = scriptedProvider();
  const first = provider.hold();
  await app.startAnotherWorker({ lanes: ['broadcast'], pushSenders: provider.senders });
  // Two chunks are under way. The facts of a third are read, and it waits for a free place.
  await until(app, async () => (await withStatus(app, 'sending')) >= 400);
  await rename(app, 'push_targets', 'gone');
  const second = provider.called(210).then(() => provider.hold());
  first.release();
  const held = await second;
  await until(app, async () => (await withStatus(app, 'sent')) >= 150);
  await rename(app, 'gone', 'push_targets');
  // Reading the facts of the fourth chunk has failed. A worker that would retry the task does so within this time.
  for (let tenths = 0; tenths < 100; tenths += 1) {
    app.clock.advance(100);
    await app.db.query(sql`select 1`);
  }
  held.release();
  for (let looks = 0; (await app.get(`/dispatches/${body.dispatch_id}`)).body.state !== 'finished'; looks += 1) {
    assert.ok(looks < 2_000, 'it does not go on');
    app.clock.advance(1_000);
  }
  assert.equal(new Set(provider.calls.map(({ token }) => token)).size, PEOPLE);
  assert.equal(provider.calls.length, PEOPLE, 'somebody got it twice');
});

// What is wrong can be seen from outside: one request names each fault within ten seconds, and no longer once it is mended.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import test, { type TestContext } from 'node:test';
import type { App } from '../src/app.ts';
import { raw, sql } from '../src/db/sql.ts';
import { type ApnsKey, type ApnsSimulator, makeApnsKey, startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { type FcmSimulator, startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { nameFor } from '../src/simulate/target-names.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type LoginRelay, startLoginRelay } from './support/login-relay.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
const MOST_SECONDS = 10;
/** Requests in each second of the moved clock, because what happens there takes real time. */
const LOOKS_A_SECOND = 100;

interface World {
  app: TestApp;
  apns: ApnsSimulator;
  fcm: FcmSimulator;
  relay: LoginRelay;
  worker: App;
}

async function start(t: TestContext): Promise<World> {
  const app = await startTestApp(t, { worker: false });
  const apns = await startApnsSimulator({ clock: app.clock });
  const fcm = await startFcmSimulator({ clock: app.clock });
  for (const simulator of [apns, fcm]) t.after(() => simulator.stop());
  const relay = await startLoginRelay(t, 'secret');
  const world = { app, apns, fcm, relay, worker: await app.startAnotherWorker() };
  await givenKey(world, goodKey(world));
  const quota = nameFor('quota_exceeded', 1, { times: 1 });
  await app.post('/users/track', {
    attributes: [
      {
        external_id: 'ada',
        email: 'ada@example.test',
        push_tokens: [
          { app_id: IOS, token: 'a'.repeat(64) },
          { app_id: ANDROID, token: quota },
        ],
      },
    ],
  });
  return world;
}

function goodKey({ apns }: Pick<World, 'apns'>): ApnsKey {
  const [key] = apns.keys;
  assert.ok(key);
  return key;
}

function givenKey({ app, apns, fcm, relay }: World, { teamId, keyId, key }: ApnsKey): Promise<void> {
  const keyed = { team_id: teamId, key_id: keyId, key, topic: 'com.acme.app', base_url: apns.url };
  const account = { service_account: JSON.stringify(fcm.serviceAccount), base_url: fcm.url };
  return app.givenWorkspace(
    JSON.stringify({
      apps: [
        { id: IOS, name: 'iPhone', platform: 'ios', apns: keyed },
        { id: ANDROID, name: 'Android', platform: 'android', fcm: account },
      ],
      email: { default_from: 'a@acme.test', smtp: { name: 'main', url: relay.url('secret') } },
    }),
  );
}

const messages = {
  email: { app_id: IOS, subject: 'Hi', body: '<p>Hi</p>' },
  apple_push: { alert: { title: 'Hi', body: 'Hello' } },
  android_push: { title: 'Hi', alert: 'Hello' },
};

/** Sends to one channel. Returns the dispatch id. */
async function send({ app }: World, channel: keyof typeof messages): Promise<string> {
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { [channel]: messages[channel] },
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body.dispatch_id;
}

async function setReadOnly({ app }: World, statement: string): Promise<void> {
  const { name } = await app.db.one<{ name: string }>(sql`select current_database() as name`);
  await app.db.transaction(async (tx) => {
    await tx.run(sql`set transaction read write`);
    await tx.run(sql`${raw(`alter database ${name} ${statement}`)}`);
  });
}

interface Fault {
  name: string;
  /** What `GET /status` says among its problems. */
  problem: RegExp;
  begin(world: World): Promise<unknown>;
  end(world: World): Promise<unknown>;
  /** Another request that names it, and the text that its answer has. */
  also?: { path: string; text: RegExp };
}

const faults: Fault[] = [
  {
    name: 'no worker is running',
    problem: /^no worker of the lane "named" is running: what is accepted waits$/,
    begin: ({ worker }) => worker.stop(),
    async end(world) {
      world.worker = await world.app.startAnotherWorker();
    },
  },
  {
    name: 'the mail relay is dead',
    problem:
      /^mail relay main does not answer \(127\.0\.0\.1:\d+: connect ECONNREFUSED 127\.0\.0\.1:\d+\); since 2026-[-T:.\dZ]+; 1 unfinished dispatch \(1 person\) waits for it$/,
    async begin(world) {
      await world.relay.close();
      await send(world, 'email');
    },
    end: ({ relay }) => relay.open(),
    also: { path: '/email/relays', text: /"host":"127\.0\.0\.1","port":\d+,"state":"paused","cause":"unreachable"/ },
  },
  {
    name: 'the key of a push provider is wrong',
    problem:
      /^app "[^"]+" \([\da-f-]{36}\): its provider does not accept our settings \(InvalidProviderToken\); since 2026-[-T:.\dZ]+; 1 unfinished dispatch \(1 person\) waits for it$/,
    async begin(world) {
      await givenKey(world, makeApnsKey(goodKey(world).teamId, 'WRONGKEY01'));
      await send(world, 'apple_push');
    },
    end: (world) => givenKey(world, goodKey(world)),
    also: { path: '/push/apps', text: /"state":"paused","cause":"config_error","reason":"InvalidProviderToken"/ },
  },
  {
    name: 'the quota of FCM is used up',
    problem:
      /^app "[^"]+" \([\da-f-]{36}\): its provider wants no more messages for a while \(QUOTA_EXCEEDED, until 2026-03-15T12:\d\d:\d\d/,
    begin: (world) => send(world, 'android_push'),
    async end({ app }) {
      app.clock.advance(60_000); // the quota is per minute
    },
    also: { path: '/push/apps', text: /"state":"paused","cause":"slow_down","reason":"QUOTA_EXCEEDED"/ },
  },
  {
    name: 'the database is read-only',
    problem: /^the database is read-only: what writes is refused or waits$/,
    async begin(world) {
      await setReadOnly(world, 'set default_transaction_read_only = on');
      const ended = world.app.db.query(sql`
        select pg_terminate_backend(pid)
          from pg_stat_activity
         where datname = current_database()
         order by pid = pg_backend_pid()`);
      await assert.rejects(ended);
    },
    end: (world) => setReadOnly(world, 'reset default_transaction_read_only'),
    also: { path: '/health', text: /"state":"refuses_writes","reason":"read_only"/ },
  },
];

/** Asks until `isSo`, while at most ten seconds pass. Returns how many. */
async function secondsUntil({ app }: World, isSo: (problems: string[]) => boolean): Promise<number> {
  let problems: string[] = [];
  for (let seconds = 0; seconds <= MOST_SECONDS; seconds += 1) {
    for (let looks = 0; looks < LOOKS_A_SECOND; looks += 1) {
      const { status, body } = await app.get('/status');
      problems = body.problems ?? [];
      if (status === 200 && isSo(problems)) return seconds;
    }
    app.clock.advance(1_000);
  }
  return assert.fail(`not within ${MOST_SECONDS} s: ${JSON.stringify(problems)}`);
}

test('one request names each fault within ten seconds, and forgets it within ten seconds after', async (t) => {
  const world = await start(t);
  await secondsUntil(world, (problems) => problems.length === 0);
  for (const { name, problem, begin, end, also } of faults)
    await t.test(name, async (t) => {
      await begin(world);
      const named = await secondsUntil(world, (problems) => problems.some((one) => problem.test(one)));
      if (also !== undefined) {
        const { body } = await world.app.get(also.path);
        assert.match(JSON.stringify(body), also.text);
      }
      await end(world);
      const cleared = await secondsUntil(world, (problems) => problems.length === 0);
      t.diagnostic(`named after ${named} s, forgotten after ${cleared} s`);
    });
});

test('a push that waits for the end of a quota says why and until when, and goes out then', async (t) => {
  const world = await start(t);
  const { app } = world;
  await send(world, 'android_push');
  await secondsUntil(world, (problems) => problems.length === 1);
  const second = await send(world, 'android_push');
  await app.drain();
  const verdict = async () => (await app.get(`/dispatches/${second}/recipients`)).body.recipients[0];
  const { next_probe_at: until } = (await app.get('/push/apps')).body.apps[1];
  const { status, attempts, detail, next_attempt_at: next } = await verdict();
  assert.deepEqual([status, attempts, next], ['pending', 0, until]);
  assert.match(
    detail,
    /^app "Android" \(\S+\): its provider wants no more messages for a while \(QUOTA_EXCEEDED, until /,
  );
  app.clock.advance(60_000);
  await secondsUntil(world, (problems) => problems.length === 0);
  for (let turns = 0; (await verdict()).status !== 'sent'; turns += 1) {
    assert.ok(turns < 1_000, JSON.stringify(await verdict()));
    await app.drain();
  }
});

test('the status shows the workers, what they hold, and how long the queue is', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const webhook = { url: 'https://example.test/', request_method: 'POST', body: {} };
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  app.clock.advance(42_000);
  const { body } = await app.get('/status');
  assert.deepEqual(body.workers, []);
  assert.deepEqual(body.queue, {
    named: { tasks: 1, oldest_waiting_s: 42, most_tasks: null, longest_wait_s: null },
    broadcast: { tasks: 0, oldest_waiting_s: 0, most_tasks: null, longest_wait_s: null },
  });
  assert.equal(body.problems.length, 2);
  await app.startAnotherWorker({ lanes: ['named'] });
  await app.drain();
  const after = (await app.get('/status')).body;
  assert.equal(after.queue.named.tasks, 0);
  assert.deepEqual(after.problems, ['no worker of the lane "broadcast" is running: what is accepted waits']);
  const [worker] = after.workers;
  assert.deepEqual([after.workers.length, worker.lanes, worker.tasks_in_hand], [1, ['named'], 0]);
  const { host, process_id: processId, version } = worker;
  assert.deepEqual([host, processId, version], [hostname(), process.pid, '0.1.0']);
  assert.ok(Date.parse(worker.started_at) <= Date.now());
  const seen = async () => Date.parse((await app.get('/status')).body.workers[0].last_seen_at);
  const before = await seen();
  app.clock.advance(2_500);
  for (let turns = 0; (await seen()) <= before; turns += 1) assert.ok(turns < 500, 'it gave no sign of life');
});

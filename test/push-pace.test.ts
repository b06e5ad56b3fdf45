// The calls of all workers together keep a provider's quota. Requests come in over HTTP, and a sender counts the calls.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { raw, sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { serviceAccount } from './support/google.ts';
import { apns, givenCrowd, IOS, type ScriptedProvider, scriptedProvider, workspace } from './support/push-provider.ts';

const SECOND = 1_000;
const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const everybody = `segments:\n  - { id: ${EVERYBODY}, name: Everybody, filter: null }
rate_limits:\n  broadcast_per_audience: 1000000000\n`;
const [RED, BLUE, GREEN] = ['21', '22', '23'].map((end) => `0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a${end}`);
const messages = {
  ios: { apple_push: { alert: { title: 'Hi', body: 'Hello' } } },
  android: { android_push: { title: 'Hi', alert: 'Hello' } },
};

/** Starts a server and another worker, each with its own provider. */
async function start(t: TestContext, yaml: string) {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`${yaml}${everybody}`);
  async function worker(...lanes: ('named' | 'broadcast')[]): Promise<ScriptedProvider> {
    const provider = scriptedProvider();
    await app.startAnotherWorker({ lanes, pushSenders: provider.senders });
    return provider;
  }
  return { app, worker };
}

async function send(app: TestApp, to: object, platform: 'ios' | 'android' = 'ios'): Promise<string> {
  const { body } = await app.post('/messages/send', { ...to, messages: messages[platform] });
  assert.equal(body.message, 'success', JSON.stringify(body));
  return body.dispatch_id;
}

const broadcast = { broadcast: true, segment_id: EVERYBODY };

/** Checks again and again. Each check asks the database, so that others' queries can proceed. */
async function until(app: TestApp, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await isSo()); turns += 1) {
    assert.ok(turns < 5_000, 'it never came');
    await app.db.query(sql`select 1`);
  }
}

const called = (...providers: ScriptedProvider[]) => providers.reduce((sum, { calls }) => sum + calls.length, 0);

/** Expects exactly `perSecond` more calls for every second that passes. */
async function expectPace(app: TestApp, providers: ScriptedProvider[], perSecond: number, seconds: number) {
  const before = called(...providers);
  for (let step = 1; step <= seconds * 4; step += 1) {
    app.clock.advance(SECOND / 4);
    const expected = before + Math.floor((step / 4) * perSecond);
    await until(app, () => called(...providers) >= expected);
    assert.equal(called(...providers), expected);
  }
}

test('workers keep one quota together, and use all of it', async (t) => {
  const { app, worker } = await start(t, workspace(apns('K1', { calls_per_minute: 600 })));
  await givenCrowd(app, 40);
  const one = await worker('broadcast');
  for (let count = 0; count < 4; count += 1) await send(app, broadcast);
  await until(app, () => called(one) === 10); // the unused part of the last second
  await expectPace(app, [one], 10, 2);
  const other = await worker('broadcast');
  // Chance decides which worker gets a broadcast. Sooner or later both have some.
  for (let seconds = 0; seconds < 40 && called(other) <= 20; seconds += 1) {
    await send(app, broadcast);
    await expectPace(app, [one, other], 10, 1);
  }
  assert.ok(called(one) > 30 && called(other) > 20, `${called(one)} and ${called(other)} calls`);
});

test('a message to one person goes out at once while a broadcast is at the limit, and the broadcast gives way', async (t) => {
  const { app, worker } = await start(t, workspace(apns('K1', { calls_per_minute: 60 })));
  await givenCrowd(app, 20);
  const external_user_ids = ['ada'];
  const ada = { external_id: 'ada', push_tokens: [{ app_id: IOS, token: 'ada' }] };
  await app.post('/users/track', { attributes: [ada] });
  const broadcasts = await worker('broadcast');
  const named = await worker('named');
  await send(app, broadcast);
  await broadcasts.called(1);
  await send(app, { external_user_ids });
  await named.called(1);
  await send(app, { external_user_ids });
  await named.called(2);
  await send(app, { external_user_ids });
  app.clock.advance(SECOND);
  await named.called(3); // the named messages alone exceeded the quota
  for (let step = 0; step < 5; step += 1) {
    app.clock.advance(SECOND / 2);
    await app.db.query(sql`select pg_sleep(0)`);
    assert.equal(called(broadcasts), 1);
  }
  app.clock.advance(SECOND / 2);
  await broadcasts.called(2);
});

test('apps of one Google project share its quota; another project has its own', async (t) => {
  const fcm = (project_id: string) =>
    JSON.stringify({ service_account: JSON.stringify({ ...serviceAccount, project_id }), calls_per_minute: 600 });
  const apps = [
    `{ id: ${RED}, name: Red, platform: android, fcm: ${fcm('acme-1')} }`,
    `{ id: ${BLUE}, name: Blue, platform: android, fcm: ${fcm('acme-1')} }`,
    `{ id: ${GREEN}, name: Green, platform: android, fcm: ${fcm('acme-2')} }`,
  ];
  const { app, worker } = await start(t, `apps:\n${apps.map((one) => `  - ${one}\n`).join('')}`);
  for (const id of [RED, BLUE, GREEN]) await givenCrowd(app, id === GREEN ? 10 : 30, id, 'android');
  const provider = await worker('broadcast');
  await send(app, broadcast, 'android');
  const of = (...ids: (string | undefined)[]) =>
    provider.calls.filter(({ token }) => ids.some((id) => token.startsWith(id ?? '?'))).length;
  await until(app, () => of(GREEN) === 10 && of(RED, BLUE) === 10);
  for (let second = 1; second <= 4; second += 1) {
    app.clock.advance(SECOND);
    await until(app, () => of(RED, BLUE) >= 10 + second * 10);
    assert.equal(of(RED, BLUE), 10 + second * 10);
  }
  assert.ok(of(RED) > 0 && of(BLUE) > 0);
});

test('while the quota cannot be counted no call is made; calls resume by themselves, and stopping does not wait', async (t) => {
  const { app, worker } = await start(t, workspace(apns('K1', { calls_per_minute: 6_000 })));
  await givenCrowd(app, 5);
  const rename = (from: string, to: string) => app.db.run(sql`${raw(`alter table ${from} rename to ${to}`)}`);
  await rename('call_quotas', 'gone');
  const provider = await worker('broadcast');
  const id = await send(app, broadcast);
  await until(app, async () => (await app.db.query(sql`select 1 from sends where status = 'sending'`)).length === 5);
  for (let tries = 0; tries < 20; tries += 1) {
    app.clock.advance(100);
    await app.db.query(sql`select 1`);
  }
  assert.equal(called(provider), 0);
  await rename('gone', 'call_quotas');
  await until(app, async () => {
    app.clock.advance(SECOND);
    return (await app.get(`/dispatches/${id}`)).body.state === 'finished';
  });
  assert.equal(called(provider), 5);
  // Now the test ends, although calls still wait.
  await rename('call_quotas', 'gone');
  app.clock.advance(60 * SECOND);
  await send(app, broadcast);
  await until(app, async () => (await app.db.query(sql`select 1 from sends where status = 'sending'`)).length === 5);
});

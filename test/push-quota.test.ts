// A provider whose quota is used up: the app rests, no message loses an attempt, and a rest that is over is no problem.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { readFaults } from '../src/simulate/faults.ts';
import { type FcmSimulator, startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenOperator } from './support/console/console.ts';

const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
const MINUTE = 60_000;
const android_push = { title: 'Hi', alert: 'Hello' };
const people = ['ada', 'bob', 'eve'];
const quotaUsedUp = readFaults({ fault: ['quota_exceeded:100%'] });

async function start(t: TestContext): Promise<{ app: TestApp; fcm: FcmSimulator }> {
  const app = await startTestApp(t);
  const fcm = await startFcmSimulator({ clock: app.clock });
  t.after(() => fcm.stop());
  const account = { service_account: JSON.stringify(fcm.serviceAccount), base_url: fcm.url };
  await app.givenWorkspace(
    JSON.stringify({ apps: [{ id: ANDROID, name: 'Android', platform: 'android', fcm: account }] }),
  );
  await app.post('/users/track', {
    attributes: people.map((external_id) => ({
      external_id,
      push_tokens: [{ app_id: ANDROID, token: `token-of-${external_id}` }],
    })),
  });
  return { app, fcm };
}

async function send(app: TestApp, names: readonly string[], more: object = {}): Promise<string> {
  const messages = { android_push: { ...android_push, ...more } };
  const { status, body } = await app.post('/messages/send', { external_user_ids: names, messages });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  return body.dispatch_id;
}

const verdicts = async (app: TestApp, id: string) =>
  (await app.get(`/dispatches/${id}/recipients`)).body.recipients as { status: string; attempts: number }[];

test('a quota that is used up for an hour costs no message an attempt, and makes one call a minute', async (t) => {
  const { app, fcm } = await start(t);
  fcm.setFaults(quotaUsedUp);
  const long = await send(app, people);
  const short = await send(app, ['ada'], { time_to_live: 30 * 60 });
  for (let minute = 0; minute < 60; minute += 1) {
    const before = fcm.counts().requests;
    app.clock.advance(MINUTE);
    await app.drain();
    assert.ok(fcm.counts().requests - before <= 2, `${fcm.counts().requests - before} calls in minute ${minute}`);
  }
  for (const { status, attempts } of await verdicts(app, long)) assert.deepEqual([status, attempts], ['pending', 0]);
  assert.deepEqual(
    (await verdicts(app, short)).map(({ status, attempts }) => [status, attempts]),
    [['expired', 0]],
    'only its expiry ends a message',
  );
  fcm.setFaults(readFaults({}));
  for (let step = 0; (await verdicts(app, long)).some(({ status }) => status !== 'sent'); step += 1) {
    assert.ok(step < 5, JSON.stringify(await verdicts(app, long)));
    app.clock.advance(MINUTE);
    await app.drain();
  }
  assert.deepEqual(
    (await verdicts(app, long)).map(({ attempts }) => attempts),
    [1, 1, 1],
  );
});

test('a rest that is over is no problem any more, although nothing has been sent since', async (t) => {
  const { app, fcm } = await start(t);
  const viewer = await givenOperator(app, 'viewer');
  fcm.setFaults(quotaUsedUp);
  const id = await send(app, ['ada']);
  const looks = async () => {
    const [shown] = (await app.get('/push/apps')).body.apps;
    const { problems } = (await app.get('/status')).body;
    const metrics = String((await app.get('/metrics')).body);
    const { troubles } = (await viewer.call('GET', 'troubles')).body;
    return {
      state: shown.state,
      problems: problems.length,
      troubles: troubles.length,
      gauge: /^cresset_breaker_open\{[^}]*Android[^}]*\} (\d)$/m.exec(metrics)?.[1],
    };
  };
  assert.deepEqual(await looks(), { state: 'paused', problems: 1, troubles: 1, gauge: '1' });
  await app.post(`/dispatches/${id}/cancel`, {});
  await app.drain();
  app.clock.advance(59_000);
  assert.equal((await looks()).state, 'paused');
  app.clock.advance(1_000);
  assert.deepEqual(await looks(), { state: 'open', problems: 0, troubles: 0, gauge: '0' });
  // The first message is the one call that tests whether the provider takes messages again.
  const before = fcm.counts().requests;
  await send(app, people);
  assert.equal(fcm.counts().requests, before + 1);
  assert.equal((await looks()).state, 'paused');
});

// The pace of an app's queue: as the provider and the workspace file demand, without delaying anything else.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  broadcast,
  counts,
  crowd,
  EVERYBODY,
  everybody,
  SECOND,
  startPushApp as start,
  state,
  until,
} from './support/push-app.ts';
import { apns, workspace } from './support/push-provider.ts';

test('a provider that tells the whole app to wait gets no calls for that long', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 50);
  provider.answer(
    'c1',
    { kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: 30 * SECOND, slows: 'account' },
    {
      kind: 'accepted',
      providerId: null,
    },
  );
  const id = await broadcast(app);
  await until(async () => {
    await app.drain();
    return provider.calls.some(({ token }) => token === 'c1');
  });
  await app.drain();
  const before = provider.calls.length;
  app.clock.advance(20 * SECOND);
  await app.drain();
  assert.equal(provider.calls.length, before);
  app.clock.advance(11 * SECOND);
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  assert.deepEqual(await counts(app, id), {
    recipients: 50,
    attempts: 50,
    attempts_failed: 0,
    attempts_in_flight: 0,
    sent: 50,
  });
});

test('a provider that does not answer gets fewer and fewer calls, and waiting sends lose no attempt', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 300);
  const warm = await broadcast(app);
  await until(async () => {
    await app.drain();
    return (await state(app, warm)) === 'finished';
  });
  const warmed = provider.calls.length;
  provider.usually(() => ({ kind: 'retry', reason: 'timeout', afterMs: 600_000 }));
  const id = await broadcast(app);
  await app.drain();
  await app.drain();
  const asked = provider.calls.length - warmed;
  const { pending, attempts } = await counts(app, id);
  assert.equal(pending, 300);
  assert.equal(attempts, asked, 'only calls are attempts');
  provider.usually(({ token }) => ({ kind: 'accepted', providerId: token }));
  await until(async () => {
    app.clock.advance(11 * SECOND);
    await app.drain();
    return (await counts(app, id)).sent === 300;
  });
});

test('calls keep to the pace that the workspace file sets', async (t) => {
  const { app, provider } = await start(t, `${workspace(apns('K1', { calls_per_minute: 60 }))}${everybody}`);
  await crowd(app, 5);
  const id = await broadcast(app);
  await provider.called(1);
  for (let second = 1; second < 5; second += 1) {
    app.clock.advance(500);
    assert.equal(provider.calls.length, second);
    app.clock.advance(500);
    await provider.called(second + 1);
  }
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
});

test('an app with a low quota does not delay a broadcast over another channel', async (t) => {
  const { app, provider } = await start(t, `${workspace(apns('K1', { calls_per_minute: 1 }))}${everybody}`);
  await crowd(app, 900);
  const slow = await broadcast(app);
  await provider.called(1);
  const webhook = { url: 'https://example.com/', request_method: 'POST' };
  const { body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY, messages: { webhook } },
  });
  await until(async () => (await state(app, body.dispatch_id)) === 'finished');
  assert.deepEqual([provider.calls.length, await state(app, slow)], [1, 'sending']);
});

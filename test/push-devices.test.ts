// Pushes to people with several devices: one send, one call for each device, one verdict.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import type { PushOutcome } from '../src/channels/push/sender.ts';
import { sql } from '../src/db/sql.ts';
import {
  given,
  push,
  SECOND,
  send,
  startPushApp as start,
  state,
  tokens,
  until,
  untilRetry,
  verdict,
} from './support/push-app.ts';
import { apns, IPAD, SANDBOXED, workspace } from './support/push-provider.ts';

test('several devices of several apps are one send, with a call for each; an app without a provider gets the sandbox', async (t) => {
  const yaml = `${workspace()}  - { id: ${IPAD}, name: iPad, platform: ios, apns: ${apns('K2')} }
  - { id: ${SANDBOXED}, name: Watch, platform: ios }\n`;
  const { app, provider } = await start(t, yaml);
  await given(app, 'ada', 't1', 't2', { app_id: IPAD, token: 't3' }, { app_id: SANDBOXED, token: 't4' });
  provider.answer('t1', { kind: 'bounced', reason: 'Unregistered', token: 'remove' });
  const id = await send(app, 'ada');
  const found = await verdict(app, id);
  assert.deepEqual([found.status, found.attempts], ['sent', 4]);
  assert.deepEqual(provider.calls.map(({ token, keyId }) => `${token} ${keyId}`).sort(), ['t1 K1', 't2 K1', 't3 K2']);
  assert.equal(new Set(provider.calls.map(({ pushId }) => pushId)).size, 3);
  assert.deepEqual(await tokens(app), ['t2', 't3', 't4']);
  const { channels } = (await app.get(`/dispatches/${id}`)).body;
  assert.deepEqual(channels.apple_push, {
    recipients: 1,
    attempts: 4,
    attempts_failed: 1,
    attempts_in_flight: 0,
    sent: 1,
  });
  assert.equal((await app.get(`/sandbox/messages?dispatch_id=${id}`)).body.messages.length, 1);
  const { uninstalls } = await app.db.one<{ uninstalls: number }>(
    sql`select count(*) as uninstalls from app_uninstalls`,
  );
  assert.equal(uninstalls, 0, 'the app is still on the other device');
});

test('only the most recently used device is called if the message says so, and a retry calls the same one', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1', 't2');
  await app.db.run(sql`update push_targets set last_used_at = now() where token = 't1'`);
  provider.answer('t1', { kind: 'retry', reason: 'InternalServerError' }, { kind: 'accepted', providerId: null });
  const id = await send(app, 'ada', { ...push, send_to_most_recent_device_only: true });
  await app.db.run(sql`update push_targets set last_used_at = now() + interval '1 hour' where token = 't2'`);
  await untilRetry(app, id);
  assert.deepEqual(
    provider.calls.map(({ token }) => token),
    ['t1', 't1'],
  );
  assert.equal((await verdict(app, id)).status, 'sent');
});

const answers: Record<string, PushOutcome> = {
  sent: { kind: 'accepted', providerId: null },
  unknown: { kind: 'unknown', reason: 'u' },
  refused: { kind: 'failed', reason: 'f' },
  expired: { kind: 'expired' },
  bounced: { kind: 'bounced', reason: 'b', token: 'keep' },
  later: { kind: 'retry', reason: 'r' },
};
/** The rule for the verdict: the best answer in this order, or pending while a device waits for a retry. */
const order = ['sent', 'unknown', 'refused', 'gave_up', 'expired', 'bounced'];
const statusOf: Record<string, string> = {
  ...{ sent: 'sent', unknown: 'unknown', refused: 'failed', gave_up: 'failed', expired: 'expired', bounced: 'bounced' },
};

test('any combination of answers from one to four devices gives the verdict of the rule', async (t) => {
  const { app, provider } = await start(t);
  let count = 0;
  const kinds = fc.array(fc.constantFrom(...Object.keys(answers)), { minLength: 1, maxLength: 4 });
  const people = fc.sample(fc.tuple(kinds, fc.constantFrom('sent', 'later')), { numRuns: 60, seed: 7 });
  const cases = people.map(([devices, second], index) => ({ name: `p${index}`, devices, second, calls: 0 }));
  const lastAnswer: PushOutcome = { kind: 'retry', reason: 'r' };
  for (const { name, devices, second } of cases) {
    const names = devices.map((_, index) => `${name}-${index}`);
    await given(app, name, ...names);
    for (const [index, kind] of devices.entries()) {
      const first = answers[kind];
      if (first === undefined) throw new Error(kind);
      const then = second === 'sent' ? answers.sent : lastAnswer;
      provider.answer(`${name}-${index}`, first, ...(kind === 'later' && then ? [then] : []));
    }
    count += devices.length;
  }
  const messages = { apple_push: push };
  const ids: string[] = [];
  for (let at = 0; at < cases.length; at += 50) {
    const external_user_ids = cases.slice(at, at + 50).map(({ name }) => name);
    ids.push((await app.post('/messages/send', { external_user_ids, messages })).body.dispatch_id);
  }
  await app.drain();
  assert.equal(provider.calls.length, count, 'one call for each device');
  const all = async () =>
    new Map<string, { status: string; attempts: number }>(
      (await Promise.all(ids.map((id) => app.get(`/dispatches/${id}/recipients`)))).flatMap(({ body }) =>
        body.recipients.map((one: { external_id: string }) => [one.external_id, one]),
      ),
    );
  const early = await all();
  for (const { name, devices } of cases) {
    const best = order.find((kind) => devices.includes(kind)) ?? '';
    const expected = devices.includes('later') ? 'pending' : statusOf[best];
    // A push that had expired before the call is not an attempt.
    const attempts = devices.filter((kind) => kind !== 'expired').length;
    assert.deepEqual([early.get(name)?.status, early.get(name)?.attempts], [expected, attempts], `${name} ${devices}`);
  }
  for (;;) {
    const { due } = await app.db.one<{ due: Date | null }>(sql`select min(run_at) as due from tasks`);
    if (due === null) break;
    app.clock.advance(Math.max(0, due.getTime() - app.clock.now().getTime()));
    await app.drain();
  }
  const late = await all();
  for (const { name, devices, second } of cases) {
    const final = devices.map((kind) => (kind !== 'later' ? kind : second === 'sent' ? 'sent' : 'gave_up'));
    const best = order.find((kind) => final.includes(kind)) ?? '';
    const retries = devices.filter((kind) => kind === 'later').length * (second === 'sent' ? 1 : 5);
    assert.deepEqual(
      [late.get(name)?.status, late.get(name)?.attempts],
      [statusOf[best], devices.filter((kind) => kind !== 'expired').length + retries],
      `${name} ${devices} then ${second}`,
    );
  }
  const called = Map.groupBy(provider.calls, ({ token }) => token);
  for (const { name, devices, second } of cases)
    for (const [index, kind] of devices.entries())
      assert.equal(called.get(`${name}-${index}`)?.length, kind !== 'later' ? 1 : second === 'sent' ? 2 : 6);
});

test('when a dispatch is cancelled, calls under way may still be sent, but nothing is retried', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  await given(app, 'bob', 't2');
  await given(app, 'cid', 't3', 't4');
  provider.answer('t2', { kind: 'retry', reason: 'InternalServerError' });
  provider.answer('t4', { kind: 'retry', reason: 'InternalServerError' });
  for (let count = 0; count < 4; count += 1) await send(app, 'ada'); // opens the window for four calls
  const calls = provider.calls.length;
  const held = provider.hold();
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada', 'bob', 'cid'],
    messages: { apple_push: push },
  });
  await provider.called(calls + 4);
  assert.equal((await app.post(`/dispatches/${body.dispatch_id}/cancel`, {})).status, 201);
  held.release();
  await app.drain();
  const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
  const states = recipients.map((one: Record<string, string>) => `${one.external_id} ${one.status}`).sort();
  assert.deepEqual(states, ['ada sent', 'bob cancelled', 'cid sent']);
});

for (const [delivery, expected] of [
  ['at_least_once', ['t1', 't2', 't2']],
  ['at_most_once', ['t1', 't2']],
] as const) {
  test(`${delivery}: a worker dies during the second try for one of two devices`, async (t) => {
    const { app, provider } = await start(t);
    await given(app, 'ada', 't1', 't2');
    provider.answer('t2', { kind: 'retry', reason: 'InternalServerError' }, { kind: 'accepted', providerId: 'second' });
    const id = await send(app, 'ada', push, { cresset: { delivery } });
    // The worker has marked the send and called the provider, and died before it recorded anything.
    const dead = randomUUID();
    await app.db.run(sql`update sends set status = 'sending', attempts = attempts + 1, due_at = null`);
    await app.db.run(sql`
      update tasks set tries = 1, worker = ${dead}, leased_until = ${new Date(app.clock.now().getTime() + SECOND)},
             run_at = ${app.clock.now()}`);
    app.clock.advance(61 * SECOND);
    await until(async () => {
      await app.drain();
      return (await state(app, id)) === 'finished';
    });
    assert.deepEqual(provider.calls.map(({ token }) => token).sort(), expected);
    assert.equal((await verdict(app, id)).status, 'sent', 'one device has it');
    assert.equal(new Set(provider.calls.map(({ pushId }) => pushId)).size, 2);
  });
}

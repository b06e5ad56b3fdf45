// What each answer of a push provider does to the send, the token and the retries. Requests come in over HTTP, and a sender
// answers as the test tells it. The real senders have their own tests.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { PushOutcome } from '../src/channels/push/sender.ts';
import { sql } from '../src/db/sql.ts';
import { listRemovals, restoreTokens } from '../src/people/tokens/token-removals.ts';
import { serviceAccount } from './support/google.ts';
import {
  given,
  MINUTE,
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

const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a18';
const fcm = () => JSON.stringify({ service_account: JSON.stringify(serviceAccount) });
const uuid5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const table: [string, PushOutcome, object][] = [
  [
    'accepted',
    { kind: 'accepted', providerId: 'p1' },
    { status: 'sent', reason: null, code: null, id: 'p1', tokens: ['t1'], uninstalled: 0, state: 'finished' },
  ],
  [
    'a dead token',
    { kind: 'bounced', reason: 'Unregistered', token: 'remove' },
    { status: 'bounced', reason: 'address_dead', code: 'Unregistered', tokens: [], uninstalled: 1, state: 'finished' },
  ],
  [
    'a token that may be bad',
    { kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' },
    { status: 'bounced', reason: 'address_dead', code: 'BadDeviceToken', tokens: ['t1 suspect'], state: 'finished' },
  ],
  [
    'a token that was registered again meanwhile',
    { kind: 'bounced', reason: 'Unregistered', token: 'keep' },
    { status: 'bounced', reason: 'address_dead', code: 'Unregistered', tokens: ['t1'], state: 'finished' },
  ],
  [
    'a message that the provider refuses',
    { kind: 'failed', reason: 'PayloadTooLarge' },
    { status: 'failed', reason: 'provider_refused', code: 'PayloadTooLarge', tokens: ['t1'], state: 'finished' },
  ],
  ['expired', { kind: 'expired' }, { status: 'expired', reason: 'expired', tokens: ['t1'], state: 'finished' }],
  [
    'unknown',
    { kind: 'unknown', reason: 'timeout' },
    { status: 'unknown', reason: 'unknown', code: 'timeout', tokens: ['t1'], state: 'finished' },
  ],
  [
    'try again',
    { kind: 'retry', reason: 'ServiceUnavailable', afterMs: 30 * SECOND },
    { status: 'pending', code: 'ServiceUnavailable', dueInMs: 30 * SECOND, tokens: ['t1'], state: 'sending' },
  ],
  [
    'try again in more than an hour',
    { kind: 'retry', reason: 'ServiceUnavailable', afterMs: 7_200 * SECOND },
    { status: 'pending', code: 'ServiceUnavailable', dueInMs: 3_600 * SECOND, tokens: ['t1'], state: 'sending' },
  ],
  [
    'accepted, and the device has a new token',
    { kind: 'accepted', providerId: 'p1', newToken: 't2' },
    { status: 'sent', id: 'p1', tokens: ['t2'], state: 'finished' },
  ],
  [
    'our settings are wrong',
    { kind: 'config_error', reason: 'InvalidProviderToken' },
    { status: 'pending', code: 'InvalidProviderToken', dueInMs: 5 * MINUTE, tokens: ['t1'], state: 'sending' },
  ],
];
test('a push that was not answered is retried, or becomes unknown with at_most_once', async (t) => {
  const { app, provider } = await start(t);
  for (const [delivery, outcome, status, calls] of [
    ['at_least_once', { kind: 'retry', reason: 'network reset 2', isUnclear: true }, 'sent', 2],
    ['at_most_once', { kind: 'retry', reason: 'network reset 2', isUnclear: true }, 'unknown', 1],
    ['at_most_once', { kind: 'retry', reason: 'ServiceUnavailable' }, 'sent', 2],
  ] as const) {
    provider.calls.length = 0;
    await given(app, 'ada', 't1');
    provider.answer('t1', outcome, { kind: 'accepted', providerId: 'p1' });
    const id = await send(app, 'ada', push, { cresset: { delivery } });
    if (calls === 2) await untilRetry(app, id);
    assert.equal((await verdict(app, id)).status, status, `${delivery}, ${outcome.reason}`);
    assert.equal(provider.calls.length, calls);
    assert.equal(await state(app, id), 'finished');
  }
});

test('every answer of a provider has the right effect on the send, the token and the queue', async (t) => {
  const { app, provider } = await start(t);
  for (const [index, [title, outcome, expected]] of table.entries()) {
    const name = `p${index}`;
    await given(app, name, 't1');
    provider.answer('t1', outcome);
    const id = await send(app, name);
    const found = await verdict(app, id);
    const due = found.next_attempt_at === null ? null : Date.parse(found.next_attempt_at) - app.clock.now().getTime();
    const { uninstalled } = await app.db.one<{ uninstalled: number }>(sql`
      select count(*) as uninstalled from app_uninstalls`);
    const seen: Record<string, unknown> = {
      status: found.status,
      reason: found.reason,
      code: found.provider_code,
      id: found.provider_message_id,
      dueInMs: due,
      tokens: await tokens(app),
      uninstalled,
      state: await state(app, id),
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, seen[key]])), expected, title);
    assert.equal(provider.calls.length, index + 1);
    assert.match(provider.calls.at(-1)?.pushId ?? '', uuid5);
    await app.db.run(sql`delete from push_targets`);
    await app.db.run(sql`delete from app_uninstalls`);
  }
});

test('a retry keeps its push id, is counted, and ends as sent', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  provider.answer('t1', { kind: 'retry', reason: 'InternalServerError' }, { kind: 'accepted', providerId: 'p' });
  const id = await send(app, 'ada');
  assert.equal((await verdict(app, id)).status, 'pending');
  await untilRetry(app, id);
  const found = await verdict(app, id);
  assert.deepEqual([found.status, found.attempts, found.provider_code], ['sent', 2, null]);
  assert.equal(provider.calls[0]?.pushId, provider.calls[1]?.pushId);
  assert.equal(await state(app, id), 'finished');
});

test('a push is given up after six attempts', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  provider.answer('t1', { kind: 'retry', reason: 'ServiceUnavailable' });
  const id = await send(app, 'ada');
  for (let n = 1; n < 6; n += 1) {
    assert.equal((await verdict(app, id)).status, 'pending');
    await untilRetry(app, id);
  }
  const found = await verdict(app, id);
  assert.deepEqual([found.status, found.reason, found.attempts], ['failed', 'gave_up', 6]);
  assert.equal(provider.calls.length, 6);
});

test('a push whose retry would come after its expiry has expired', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  provider.answer('t1', { kind: 'retry', reason: 'ServiceUnavailable', afterMs: 10 * MINUTE });
  const expiry = new Date(app.clock.now().getTime() + 5 * MINUTE).toISOString();
  const id = await send(app, 'ada', { ...push, expiry });
  assert.deepEqual([(await verdict(app, id)).status, await state(app, id)], ['expired', 'finished']);
});

test('a message with time_to_live 0 is tried, also some time after it was accepted', async (t) => {
  const yaml = `apps:\n  - { id: ${ANDROID}, name: Phone, platform: android, fcm: ${fcm()} }\n`;
  const { app, provider } = await start(t, yaml);
  await given(app, 'ada', { app_id: ANDROID, token: 't1' });
  provider.answer('t1', { kind: 'retry', reason: 'UNAVAILABLE' }, { kind: 'accepted', providerId: 'p1' });
  const messages = { android_push: { title: 'Hi', alert: 'Code 4711', time_to_live: 0 } };
  const id = await send(app, 'ada', undefined, { messages });
  await untilRetry(app, id);
  assert.deepEqual([(await verdict(app, id)).status, provider.calls.length], ['sent', 2]);
});

test('a person whose only token is suspect has no address', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  provider.answer('t1', { kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' });
  await send(app, 'ada');
  assert.equal((await verdict(app, await send(app, 'ada'))).reason, 'no_address');
  await given(app, 'ada', 't1');
  assert.deepEqual(await tokens(app), ['t1'], 'registering the token again clears the mark');
  provider.answer('t1', { kind: 'accepted', providerId: null });
  assert.equal((await verdict(app, await send(app, 'ada'))).status, 'sent');
});

test('a suspect token is removed after ten minutes, if other calls are accepted, and can be restored', async (t) => {
  const { app, provider } = await start(t);
  for (const name of ['cleo', 'dora']) {
    await given(app, name, name);
    await send(app, name);
    await app.post('/users/track', { attributes: [{ external_id: name, push_tokens: null }] });
  }
  await given(app, 'ada', 't1');
  provider.answer('t1', { kind: 'bounced', reason: 'DeviceTokenNotForTopic', token: 'suspect' });
  await send(app, 'ada');
  for (let minute = 0; minute < 9; minute += 1) app.clock.advance(MINUTE);
  assert.deepEqual(await tokens(app), ['t1 suspect']);
  app.clock.advance(2 * MINUTE);
  await until(async () => (await tokens(app)).length === 0);
  const filter = { workspaceId: app.workspaceId, appId: null, since: null, reason: null };
  const [removed] = await listRemovals(app.db, { ...filter, limit: 10 });
  assert.deepEqual([removed?.token, removed?.reason, removed?.state], ['t1', 'DeviceTokenNotForTopic', 'removed']);
  assert.deepEqual(await restoreTokens(app.db, filter, app.clock.now()), { restored: 1, owned: 0, gone: 0 });
  assert.deepEqual(await tokens(app), ['t1']);
  provider.answer('t1', { kind: 'bounced', reason: 'Unregistered', token: 'remove' });
  await send(app, 'ada');
  await given(app, 'bob', 't1');
  assert.deepEqual(
    await restoreTokens(app.db, filter, app.clock.now()),
    { restored: 0, owned: 1, gone: 0 },
    'bob has it',
  );
});

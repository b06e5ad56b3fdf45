// What every answer of a push provider does to the ledger, the tokens, the retries and the app's queue. In over HTTP,
// out through a sender that answers as it was told; the senders themselves are tested where they are.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import type { PushOutcome } from '../src/channels/push-sender.ts';
import { sql } from '../src/db/sql.ts';
import { listRemovals, restoreTokens } from '../src/people/tokens/token-removals.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { serviceAccount } from './support/google.ts';
import { apns, IOS, IPAD, SANDBOXED, scriptedProvider, workspace } from './support/push-provider.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a18';
const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const everybody = `segments:\n  - { id: ${EVERYBODY}, name: Everybody, filter: null }\n`;
const fcm = () => JSON.stringify({ service_account: JSON.stringify(serviceAccount) });
const push = { alert: { title: 'Hi', body: 'Hello {{${user_id}}}' } };

async function start(t: TestContext, yaml = workspace()) {
  const provider = scriptedProvider();
  const app = await startTestApp(t, { pushSenders: provider.senders });
  await app.givenWorkspace(yaml);
  return { app, provider };
}

async function given(app: TestApp, name: string, ...tokens: (string | { app_id: string; token: string })[]) {
  const push_tokens = tokens.map((token) => (typeof token === 'string' ? { app_id: IOS, token } : token));
  const { body } = await app.post('/users/track', { attributes: [{ external_id: name, push_tokens }] });
  assert.equal(body.message, 'success', JSON.stringify(body));
}

async function send(app: TestApp, name: string, message: object = push, more: object = {}): Promise<string> {
  const messages = { apple_push: message };
  const { body } = await app.post('/messages/send', { external_user_ids: [name], messages, ...more });
  assert.equal(body.message, 'success', JSON.stringify(body));
  await app.drain();
  return body.dispatch_id;
}

async function verdict(app: TestApp, dispatchId: string) {
  const { body } = await app.get(`/dispatches/${dispatchId}/recipients`);
  const [only] = body.recipients;
  return only;
}

/** Moves the clock to the next attempt and lets it be made. */
async function untilRetry(app: TestApp, dispatchId: string): Promise<void> {
  const { next_attempt_at } = await verdict(app, dispatchId);
  app.clock.advance(Math.max(0, Date.parse(next_attempt_at) - app.clock.now().getTime()));
  await app.drain();
}

const state = async (app: TestApp, dispatchId: string) => (await app.get(`/dispatches/${dispatchId}`)).body.state;

async function tokens(app: TestApp): Promise<string[]> {
  const rows = await app.db.query<{ token: string; suspect: boolean }>(sql`
    select token, suspect_since is not null as suspect from push_targets order by token`);
  return rows.map(({ token, suspect }) => (suspect ? `${token} suspect` : token));
}

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
test('a push that was not answered is tried again, but with at_most_once it is unknown', async (t) => {
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

test('what every answer of a provider does to the send, the token and the queue', async (t) => {
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

test('a retry keeps its push id, is counted, and ends in sent', async (t) => {
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

test('after six attempts it is given up', async (t) => {
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

test('a retry that would come after the expiry is not made: expired', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  provider.answer('t1', { kind: 'retry', reason: 'ServiceUnavailable', afterMs: 10 * MINUTE });
  const expiry = new Date(app.clock.now().getTime() + 5 * MINUTE).toISOString();
  const id = await send(app, 'ada', { ...push, expiry });
  assert.deepEqual([(await verdict(app, id)).status, await state(app, id)], ['expired', 'finished']);
});

test('a message that is to be shown now or never is tried, also some time after it was accepted', async (t) => {
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
  assert.deepEqual(await tokens(app), ['t1'], 'registering it again clears it');
  provider.answer('t1', { kind: 'accepted', providerId: null });
  assert.equal((await verdict(app, await send(app, 'ada'))).status, 'sent');
});

/** Until something that another transaction does has been done. */
async function until(check: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await check()); turns += 1) {
    assert.ok(turns < 2_000, 'it never came');
    await new Promise(setImmediate);
  }
}

const isOpen = (app: TestApp) => async () =>
  (await app.db.one<{ count: number }>(sql`select count(*) as count from paused_apps`)).count === 0;

test('several devices of several apps: one send, a call for each, the sandbox for an app without provider', async (t) => {
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
  assert.deepEqual(channels.apple_push, { recipients: 1, attempts: 4, attempts_failed: 1, sent: 1 });
  assert.equal((await app.get(`/sandbox/messages?dispatch_id=${id}`)).body.messages.length, 1);
  const { uninstalls } = await app.db.one<{ uninstalls: number }>(
    sql`select count(*) as uninstalls from app_uninstalls`,
  );
  assert.equal(uninstalls, 0, 'the app is still on the other device');
});

test('only the most recently used device is called when the message says so, also when it is tried again', async (t) => {
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
/** The rule, written out: the best there is, in this order; pending while one is to be tried again. */
const order = ['sent', 'unknown', 'refused', 'gave_up', 'expired', 'bounced'];
const statusOf: Record<string, string> = {
  ...{ sent: 'sent', unknown: 'unknown', refused: 'failed', gave_up: 'failed', expired: 'expired', bounced: 'bounced' },
};

test('any combination of answers over one to four devices gives the verdict of the rule', async (t) => {
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
    // What had expired before anybody was called is no attempt.
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
    const settled = devices.map((kind) => (kind !== 'later' ? kind : second === 'sent' ? 'sent' : 'gave_up'));
    const best = order.find((kind) => settled.includes(kind)) ?? '';
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

async function broadcast(app: TestApp, message: object = push): Promise<string> {
  const { body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY, messages: { apple_push: message } },
  });
  assert.equal(body.message, 'success', JSON.stringify(body));
  return body.dispatch_id;
}

async function crowd(app: TestApp, count: number): Promise<void> {
  await app.db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, ${count}::integer) as n)
    insert into profiles (bucket, user_id, workspace_id, external_id)
    select bucket_of(user_id), user_id, ${app.workspaceId}, 'c' || n from numbered`);
  await app.db.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
    select bucket, user_id, ${IOS}, external_id, 'ios', external_id from profiles`);
  await app.db.run(sql`
    insert into push_token_owners (app_id, token, bucket, user_id) select app_id, token, bucket, user_id from push_targets`);
}

const counts = async (app: TestApp, id: string) => (await app.get(`/dispatches/${id}`)).body.channels.apple_push;

test('settings that the provider refuses pause the app within 100 calls; mended, the rest goes out', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 600);
  provider.usually(({ keyId, token }) =>
    keyId === 'K1' ? { kind: 'config_error', reason: 'InvalidProviderToken' } : { kind: 'accepted', providerId: token },
  );
  const id = await broadcast(app);
  await app.drain();
  assert.ok(provider.calls.length <= 100, `${provider.calls.length} calls`);
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.state, body.channels.apple_push.pending], ['sending', 600]);
  assert.match(
    body.failure,
    new RegExp(`^app ${IOS}: its provider does not accept our settings \\(InvalidProviderToken\\)`),
  );
  assert.equal((await tokens(app)).length, 600, 'no token is removed');
  const [shown] = (await app.get('/push/apps')).body.apps;
  assert.deepEqual([shown.id, shown.state, shown.reason], [IOS, 'paused', 'InvalidProviderToken']);

  const before = provider.calls.length;
  app.clock.advance(5 * MINUTE);
  await app.drain();
  assert.equal(provider.calls.length, before + 1, 'after five minutes one call looks whether it is mended');

  await app.givenWorkspace(`${workspace(apns('K2'))}${everybody}`);
  app.clock.advance(SECOND);
  await until(isOpen(app));
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  assert.deepEqual(await counts(app, id), { recipients: 600, attempts: 600, attempts_failed: 0, sent: 600 });
  assert.equal((await app.get(`/dispatches/${id}`)).body.failure, undefined);
});

test('a paused app goes on by itself once a probe is taken, and what has expired meanwhile is written off', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 40);
  provider.usually(() => ({ kind: 'config_error', reason: 'BadCertificate' }));
  const short = await broadcast(app, {
    ...push,
    expiry: new Date(app.clock.now().getTime() + 7 * MINUTE).toISOString(),
  });
  const long = await broadcast(app);
  await app.drain();
  app.clock.advance(5 * MINUTE);
  await app.drain();
  provider.usually(({ token }) => ({ kind: 'accepted', providerId: token }));
  app.clock.advance(2 * MINUTE);
  await until(async () => {
    await app.drain();
    return (await state(app, short)) === 'finished';
  });
  assert.equal((await counts(app, short)).expired, 40);
  app.clock.advance(3 * MINUTE);
  await until(async () => {
    await app.drain();
    return (await state(app, long)) === 'finished';
  });
  assert.deepEqual(await counts(app, long), { recipients: 40, attempts: 40, attempts_failed: 0, sent: 40 });
});

test('the guard: too many ambiguous refusals restore every token and pause the app; nothing is marked any more', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 400);
  provider.usually(() => ({ kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' }));
  const id = await broadcast(app);
  await until(async () => {
    await app.drain();
    return !(await isOpen(app)());
  });
  await app.drain();
  const after = await counts(app, id);
  assert.ok(after.address_dead >= 100 && after.pending > 0, JSON.stringify(after));
  assert.equal((await tokens(app)).filter((token) => token.endsWith('suspect')).length, 0);
  const [shown] = (await app.get('/push/apps')).body.apps;
  assert.deepEqual([shown.state, shown.cause], ['paused', 'guard']);
  app.clock.advance(20 * MINUTE);
  await app.drain();
  assert.equal((await tokens(app)).length, 400, 'nothing was removed');
  provider.usually(({ token }) => ({ kind: 'accepted', providerId: token }));
  app.clock.advance(5 * MINUTE);
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  const end = await counts(app, id);
  assert.equal(end.sent + end.address_dead, 400);
});

test('a suspect token is removed after ten minutes, its app noted as uninstalled, and can be put back', async (t) => {
  const { app, provider } = await start(t);
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

test('a provider that wants the whole app to slow down is left alone as long as it says', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 50);
  provider.answer(
    'c1',
    { kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: 30 * SECOND, slows: 'app' },
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
  assert.deepEqual(await counts(app, id), { recipients: 50, attempts: 51, attempts_failed: 1, sent: 50 });
});

test('a provider that does not answer is asked less and less, and what waits loses no attempt by it', async (t) => {
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

test('an app that may be called rarely holds up no broadcast by another channel', async (t) => {
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

test('cancelled while in flight: what was handed over is sent, what comes back to be tried again is not', async (t) => {
  const { app, provider } = await start(t);
  await given(app, 'ada', 't1');
  await given(app, 'bob', 't2');
  await given(app, 'cid', 't3', 't4');
  provider.answer('t2', { kind: 'retry', reason: 'InternalServerError' });
  provider.answer('t4', { kind: 'retry', reason: 'InternalServerError' });
  await send(app, 'ada'); // so that the window is open for more than one call
  const calls = provider.calls.length;
  const held = provider.hold();
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada', 'bob', 'cid'],
    messages: { apple_push: push },
  });
  await provider.called(calls + 2);
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
  test(`${delivery}: a worker dies while the second try of one of two devices is under way`, async (t) => {
    const { app, provider } = await start(t);
    await given(app, 'ada', 't1', 't2');
    provider.answer('t2', { kind: 'retry', reason: 'InternalServerError' }, { kind: 'accepted', providerId: 'second' });
    const id = await send(app, 'ada', push, { cresset: { delivery } });
    // It marked the send, called the provider, and died before it could write anything down.
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

// What every answer of a push provider does to the ledger, the tokens, the retries and the app's queue. In over HTTP,
// out through a sender that answers as it was told; the senders themselves are tested where they are.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { PushOutcome } from '../src/channels/push-sender.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { IOS, scriptedProvider, workspace } from './support/push-provider.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
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

import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { loopbackCertificate } from '../../../rig/loopback-certificate.ts';
import { TestClock } from '../../../test/support/clock.ts';
import { type ServerCall, startHttp2Server, type TestHttp2ServerOptions } from '../../../test/support/http2-server.ts';
import { untold } from '../../../test/support/untold.ts';
import type { Push } from '../push/sender.ts';
import { createApnsSender } from './deliver.ts';
import type { RenderedApplePush } from './render.ts';
import type { ApnsSettings } from './settings.ts';

const never = new AbortController().signal;
const pushId = '00000000-0000-4000-8000-000000000001';
const accept = (call: ServerCall) => call.answer(200, '', { 'apns-id': String(call.headers['apns-id']) });
const refuse = (call: ServerCall, status: number, reason: string) => call.answer(status, { reason });
const accepted = { kind: 'accepted', providerId: pushId };

/** Settings with a new team for each test, because a team's tokens are shared by all senders. */
function newSettings() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { team_id: 'TEAM1', key_id: 'KEY1', key, topic: 'com.acme.app' };
}

async function start(t: TestContext, server: Partial<TestHttp2ServerOptions> = {}, more: Partial<ApnsSettings> = {}) {
  const clock = new TestClock();
  const apns = await startHttp2Server(t, { onCall: accept, ...server });
  const settings = { ...newSettings(), base_url: apns.url, ...more };
  const network = { utilization: () => 0, ca: loopbackCertificate.cert };
  const sender = createApnsSender({ settings, clock }, network);
  const pushTo = (token: string, change: Partial<Push<RenderedApplePush>> = {}): Push<RenderedApplePush> => ({
    token,
    registeredAt: clock.now(),
    environment: null,
    pushId,
    acceptedAt: clock.now(),
    rendered: {
      title: null,
      body: 'x',
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-expiration': '2000000000' },
      payload: { aps: { alert: { body: 'x' } } },
    },
    ...change,
  });
  const send = (token: string, change?: Partial<Push<RenderedApplePush>>) =>
    untold(sender.deliver(pushTo(token, change), never));
  const sendMany = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => send(`a${n}`)));
  return { clock, apns, settings, network, sender, pushTo, send, sendMany };
}

const jwtOf = (call: ServerCall | undefined) => String(call?.headers.authorization).replace('bearer ', '');
const jwts = (calls: ServerCall[]) => [...new Set(calls.map(jwtOf))];
const kinds = (outcomes: { kind: string }[]) => [...new Set(outcomes.map(({ kind }) => kind))];

test('a message is sent exactly as documented, over TLS, with a token that the key has signed', async (t) => {
  const { apns, clock, settings, send, sender } = await start(t, { tls: true });
  const rendered = {
    title: null,
    body: 'x',
    headers: {
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': '2000000000',
      'apns-collapse-id': 'grüße',
    },
    payload: { aps: { alert: { body: 'x' } }, ab: { c: 'd1' } },
  };
  assert.deepEqual(await send('ab12', { rendered }), accepted);
  const [call] = apns.calls;
  assert.ok(call);
  const { ':authority': authority, authorization, ...headers } = call.headers;
  assert.equal(authority, new URL(apns.url).host);
  assert.match(String(authorization), /^bearer /);
  assert.deepEqual(
    {
      ...Object.fromEntries(Object.entries(headers)),
      'apns-collapse-id': Buffer.from(String(headers['apns-collapse-id']), 'latin1').toString(),
    },
    {
      ':method': 'POST',
      ':scheme': 'https',
      ':path': '/3/device/ab12',
      'apns-topic': 'com.acme.app',
      'apns-id': pushId,
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': '2000000000',
      'apns-collapse-id': 'grüße',
    },
  );
  assert.deepEqual(JSON.parse(call.body), rendered.payload);
  const verified = await jwtVerify(jwtOf(call), createPublicKey(settings.key), { currentDate: clock.now() });
  assert.deepEqual(verified.protectedHeader, { alg: 'ES256', kid: 'KEY1' });
  assert.deepEqual(verified.payload, { iss: 'TEAM1', iat: clock.now().getTime() / 1_000 });
  await sender.close();
});

test('500 sends at once and another app of the team share one token, which lasts 50 minutes', async (t) => {
  const { apns, clock, settings, network, pushTo, sendMany, sender } = await start(t);
  const other = createApnsSender({ settings: { ...settings, topic: 'com.acme.other' }, clock }, network);
  await Promise.all([sendMany(500), other.deliver(pushTo('b'), never)]);
  clock.advance(50 * 60_000 - 1);
  await sendMany(10);
  assert.equal(jwts(apns.calls).length, 1);
  clock.advance(1);
  await sendMany(10);
  assert.equal(jwts(apns.calls).length, 2);
  // A new sender, as after a change of settings, continues with the same token.
  await other.close();
  const again = createApnsSender({ settings, clock }, network);
  await again.deliver(pushTo('c'), never);
  assert.equal(jwts(apns.calls).length, 2);
  assert.equal(decodeProtectedHeader(jwtOf(apns.calls[0])).kid, 'KEY1');
  await Promise.all([sender.close(), again.close()]);
});

test('another key with the same id signs its own tokens', async (t) => {
  const { apns, clock, network, settings, pushTo, send, sender } = await start(t);
  const other = createApnsSender({ settings: { ...settings, key: newSettings().key }, clock }, network);
  await send('a');
  await other.deliver(pushTo('b'), never);
  assert.equal(jwts(apns.calls).length, 2);
  assert.deepEqual(
    apns.calls.map(({ connection }) => connection),
    [0, 1],
  );
  await Promise.all([sender.close(), other.close()]);
});

test('a fresh connection carries one message until the first is accepted', async (t) => {
  const held: ServerCall[] = [];
  const { apns, sendMany, sender } = await start(t, { onCall: (call) => held.push(call) });
  const sent = sendMany(100);
  await apns.called(1);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  assert.equal(apns.mostStreams(), 1);
  held.shift()?.answer(200);
  await apns.called(100);
  for (const call of held) accept(call);
  assert.deepEqual(kinds(await sent), ['accepted']);
  assert.equal(apns.sessions.length, 1);
  await sender.close();
});

for (const reason of ['ExpiredProviderToken', 'InvalidProviderToken', 'MissingProviderToken']) {
  test(`${reason}: one new token for all messages, and one more try each with the same id`, async (t) => {
    let refused = '';
    const { apns, clock, send, sendMany, sender } = await start(t, {
      onCall: (call) => (jwtOf(call) === refused ? refuse(call, 403, reason) : accept(call)),
    });
    await send('a');
    refused = jwtOf(apns.calls[0]);
    clock.advance(20 * 60_000);
    assert.deepEqual(kinds(await sendMany(50)), ['accepted']);
    assert.equal(jwts(apns.calls).length, 2);
    assert.equal(apns.calls.length, 101);
    assert.deepEqual([...new Set(apns.calls.map(({ headers }) => headers['apns-id']))], [pushId]);
    await sender.close();
  });

  test(`${reason}: within 20 minutes, or twice, it means that the settings are wrong`, async (t) => {
    const { apns, clock, send, sender } = await start(t, { onCall: (call) => refuse(call, 403, reason) });
    assert.deepEqual(await send('a'), { kind: 'config_error', reason });
    assert.equal(apns.calls.length, 1);
    clock.advance(20 * 60_000);
    assert.deepEqual(await send('b'), { kind: 'config_error', reason });
    assert.deepEqual([apns.calls.length, jwts(apns.calls).length], [3, 2]);
    await sender.close();
  });
}

test('TooManyProviderTokenUpdates: the token is kept for 20 minutes more', async (t) => {
  let word: [number, string] | null = null;
  const { apns, clock, send, sender } = await start(t, {
    onCall: (call) => (word === null ? accept(call) : refuse(call, ...word)),
  });
  await send('a');
  clock.advance(45 * 60_000);
  word = [429, 'TooManyProviderTokenUpdates'];
  assert.deepEqual(await send('b'), { kind: 'retry', reason: 'TooManyProviderTokenUpdates', slows: 'account' });
  clock.advance(6 * 60_000);
  word = [403, 'ExpiredProviderToken'];
  assert.equal((await send('c')).kind, 'config_error');
  assert.equal(jwts(apns.calls).length, 1);
  clock.advance(14 * 60_000);
  word = null;
  await send('d');
  assert.equal(jwts(apns.calls).length, 2);
  await sender.close();
});

test('UnrelatedKeyIdInToken: once more over a new connection, then the settings are wrong', async (t) => {
  const { apns, send, sender } = await start(t, {
    onCall: (call) => (call.connection === 0 ? refuse(call, 403, 'UnrelatedKeyIdInToken') : accept(call)),
  });
  assert.deepEqual(await send('a'), accepted);
  assert.deepEqual(
    apns.calls.map(({ connection }) => connection),
    [0, 1],
  );
  await sender.close();
  const always = await start(t, { onCall: (call) => refuse(call, 403, 'UnrelatedKeyIdInToken') });
  assert.deepEqual(await always.send('a'), { kind: 'config_error', reason: 'UnrelatedKeyIdInToken' });
  assert.equal(always.apns.calls.length, 2);
  await always.sender.close();
});

for (const [status, reason] of [
  [503, 'Shutdown'],
  [400, 'IdleTimeout'],
] as const) {
  test(`${reason}: the message is retried later, over a new connection`, async (t) => {
    const { apns, send, sender } = await start(t, {
      onCall: (call) => (call.connection === 0 ? refuse(call, status, reason) : accept(call)),
    });
    assert.deepEqual(await send('a'), { kind: 'retry', reason });
    assert.deepEqual(await send('a'), accepted);
    assert.deepEqual(
      apns.calls.map(({ connection }) => connection),
      [0, 1],
    );
    await sender.close();
  });
}

async function startBoth(t: TestContext, tokens: { production: string; development: string }, more = {}) {
  const knows = (token: string) => (call: ServerCall) =>
    call.path === `/3/device/${token}` ? accept(call) : refuse(call, 400, 'BadDeviceToken');
  const sandbox = await startHttp2Server(t, { onCall: knows(tokens.development) });
  const started = await start(t, { onCall: knows(tokens.production) }, { base_url_development: sandbox.url, ...more });
  return { ...started, sandbox };
}

test('with a token whose host is unknown both hosts are tried once, and the outcome names the right one', async (t) => {
  const { apns, sandbox, send, sender } = await startBoth(t, { production: 'aa', development: 'dd' });
  assert.deepEqual(await send('aa'), { ...accepted, environment: 'production' });
  assert.deepEqual([apns.calls.length, sandbox.calls.length], [1, 0]);
  assert.deepEqual(await send('dd'), { ...accepted, environment: 'development' });
  assert.deepEqual(await send('ee'), { kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' });
  assert.deepEqual([apns.calls.length, sandbox.calls.length], [3, 2]);
  assert.deepEqual(await send('dd', { environment: 'development' }), accepted);
  assert.deepEqual(await send('dd', { environment: 'production' }), {
    kind: 'bounced',
    reason: 'BadDeviceToken',
    token: 'suspect',
  });
  assert.deepEqual([apns.calls.length, sandbox.calls.length], [4, 3]);
  await sender.close();
});

test('an app in development tries the development host first', async (t) => {
  const { apns, sandbox, send, sender } = await startBoth(
    t,
    { production: 'aa', development: 'dd' },
    { environment: 'development' },
  );
  assert.deepEqual(await send('dd'), { ...accepted, environment: 'development' });
  assert.deepEqual([apns.calls.length, sandbox.calls.length], [0, 1]);
  assert.deepEqual(await send('aa'), { ...accepted, environment: 'production' });
  await sender.close();
});

test('one base_url serves as both hosts, and nothing is sent twice', async (t) => {
  const { apns, send, sender } = await start(t, { onCall: (call) => refuse(call, 400, 'BadDeviceToken') });
  assert.deepEqual(await send('aa'), { kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' });
  await send('aa', { environment: 'development' });
  assert.equal(apns.calls.length, 2);
  await sender.close();
});

test('when a key is valid for one host only, that host decides', async (t) => {
  const sandbox = await startHttp2Server(t, { onCall: (call) => refuse(call, 403, 'BadEnvironmentKeyIdInToken') });
  const { send, sender } = await start(
    t,
    { onCall: (call) => refuse(call, 400, 'BadDeviceToken') },
    { base_url_development: sandbox.url },
  );
  assert.deepEqual(await send('aa'), { kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' });
  await sender.close();
});

test('an expired message is not sent; after a timeout the message is retried later with the same id', async (t) => {
  const { apns, clock, pushTo, send, sender } = await start(t, { onCall: () => undefined });
  const { rendered } = pushTo('a');
  const late = {
    ...rendered,
    headers: { ...rendered.headers, 'apns-expiration': String(clock.now().getTime() / 1_000) },
  };
  assert.deepEqual(await send('aa', { rendered: late }), { kind: 'expired' });
  const slow = send('aa');
  await apns.called(1);
  clock.advance(10_000);
  assert.deepEqual(await slow, { kind: 'retry', reason: 'network timeout', isUnclear: true });
  assert.equal(apns.calls.length, 1);
  await sender.close();
});

test('a stream limit that the server raises after the first message is used and never exceeded', async (t) => {
  const { apns, sendMany, sender } = await start(t, {
    maxStreams: 1,
    onCall(call) {
      if (apns?.calls.length === 1) call.session.settings({ maxConcurrentStreams: 60 });
      setImmediate(() => accept(call));
    },
  });
  assert.deepEqual(kinds(await sendMany(300)), ['accepted']);
  assert.ok(apns.mostStreams() <= 60, String(apns.mostStreams()));
  assert.ok(apns.mostStreams() > 1);
  await sender.close();
});

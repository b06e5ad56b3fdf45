import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import test, { type TestContext } from 'node:test';
import { loopbackCertificate } from '../../../rig/loopback-certificate.ts';
import { TestClock } from '../../../test/support/clock.ts';
import { type GoogleTokens, serviceAccount, startGoogleTokens } from '../../../test/support/google.ts';
import { type ServerCall, startHttp2Server, type TestHttp2ServerOptions } from '../../../test/support/http2-server.ts';
import { untold } from '../../../test/support/untold.ts';
import type { Push } from '../push/sender.ts';
import { createFcmSender } from './deliver.ts';
import type { RenderedAndroidPush } from './render.ts';
import type { FcmSettings } from './settings.ts';

const never = new AbortController().signal;
const accept = (call: ServerCall) =>
  call.answer(200, { name: `projects/acme-1/messages/${JSON.parse(call.body).message.token}` });
const mid = '00000000-0000-4000-8000-000000000001';

async function start(
  t: TestContext,
  server: Partial<TestHttp2ServerOptions> = {},
  settings: Partial<FcmSettings> = {},
) {
  const clock = new TestClock();
  const google = await startGoogleTokens(t, clock);
  const fcm = await startHttp2Server(t, { onCall: accept, ...server });
  const account = JSON.stringify(serviceAccount);
  const sender = createFcmSender(
    { settings: { service_account: account, base_url: fcm.url, token_url: google.url, ...settings }, clock },
    { utilization: () => 0, ca: loopbackCertificate.cert },
  );
  const pushTo = (token: string, more: Partial<Push<RenderedAndroidPush>> = {}): Push<RenderedAndroidPush> => ({
    token,
    registeredAt: clock.now(),
    environment: null,
    pushId: mid,
    acceptedAt: clock.now(),
    rendered: {
      title: 'T',
      body: 'A',
      message: { data: { _ab: 'true', t: 'T', a: 'A' }, android: { priority: 'HIGH', ttl: '600s' } },
    },
    ...more,
  });
  const send = (token: string, more?: Partial<Push<RenderedAndroidPush>>) =>
    untold(sender.deliver(pushTo(token, more), never));
  const sendMany = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => send(`t${n}`)));
  return { clock, google, fcm, sender, send, sendMany };
}

const kinds = (outcomes: { kind: string }[]) => [...new Set(outcomes.map(({ kind }) => kind))];

test('a message is sent exactly as documented, over TLS, with a token for a signed assertion', async (t) => {
  const { fcm, google, send, sender } = await start(t, { tls: true });
  assert.deepEqual(await send('tok'), { kind: 'accepted', providerId: 'projects/acme-1/messages/tok' });
  const [call] = fcm.calls;
  assert.ok(call);
  const { ':authority': authority, ...headers } = call.headers;
  assert.equal(authority, new URL(fcm.url).host);
  assert.deepEqual(Object.fromEntries(Object.entries(headers)), {
    ':method': 'POST',
    ':scheme': 'https',
    ':path': '/v1/projects/acme-1/messages:send',
    authorization: 'Bearer ya29.1',
    'content-type': 'application/json',
  });
  assert.deepEqual(JSON.parse(call.body), {
    message: {
      token: 'tok',
      data: { _ab: 'true', t: 'T', a: 'A', mid },
      android: { priority: 'HIGH', ttl: '600s' },
    },
  });
  const [given] = google.given;
  assert.deepEqual(given?.protectedHeader, { alg: 'RS256', typ: 'JWT', kid: 'kid-1' });
  const { iat = 0, ...claims } = given?.payload ?? {};
  assert.deepEqual(claims, {
    iss: serviceAccount.client_email,
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
    aud: serviceAccount.token_uri,
    exp: iat + 3_600,
  });
  await sender.close();
});

test('500 sends at once share one token exchange', async (t) => {
  const { fcm, google, sendMany, sender } = await start(t);
  assert.deepEqual(kinds(await sendMany(500)), ['accepted']);
  assert.equal(google.given.length, 1);
  assert.equal(new Set(fcm.calls.map(({ body }) => body)).size, 500);
  await sender.close();
});

test('a token is used until five minutes before it expires', async (t) => {
  const { clock, google, send, sender } = await start(t);
  await send('a');
  clock.advance(54 * 60_000);
  await send('b');
  assert.equal(google.given.length, 1);
  clock.advance(60_000);
  await send('c');
  assert.equal(google.given.length, 2);
  await sender.close();
});

/** Answers as an FCM that accepts only access tokens from the `least`-th on. */
const acceptingFrom = (google: () => GoogleTokens | undefined, least: number) => (call: ServerCall) => {
  assert.ok(google());
  const number = Number(String(call.headers.authorization).replace('Bearer ya29.', ''));
  if (number < least) call.answer(401, { error: { code: 401, status: 'UNAUTHENTICATED' } });
  else accept(call);
};

test('a refused token is exchanged once for all its messages, and each message is sent once more', async (t) => {
  let google: GoogleTokens | undefined;
  const started = await start(t, { onCall: acceptingFrom(() => google, 2) });
  google = started.google;
  assert.equal((await started.send('warm')).kind, 'config_error');
  started.clock.advance(60_000);
  assert.deepEqual(kinds(await started.sendMany(50)), ['accepted']);
  assert.equal(google.given.length, 2);
  assert.equal(started.fcm.calls.length, 1 + 50 + 50);
  await started.sender.close();
});

test('when the new token is refused as well, the app is misconfigured', async (t) => {
  let google: GoogleTokens | undefined;
  const started = await start(t, { onCall: acceptingFrom(() => google, 99) });
  google = started.google;
  await started.send('a');
  started.clock.advance(60_000);
  const outcomes = await started.sendMany(20);
  assert.deepEqual(
    new Set(outcomes.map((outcome) => JSON.stringify(outcome))),
    new Set(['{"kind":"config_error","reason":"UNAUTHENTICATED"}']),
  );
  assert.equal(google.given.length, 2);
  await started.sender.close();
});

test('an error in our key means wrong settings; a failure of Google is temporary', async (t) => {
  const { google, clock, send, sender } = await start(t);
  google.refuse = { status: 400, body: { error: 'invalid_grant' } };
  assert.deepEqual(await send('a'), { kind: 'config_error', reason: 'google_token invalid_grant' });
  clock.advance(5_000);
  google.refuse = { status: 503, body: {}, headers: { 'retry-after': '9' } };
  assert.deepEqual(await send('b'), { kind: 'retry', reason: 'google_token 503', afterMs: 9_000 });
  google.refuse = null;
  assert.equal((await send('c')).kind, 'retry', 'a failure answers for five seconds');
  clock.advance(5_000);
  assert.equal((await send('d')).kind, 'accepted');
  clock.advance(56 * 60_000);
  google.refuse = { status: 503, body: {} };
  assert.equal((await send('e')).kind, 'accepted', 'the old token is good for four minutes more');
  clock.advance(5 * 60_000);
  assert.equal((await send('f')).kind, 'retry');
  await sender.close();
});

test('a wrong signature gets no token', async (t) => {
  const { send, sender } = await start(
    t,
    {},
    { service_account: JSON.stringify({ ...serviceAccount, client_email: 'x' }) },
  );
  assert.deepEqual(await send('a'), { kind: 'config_error', reason: 'google_token invalid_grant' });
  await sender.close();
});

test('the time to live counts from acceptance; after it nothing is sent, and 0 is sent as it is', async (t) => {
  const { clock, fcm, send, sender } = await start(t);
  const acceptedAt = clock.now();
  const lasting = (ttl: string) => ({ title: 'T', body: 'A', message: { data: {}, android: { ttl } } });
  clock.advance(59_999);
  await send('a', { acceptedAt, rendered: lasting('60s') });
  clock.advance(1);
  assert.deepEqual(await send('b', { acceptedAt, rendered: lasting('60s') }), { kind: 'expired' });
  await send('c', { acceptedAt, rendered: lasting('0s') });
  assert.deepEqual(
    fcm.calls.map(({ body }) => JSON.parse(body).message.android.ttl),
    ['1s', '0s'],
  );
  await sender.close();
});

test('a reset and a timeout are retried later; a dead token bounces', async (t) => {
  const { clock, fcm, send, sender } = await start(t, {
    onCall(call) {
      const { token } = JSON.parse(call.body).message;
      if (token === 'reset') call.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      if (token === 'dead') call.answer(404, { error: { status: 'NOT_FOUND' } });
    },
  });
  assert.deepEqual(await send('reset'), { kind: 'retry', reason: 'network reset 2', isUnclear: true });
  assert.deepEqual(await send('dead'), { kind: 'bounced', reason: 'UNREGISTERED', token: 'remove' });
  const slow = send('slow');
  await fcm.called(3);
  clock.advance(10_000);
  assert.deepEqual(await slow, { kind: 'retry', reason: 'network timeout', isUnclear: true });
  await sender.close();
});

test('GOAWAY in the middle of 400 messages loses none and duplicates none', async (t) => {
  const seen = new Map<string, number>();
  let last = Number.POSITIVE_INFINITY;
  const { fcm, sendMany, sender } = await start(t, {
    maxStreams: 100,
    onCall(call) {
      const id = call.stream.id ?? 0;
      if (call.connection === 0 && id > last) return;
      seen.set(call.body, (seen.get(call.body) ?? 0) + 1);
      if (seen.size === 30) {
        last = id;
        call.session.goaway(constants.NGHTTP2_NO_ERROR, id);
      }
      setImmediate(() => accept(call));
    },
  });
  assert.deepEqual(kinds(await sendMany(400)), ['accepted']);
  assert.equal(seen.size, 400);
  assert.deepEqual([...new Set(seen.values())], [1]);
  assert.ok(fcm.mostStreams() <= 100);
  await sender.close();
});

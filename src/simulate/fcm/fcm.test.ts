import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { http2Session, post } from '../../../test/support/http2-client.ts';
import { readFaults } from '../faults.ts';
import { signJwt } from '../jwt.ts';
import { nameFor } from '../target-names.ts';
import { type FcmOptions, type FcmSimulator, makeServiceAccount, startFcmSimulator } from './fcm.ts';
import { GRANT_TYPE } from './google-oauth.ts';

const account = makeServiceAccount('acme');
const stranger = makeServiceAccount('acme');

async function started(t: TestContext, options: FcmOptions = {}): Promise<FcmSimulator> {
  const fcm = await startFcmSimulator({ serviceAccount: account, ...options });
  t.after(() => fcm.stop());
  return fcm;
}

interface Assertion {
  claims?: object;
  header?: object;
  key?: string;
  form?: Record<string, string>;
}

async function askForToken(fcm: FcmSimulator, change: Assertion = {}) {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: fcm.serviceAccount.client_email,
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
    aud: fcm.serviceAccount.token_uri,
    iat,
    exp: iat + 3_600,
    ...change.claims,
  };
  const head = { alg: 'RS256', typ: 'JWT', kid: fcm.serviceAccount.private_key_id, ...change.header };
  const assertion = signJwt(head, claims, change.key ?? fcm.serviceAccount.private_key);
  const form = { grant_type: GRANT_TYPE, assertion, ...change.form };
  const answer = await fetch(fcm.tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function connected(t: TestContext, options: FcmOptions = {}) {
  const fcm = await started(t, options);
  const { body } = await askForToken(fcm);
  const session = http2Session(t, fcm.url);
  return { fcm, session, bearer: `Bearer ${String(body.access_token)}` };
}

const PATH = '/v1/projects/acme/messages:send';

function send(session: ClientHttp2Session, authorization: string, message: object, headers: object = {}) {
  return post(session, PATH, { authorization, 'content-type': 'application/json', ...headers }, { message });
}

test('a good assertion gets an access token, which sends messages over HTTP/2 and HTTP/1.1', async (t) => {
  const fcm = await started(t);
  const { status, body } = await askForToken(fcm);
  assert.equal(status, 200);
  assert.deepEqual([body.expires_in, body.token_type], [3_599, 'Bearer']);
  const authorization = `Bearer ${String(body.access_token)}`;
  const message = { token: 'ada', data: { t: 'Hi', a: 'Text' }, android: { priority: 'HIGH', ttl: '2419200s' } };
  const answer = await send(http2Session(t, fcm.url), authorization, message);
  assert.equal(answer.status, 200);
  assert.match(String(Object(answer.json).name), /^projects\/acme\/messages\/.+/);
  const slower = await fetch(`${fcm.url}${PATH}`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ message: { token: 'bob' } }),
  });
  assert.equal(slower.status, 200);
  const { accepted, distinct, doubled, tokens } = fcm.counts();
  assert.deepEqual({ accepted, distinct, doubled, tokens }, { accepted: 2, distinct: 2, doubled: 0, tokens: 1 });
  assert.deepEqual(fcm.received('ada')[0]?.message.data, { t: 'Hi', a: 'Text' });
});

const now = Math.floor(Date.now() / 1_000);
const badAssertions: [string, Assertion, string, RegExp][] = [
  ['signed by another key', { key: stranger.private_key }, 'invalid_grant', /Invalid JWT Signature/],
  ['naming another key', { header: { kid: 'x' } }, 'invalid_grant', /Invalid JWT Signature/],
  ['of an unknown account', { claims: { iss: 'eve@acme.test' } }, 'invalid_grant', /account not found/],
  ['for another audience', { claims: { aud: 'https://oauth2.googleapis.com/token' } }, 'invalid_grant', /audience/],
  ['good for two days', { claims: { exp: now + 2 * 86_400 } }, 'invalid_grant', /short-lived/],
  ['of yesterday', { claims: { iat: now - 86_400, exp: now - 82_800 } }, 'invalid_grant', /reasonable timeframe/],
  ['without iat', { claims: { iat: undefined } }, 'invalid_grant', /iat and exp/],
  ['for another scope', { claims: { scope: 'https://www.googleapis.com/auth/drive' } }, 'invalid_scope', /scope/],
  ['with another grant type', { form: { grant_type: 'password' } }, 'unsupported_grant_type', /password/],
  ['that is not a JWT', { form: { assertion: 'a.b' } }, 'invalid_grant', /decode/],
];
for (const [what, change, error, description] of badAssertions) {
  test(`an assertion ${what} gets 400 ${error}`, async (t) => {
    const { status, body } = await askForToken(await started(t), change);
    assert.deepEqual([status, body.error], [400, error]);
    assert.match(String(body.error_description), description);
  });
}

const badMessages: [string, object | string, RegExp][] = [
  ['a number in data', { message: { token: 'a', data: { n: 5 } } }, /message\.data\[0\]\.value' \(TYPE_STRING\), 5/],
  ['an unknown member', { message: { token: 'a', titel: 'x' } }, /Unknown name "titel" at 'message': Cannot find/],
  ['an unknown member of android', { message: { token: 'a', android: { prio: 1 } } }, /"prio" at 'message\.android'/],
  ['a member of Object.prototype', { message: { token: 'a', constructor: {} } }, /Unknown name "constructor"/],
  ['an unknown member beside the message', { mesage: {}, message: { token: 'a' } }, /Unknown name "mesage": Cannot/],
  ['the reserved key from', { message: { token: 'a', data: { from: 'x' } } }, /Invalid data payload key: from/],
  ['a reserved prefix', { message: { token: 'a', data: { 'google.x': 'x' } } }, /payload key: google\.x/],
  ['another reserved prefix', { message: { token: 'a', data: { 'gcm.n': 'x' } } }, /payload key: gcm\.n/],
  ['4,097 octets of data', { message: { token: 'a', data: { k: 'é'.repeat(2_048) } } }, /Android message is too big/],
  ['a body of 200,000 octets', { message: { token: 'a', data: { k: 'x'.repeat(200_000) } } }, /too big/],
  ['a ttl without unit', { message: { token: 'a', android: { ttl: '60' } } }, /must end with 's'/],
  ['a ttl of 29 days', { message: { token: 'a', android: { ttl: '2505600s' } } }, /TTL/],
  ['an unknown priority', { message: { token: 'a', android: { priority: 'urgent' } } }, /AndroidMessagePriority/],
  ['a colour in words', { message: { token: 'a', android: { notification: { color: 'red' } } } }, /#RRGGBB/],
  ['no recipient', { message: { data: {} } }, /Recipient of the message is not set/],
  ['an impossible token', { message: { token: 'a b' } }, /not a valid FCM registration token/],
  ['no message', {}, /message is not set/],
  ['text that is not JSON', '{"message":', /Invalid JSON payload/],
];
for (const [what, body, message] of badMessages) {
  test(`a request with ${what} gets 400 INVALID_ARGUMENT`, async (t) => {
    const { fcm, session, bearer } = await connected(t);
    const { status, json } = await post(session, PATH, { authorization: bearer }, body);
    const { error } = json as { error: { code: number; status: string; message: string } };
    assert.deepEqual([status, error.code, error.status], [400, 400, 'INVALID_ARGUMENT']);
    assert.match(error.message, message);
    assert.equal(fcm.counts().accepted, 0);
  });
}

test('4,096 octets of data, members with underscores and a full notification are accepted', async (t) => {
  const { fcm, session, bearer } = await connected(t);
  assert.equal((await send(session, bearer, { token: 'a', data: { k: 'x'.repeat(4_095) } })).status, 200);
  const notification = { title: 't', channel_id: 'c', notification_priority: 'PRIORITY_HIGH', color: '#ff0000' };
  const android = { collapse_key: 'k', priority: 'NORMAL', ttl: '0s', notification: { ...notification, tag: '4' } };
  const both = await send(session, bearer, { token: 'b', data: {}, android, fcm_options: { analytics_label: 'l' } });
  assert.equal(both.status, 200, both.text);
  assert.equal(fcm.counts().accepted, 2);
});

test('a request with validate_only is answered and not counted', async (t) => {
  const { fcm, session, bearer } = await connected(t);
  const answer = await post(session, PATH, { authorization: bearer }, { validate_only: true, message: { token: 'a' } });
  assert.deepEqual([answer.status, fcm.counts().accepted], [200, 0]);
});

test('missing, unknown, expired and revoked tokens get 401, another project 403, another path 404', async (t) => {
  let nowMs = Date.now();
  const clock = { now: () => new Date(nowMs), after: () => () => undefined };
  const { fcm, session, bearer } = await connected(t, { clock });
  const body = { message: { token: 'a' } };
  const status = async (path: string, headers: object) => (await post(session, path, { ...headers }, body)).status;
  assert.equal(await status(PATH, {}), 401);
  assert.equal(await status(PATH, { authorization: 'Bearer x' }), 401);
  assert.equal(await status(PATH, { authorization: bearer }), 200);
  assert.equal(await status('/v1/projects/other/messages:send', { authorization: bearer }), 403);
  assert.equal(await status('/v1/projects/acme/messages:nd', { authorization: bearer }), 404);
  nowMs += 3_599_000;
  const { status: late, json } = await post(session, PATH, { authorization: bearer }, body);
  assert.deepEqual([late, Object(json).error.status], [401, 'UNAUTHENTICATED']);
  nowMs -= 3_599_000;
  fcm.revokeTokens();
  assert.equal(await status(PATH, { authorization: bearer }), 401);
});

const rows: [string, number, string, string | null][] = [
  ['unregistered', 404, 'NOT_FOUND', 'UNREGISTERED'],
  ['not_found', 404, 'NOT_FOUND', null],
  ['sender_id_mismatch', 403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'],
  ['invalid_token', 400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
  ['invalid_token_field', 400, 'INVALID_ARGUMENT', null],
  ['invalid_argument', 400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
  ['too_big', 400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
  ['quota_exceeded', 429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'],
  ['unavailable', 503, 'UNAVAILABLE', 'UNAVAILABLE'],
  ['internal', 500, 'INTERNAL', 'INTERNAL'],
  ['third_party_auth_error', 401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'],
  ['unauthenticated', 401, 'UNAUTHENTICATED', null],
  ['permission_denied', 403, 'PERMISSION_DENIED', null],
  ['unspecified_error', 400, 'INVALID_ARGUMENT', 'UNSPECIFIED_ERROR'],
  ['503', 503, 'UNAVAILABLE', 'UNAVAILABLE'],
  ['429', 429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'],
];
test('every answer in the table can be asked for by the name of a token', async (t) => {
  const { fcm, session, bearer } = await connected(t);
  for (const [name, status, text, errorCode] of rows) {
    const answer = await send(session, bearer, { token: nameFor(name, 'ada') });
    const { error } = answer.json as { error: { status: string; details?: { errorCode?: string }[] } };
    const code = error.details?.find((detail) => detail.errorCode !== undefined)?.errorCode ?? null;
    assert.deepEqual([answer.status, error.status, code], [status, text, errorCode], name);
  }
  assert.equal(fcm.counts().accepted, 0);
});

test('a token can ask for a number of answers and for Retry-After, and so can a header', async (t) => {
  const { fcm, session, bearer } = await connected(t);
  const token = nameFor('unavailable', 'ada', { times: 2, retryAfterSeconds: 30 });
  const answers = [];
  for (let round = 0; round < 3; round += 1) {
    const { status, headers } = await send(session, bearer, { token });
    answers.push([status, headers['retry-after']]);
  }
  assert.deepEqual(answers, [
    [503, '30'],
    [503, '30'],
    [200, undefined],
  ]);
  const asked = await send(session, bearer, { token: 'bob' }, { 'x-simulate': '429; retry-after=7' });
  assert.deepEqual([asked.status, asked.headers['retry-after']], [429, '7']);
  const { acceptedAt, ...record } = fcm.target(token);
  assert.deepEqual(record, { tries: 3, accepted: 1, dead: null });
  assert.ok(acceptedAt !== null);
});

test('a dead token stays dead, and a misspelt answer is refused', async (t) => {
  const { fcm, session, bearer } = await connected(t);
  await send(session, bearer, { token: 'ada' }, { 'x-simulate': 'unregistered' });
  assert.equal((await send(session, bearer, { token: 'ada' })).status, 404);
  assert.equal((await send(session, bearer, { token: 'sim-unregisterd-ada' })).status, 400);
  assert.equal((await send(session, bearer, { token: 'bob' }, { 'x-simulate': 'nonsense; x' })).status, 400);
  assert.equal(fcm.counts().accepted, 0);
});

test('network faults: resets, losses, cut and malformed answers, and silence', async (t) => {
  const { fcm, session, bearer } = await connected(t);
  const ask = (name: string) => send(session, bearer, { token: nameFor(name, 'ada') });
  await assert.rejects(ask('reset'), /NGHTTP2_INTERNAL_ERROR/);
  assert.equal(fcm.counts().accepted, 0);
  await assert.rejects(ask('lost'), /NGHTTP2_INTERNAL_ERROR/);
  await assert.rejects(ask('truncated'), /NGHTTP2_INTERNAL_ERROR/);
  const garbage = await ask('garbage');
  assert.deepEqual([garbage.status, garbage.json], [200, null]);
  assert.equal(fcm.counts().accepted, 3);
  assert.equal((await ask('html')).status, 502);
  assert.equal((await ask('huge')).text.length, 8_388_608);
  const answered = await Promise.race([ask('never').catch(() => 'lost'), ask('accepted').then(() => 'other')]);
  assert.equal(answered, 'other');
});

test('faults depend only on seed, token and try, not on the order of arrival', async (t) => {
  const faults = readFaults({ fault: ['503:20%', '429:10%:retry-after=30'], dead: '10%' });
  const names = Array.from({ length: 2_000 }, (_, position) => `token-${position}`);
  const outcome = async (seed: number, order: readonly string[]) => {
    const { fcm, session, bearer } = await connected(t, { faults, seed });
    const pairs: [string, number][] = [];
    const rest = [...order];
    const lane = async () => {
      for (let token = rest.pop(); token !== undefined; token = rest.pop()) {
        pairs.push([token, (await send(session, bearer, { token })).status]);
      }
    };
    await Promise.all(Array.from({ length: 50 }, lane));
    return { answers: Object.fromEntries(pairs.sort(([a], [b]) => a.localeCompare(b))), counts: fcm.counts() };
  };
  const first = await outcome(7, names);
  const again = await outcome(7, names.toReversed());
  const other = await outcome(8, names);
  assert.deepEqual(first.answers, again.answers);
  assert.notDeepEqual(first.answers, other.answers);
  const of = (status: number) => Object.values(first.answers).filter((answer) => answer === status).length;
  assert.deepEqual(
    [of(404), of(503), of(429), of(200)].map((count, position) => {
      const expected = [200, 360, 180, 1_260][position] ?? 0;
      return Math.abs(count - expected) < 70;
    }),
    [true, true, true, true],
  );
  assert.equal(first.counts.accepted, of(200));
});

test('every accepted message, every target and every double is counted exactly', async (t) => {
  const { fcm, session, bearer } = await connected(t, { keep: 10 });
  const done = fcm.until(300);
  for (let round = 0; round < 3; round += 1) {
    const tokens = Array.from({ length: 100 }, (_, position) => `token-${position * (round === 2 ? 2 : 1)}`);
    await Promise.all(tokens.map((token) => send(session, bearer, { token })));
  }
  await done;
  const { accepted, distinct, doubled, surplus, requests, connections } = fcm.counts();
  assert.deepEqual(
    { accepted, distinct, doubled, surplus },
    { accepted: 300, distinct: 150, doubled: 100, surplus: 150 },
  );
  assert.deepEqual({ requests, connections }, { requests: 301, connections: 2 });
  assert.equal(fcm.received().length, 10);
  fcm.reset();
  assert.deepEqual([fcm.counts().accepted, [...fcm.targets()].length], [0, 0]);
});

test('GOAWAY comes after the set number of requests, and no earlier request is lost', async (t) => {
  const { fcm, bearer } = await connected(t, { faults: readFaults({ goawayEvery: 10 }) });
  for (let round = 0; round < 3; round += 1) {
    const session = http2Session(t, fcm.url);
    const closed = new Promise((done) => session.once('close', done));
    const sent = Array.from({ length: 10 }, (_, position) =>
      send(session, bearer, { token: `t-${round}-${position}` }),
    );
    assert.ok((await Promise.all(sent)).every(({ status }) => status === 200));
    await closed;
  }
  assert.equal(fcm.counts().accepted, 30);
});

test('stopping ends every connection and every request that waits for an answer', async (t) => {
  const { fcm, session, bearer } = await connected(t, { faults: readFaults({ latency: 60_000 }) });
  const hanging = send(session, bearer, { token: 'ada' }).catch((error: Error) => error);
  const closed = new Promise((done) => session.once('close', done));
  await fcm.until(1);
  await fcm.stop();
  await closed;
  await hanging;
});

test('the token endpoint can fail, too', async (t) => {
  const fcm = await started(t, { faults: readFaults({ tokenEndpoint: '503' }) });
  assert.equal((await askForToken(fcm)).status, 503);
  fcm.setFaults(readFaults({}));
  assert.equal((await askForToken(fcm)).status, 200);
});

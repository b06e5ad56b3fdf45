import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { http2Session, post } from '../../../test/support/http2-client.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { signJwt } from '../jwt.ts';
import { type ApnsKey, type ApnsOptions, makeApnsKey, startApnsSimulator } from './apns.ts';
import { apnsToken, apnsTokenFor } from './apns-tokens.ts';

const key = makeApnsKey();
const other = makeApnsKey(key.teamId, 'SIMKEY0002');
const ADA = apnsToken('ada');
const PAYLOAD = { aps: { alert: 'Hi' } };

/** The simulator's clock stands still, because a busy machine may need minutes for the tests of this file. */
const now = Math.floor(Date.now() / 1_000);
const clock: Clock = { now: () => new Date(now * 1_000), after: systemClock.after };

function providerToken({ teamId, keyId, key: pem }: ApnsKey, iat = now): string {
  return `bearer ${signJwt({ alg: 'ES256', kid: keyId }, { iss: teamId, iat }, pem)}`;
}

async function connected(t: TestContext, options: ApnsOptions = {}) {
  const apns = await startApnsSimulator({ keys: [key], clock, ...options });
  t.after(() => apns.stop());
  return { apns, session: http2Session(t, apns.url) };
}

const good = { 'apns-topic': 'com.acme.app', authorization: providerToken(key) };

function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  token = ADA,
  payload: object | string = PAYLOAD,
) {
  return post(session, `/3/device/${token}`, { ...good, ...headers }, payload);
}

test('a good notification is accepted and kept unchanged, and its id is echoed', async (t) => {
  const { apns, session } = await connected(t);
  const id = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
  const headers = { 'apns-id': id, 'apns-push-type': 'alert', 'apns-priority': '5', 'apns-expiration': '1800000000' };
  const answer = await send(session, { ...headers, 'apns-collapse-id': 'x'.repeat(64) });
  assert.deepEqual([answer.status, answer.headers['apns-id'], answer.text], [200, id, '']);
  assert.deepEqual(apns.received(ADA)[0]?.message, {
    ...{ token: ADA, id, topic: 'com.acme.app', pushType: 'alert', priority: '5', expiration: '1800000000' },
    ...{ collapseId: 'x'.repeat(64), payload: PAYLOAD },
  });
  const madeUp = await send(session);
  assert.match(String(madeUp.headers['apns-id']), /^[0-9A-F-]{36}$/);
});

test('one stream is allowed until the first notification is accepted, and a thousand after that', async (t) => {
  const { session } = await connected(t);
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.maxConcurrentStreams, 1);
  assert.equal((await send(session, { authorization: undefined })).status, 403);
  assert.equal(session.remoteSettings.maxConcurrentStreams, 1);
  const raised = once(session, 'remoteSettings');
  assert.equal((await send(session)).status, 200);
  await raised;
  assert.equal(session.remoteSettings.maxConcurrentStreams, 1_000);
});

const big = (octets: number) => ({ aps: { alert: 'x'.repeat(octets - '{"aps":{"alert":""}}'.length) } });
const refusals: [string, OutgoingHttpHeaders, string, object | string, number, string][] = [
  ['no topic', { 'apns-topic': undefined }, ADA, PAYLOAD, 400, 'MissingTopic'],
  ['an impossible topic', { 'apns-topic': 'com acme' }, ADA, PAYLOAD, 400, 'BadTopic'],
  ['the topic of another team', { 'apns-topic': 'com.other.app' }, ADA, PAYLOAD, 400, 'TopicDisallowed'],
  ['an unknown push type', { 'apns-push-type': 'loud' }, ADA, PAYLOAD, 400, 'InvalidPushType'],
  ['priority 7', { 'apns-priority': '7' }, ADA, PAYLOAD, 400, 'BadPriority'],
  [
    'a background push of priority 10',
    { 'apns-push-type': 'background', 'apns-priority': '10' },
    ADA,
    PAYLOAD,
    400,
    'BadPriority',
  ],
  ['an expiration in words', { 'apns-expiration': 'soon' }, ADA, PAYLOAD, 400, 'BadExpirationDate'],
  ['a collapse id of 65 octets', { 'apns-collapse-id': 'x'.repeat(65) }, ADA, PAYLOAD, 400, 'BadCollapseId'],
  ['an id that is not a UUID', { 'apns-id': '7' }, ADA, PAYLOAD, 400, 'BadMessageId'],
  ['a repeated header', { 'apns-priority': ['5', '10'] }, ADA, PAYLOAD, 400, 'DuplicateHeaders'],
  ['a token that is not hex', {}, 'z'.repeat(64), PAYLOAD, 400, 'BadDeviceToken'],
  ['a token that is too short', {}, 'ab', PAYLOAD, 400, 'BadDeviceToken'],
  ['no token', {}, '', PAYLOAD, 400, 'MissingDeviceToken'],
  ['another path', {}, `${ADA}/x`, PAYLOAD, 404, 'BadPath'],
  ['another method', { ':method': 'PUT' }, ADA, PAYLOAD, 405, 'MethodNotAllowed'],
  ['no payload', {}, ADA, '', 400, 'PayloadEmpty'],
  ['a payload without aps', {}, ADA, { alert: 'x' }, 400, 'PayloadEmpty'],
  ['a payload that is not JSON', {}, ADA, '{"aps":', 400, 'PayloadEmpty'],
  ['4,097 octets', {}, ADA, big(4_097), 413, 'PayloadTooLarge'],
  ['a body of 300,000 octets', {}, ADA, big(300_000), 413, 'PayloadTooLarge'],
  ['no provider token', { authorization: undefined }, ADA, PAYLOAD, 403, 'MissingProviderToken'],
  ['a malformed provider token', { authorization: 'bearer x.y.z' }, ADA, PAYLOAD, 403, 'InvalidProviderToken'],
  ['basic credentials', { authorization: 'Basic eDp5' }, ADA, PAYLOAD, 403, 'InvalidProviderToken'],
  ['an unknown key id', { authorization: providerToken(other) }, ADA, PAYLOAD, 403, 'InvalidProviderToken'],
  [
    'the key of another',
    { authorization: providerToken({ ...other, keyId: key.keyId }) },
    ADA,
    PAYLOAD,
    403,
    'InvalidProviderToken',
  ],
  [
    'another team',
    { authorization: providerToken({ ...key, teamId: 'OTHER' }) },
    ADA,
    PAYLOAD,
    403,
    'InvalidProviderToken',
  ],
  [
    'a provider token of the future',
    { authorization: providerToken(key, now + 900) },
    ADA,
    PAYLOAD,
    403,
    'InvalidProviderToken',
  ],
  [
    'a provider token of 61 minutes',
    { authorization: providerToken(key, now - 3_660) },
    ADA,
    PAYLOAD,
    403,
    'ExpiredProviderToken',
  ],
];
for (const [what, headers, token, payload, status, reason] of refusals) {
  test(`a notification with ${what} gets ${status} ${reason}`, async (t) => {
    const { apns, session } = await connected(t);
    const answer = await send(session, headers, token, payload);
    assert.deepEqual([answer.status, answer.json], [status, { reason }]);
    assert.equal(apns.counts().accepted, 0);
  });
}

test('4,096 octets and a provider token of 59 minutes are accepted', async (t) => {
  const { session } = await connected(t);
  assert.equal((await send(session, { authorization: providerToken(key, now - 3_540) }, ADA, big(4_096))).status, 200);
});

test('a connection must keep its key, and may use a newer token at most every 20 minutes', async (t) => {
  const { apns, session } = await connected(t, { keys: [key, other] });
  const reason = async (authorization: string, on = session) => {
    const { status, json } = await send(on, { authorization });
    return status === 200 ? 'accepted' : Object(json).reason;
  };
  assert.equal(await reason(providerToken(key, now - 3_000)), 'accepted');
  assert.equal(await reason(providerToken(key, now - 1_801)), 'TooManyProviderTokenUpdates');
  assert.equal(await reason(providerToken(key, now - 1_800)), 'accepted');
  assert.equal(await reason(providerToken(other)), 'UnrelatedKeyIdInToken');
  assert.equal(await reason(providerToken(other), http2Session(t, apns.url)), 'accepted');
});

const in400 =
  'BadDeviceToken DeviceTokenNotForTopic MissingDeviceToken PayloadEmpty BadCollapseId BadExpirationDate BadMessageId ' +
  'BadPriority InvalidPushType DuplicateHeaders BadTopic MissingTopic TopicDisallowed IdleTimeout';
const in403 =
  'ExpiredProviderToken InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken BadEnvironmentKeyIdInToken ' +
  'BadCertificate BadCertificateEnvironment Forbidden';
const rows: [string, number][] = [
  ...in400.split(' ').map((reason): [string, number] => [reason, 400]),
  ...in403.split(' ').map((reason): [string, number] => [reason, 403]),
  ['BadPath', 404],
  ['MethodNotAllowed', 405],
  ['Unregistered', 410],
  ['ExpiredToken', 410],
  ['PayloadTooLarge', 413],
  ['TooManyRequests', 429],
  ['TooManyProviderTokenUpdates', 429],
  ['InternalServerError', 500],
  ['ServiceUnavailable', 503],
  ['Shutdown', 503],
];
test('every answer in the table can be asked for by the first digits of a token', async (t) => {
  const { apns, session } = await connected(t);
  for (const [reason, status] of rows) {
    const answer = await send(session, {}, apnsTokenFor(reason, 'ada'));
    assert.deepEqual([answer.status, Object(answer.json).reason], [status, reason]);
    assert.match(String(answer.headers['apns-id']), /^[0-9A-F-]{36}$/);
    assert.equal(typeof Object(answer.json).timestamp, reason === 'Unregistered' ? 'number' : 'undefined');
  }
  assert.equal(apns.counts().accepted, 0);
});

test('a token asks for an answer a number of times; a dead token stays dead; an unknown code is refused', async (t) => {
  const { apns, session } = await connected(t);
  const flaky = apnsTokenFor('ServiceUnavailable', 'ada', 2);
  const statuses = [];
  for (let round = 0; round < 3; round += 1) statuses.push((await send(session, {}, flaky)).status);
  assert.deepEqual(statuses, [503, 503, 200]);
  const dying = apnsTokenFor('Unregistered', 'ada', 1);
  assert.equal((await send(session, {}, dying)).status, 410);
  assert.equal((await send(session, {}, dying)).status, 410);
  assert.equal((await send(session, {}, `fa11fa11ff00${'0'.repeat(52)}`)).status, 400);
  assert.equal(apns.counts().accepted, 1);
});

test('network faults can be asked for, too, and GOAWAY gives its reason', async (t) => {
  const { apns, session } = await connected(t);
  await assert.rejects(send(session, {}, apnsTokenFor('reset', 'ada')), /NGHTTP2_INTERNAL_ERROR/);
  await assert.rejects(send(session, {}, apnsTokenFor('lost', 'ada')), /NGHTTP2_INTERNAL_ERROR/);
  assert.equal(apns.counts().accepted, 1);
  const said = once(session, 'goaway');
  await assert.rejects(send(session, {}, apnsTokenFor('goaway', 'ada')), /NGHTTP2_REFUSED_STREAM/);
  const [, , text] = await said;
  assert.equal(String(text), '{"reason":"Shutdown"}');
});

test('HTTP/1.1 is not supported', async (t) => {
  const { apns } = await connected(t);
  await assert.rejects(fetch(`${apns.url}/3/device/${ADA}`, { method: 'POST', body: '{}' }));
});

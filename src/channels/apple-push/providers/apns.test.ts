// Every row of messaging-objects.md §3.4, and answers that are in no row.
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http2';
import test from 'node:test';
import fc from 'fast-check';
import type { Push } from '../../push/sender.ts';
import type { RenderedApplePush } from '../render.ts';
import { type ApnsReading, buildHeaders, outcomeWithoutCall, readReply } from './apns.ts';

const now = new Date('2026-03-15T12:00:00Z');
const registeredAt = new Date('2026-03-01T00:00:00Z');
const facts = { token: 'ab12', registeredAt, now };

function read(status: number, body: unknown, headers: IncomingHttpHeaders = {}, token = facts.token): ApnsReading {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readReply({ status, headers, body: Buffer.from(text) }, { ...facts, token });
}

type Rest = Omit<ApnsReading, 'outcome'>;
const bounced = (reason: string, token: 'remove' | 'suspect' | 'keep', rest: Rest = {}): ApnsReading => ({
  outcome: { kind: 'bounced', reason, token },
  ...rest,
});
const failed = (reason: string): ApnsReading => ({ outcome: { kind: 'failed', reason } });
const misconfigured = (reason: string, rest: Rest = {}): ApnsReading => ({
  outcome: { kind: 'config_error', reason },
  ...rest,
});
const retry = (reason: string, rest: Rest = {}): ApnsReading => ({ outcome: { kind: 'retry', reason }, ...rest });

const rows: [status: number, reason: string, ApnsReading][] = [
  [400, 'BadDeviceToken', bounced('BadDeviceToken', 'suspect', { remedy: 'other_host' })],
  [400, 'DeviceTokenNotForTopic', bounced('DeviceTokenNotForTopic', 'suspect')],
  [400, 'MissingDeviceToken', bounced('MissingDeviceToken', 'remove')],
  [400, 'PayloadEmpty', failed('PayloadEmpty')],
  [400, 'BadCollapseId', failed('BadCollapseId')],
  [400, 'BadExpirationDate', failed('BadExpirationDate')],
  [400, 'BadMessageId', failed('BadMessageId')],
  [400, 'BadPriority', failed('BadPriority')],
  [400, 'InvalidPushType', failed('InvalidPushType')],
  [400, 'DuplicateHeaders', failed('DuplicateHeaders')],
  [400, 'BadTopic', misconfigured('BadTopic')],
  [400, 'MissingTopic', misconfigured('MissingTopic')],
  [400, 'TopicDisallowed', misconfigured('TopicDisallowed')],
  [400, 'IdleTimeout', retry('IdleTimeout', { retiresConnection: true })],
  [403, 'ExpiredProviderToken', misconfigured('ExpiredProviderToken', { remedy: 'new_token' })],
  [403, 'InvalidProviderToken', misconfigured('InvalidProviderToken', { remedy: 'new_token' })],
  [403, 'MissingProviderToken', misconfigured('MissingProviderToken', { remedy: 'new_token' })],
  [
    403,
    'UnrelatedKeyIdInToken',
    misconfigured('UnrelatedKeyIdInToken', { remedy: 'new_connection', retiresConnection: true }),
  ],
  [403, 'BadEnvironmentKeyIdInToken', misconfigured('BadEnvironmentKeyIdInToken')],
  [403, 'BadCertificate', misconfigured('BadCertificate')],
  [403, 'BadCertificateEnvironment', misconfigured('BadCertificateEnvironment')],
  [403, 'Forbidden', misconfigured('Forbidden')],
  [404, 'BadPath', failed('BadPath')],
  [405, 'MethodNotAllowed', failed('MethodNotAllowed')],
  [410, 'Unregistered', bounced('Unregistered', 'remove')],
  [410, 'ExpiredToken', bounced('ExpiredToken', 'remove')],
  [413, 'PayloadTooLarge', failed('PayloadTooLarge')],
  [429, 'TooManyRequests', retry('TooManyRequests')],
  [
    429,
    'TooManyProviderTokenUpdates',
    { outcome: { kind: 'retry', reason: 'TooManyProviderTokenUpdates', slows: 'account' }, holdsToken: true },
  ],
  [500, 'InternalServerError', retry('InternalServerError')],
  [503, 'ServiceUnavailable', retry('ServiceUnavailable')],
  [503, 'Shutdown', retry('Shutdown', { retiresConnection: true })],
];

for (const [status, reason, reading] of rows) {
  test(`APNs: ${status} ${reason}`, () => assert.deepEqual(read(status, { reason }), reading));
}

const others: [string, ApnsReading, ApnsReading][] = [
  ['success', read(200, '', { 'apns-id': 'id-1' }), { outcome: { kind: 'accepted', providerId: 'id-1' } }],
  ['success without an id', read(200, ''), { outcome: { kind: 'accepted', providerId: null } }],
  ['BadPath for a token that is not hex', read(404, { reason: 'BadPath' }, {}, 'a/b'), bounced('BadPath', 'remove')],
  [
    'Unregistered before the token was registered again',
    read(410, { reason: 'Unregistered', timestamp: registeredAt.getTime() - 1 }),
    bounced('Unregistered', 'keep'),
  ],
  [
    'Unregistered at the moment of its registration',
    read(410, { reason: 'Unregistered', timestamp: registeredAt.getTime() }),
    bounced('Unregistered', 'remove'),
  ],
  [
    'Unregistered at a time that is none',
    read(410, { reason: 'Unregistered', timestamp: 'x' }),
    bounced('Unregistered', 'remove'),
  ],
  [
    'Retry-After',
    read(429, { reason: 'TooManyRequests' }, { 'retry-after': '7' }),
    { outcome: { kind: 'retry', reason: 'TooManyRequests', afterMs: 7_000 } },
  ],
  [
    'Retry-After of an answer that is final',
    read(413, { reason: 'PayloadTooLarge' }, { 'retry-after': '7' }),
    failed('PayloadTooLarge'),
  ],
  ['a new reason under 400', read(400, { reason: 'BadMood' }), failed('400 BadMood')],
  ['a new reason under 403', read(403, { reason: 'BadMood' }), misconfigured('403 BadMood')],
  ['a new reason under 503', read(503, { reason: 'BadMood' }), retry('503 BadMood')],
  ['404 without a reason', read(404, ''), failed('404')],
  ['410 that says nothing', read(410, '<html>'), bounced('410', 'suspect')],
  ['429 without a reason', read(429, ''), retry('429')],
  ['502 of something between', read(502, '<html>'), retry('502')],
  ['a reason that is a member of every object', read(400, { reason: 'constructor' }), failed('400 constructor')],
  ['a reason that is no word is not told', read(400, { reason: 'a secret\nline' }), failed('400')],
  ['202', read(202, ''), { outcome: { kind: 'unknown', reason: 'unexpected_reply' } }],
  ['sent elsewhere', read(301, ''), misconfigured('301')],
];

for (const [what, reading, expected] of others) {
  test(`APNs: ${what}`, () => assert.deepEqual(reading, expected));
}

test('every answer of APNs has an outcome', () => {
  const reason = fc.oneof(fc.constantFrom(...rows.map(([, word]) => word)), fc.string(), fc.jsonValue());
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.record({ reason, timestamp: fc.jsonValue() }).map((value) => Buffer.from(JSON.stringify(value))),
  );
  const headers = fc.record({ 'retry-after': fc.string(), 'apns-id': fc.string() }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), headers, body, fc.string(), (status, given, bytes, token) => {
      const { outcome } = readReply({ status, headers: given, body: bytes }, { ...facts, token });
      assert.ok(typeof outcome.kind === 'string');
      assert.equal(outcome.kind === 'accepted', status === 200);
    }),
    { numRuns: 500 },
  );
});

const push: Push<RenderedApplePush> = {
  token: 'AB12',
  registeredAt,
  environment: null,
  pushId: '00000000-0000-4000-8000-000000000001',
  acceptedAt: now,
  rendered: {
    title: null,
    body: 'x',
    headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-expiration': '1775001600' },
    payload: { aps: { alert: { body: 'x' } } },
  },
};
const envelope = { prefix: '', topic: 'com.acme.app', jwt: 'JWT' };
const withHeaders = (more: Record<string, string>) => ({
  ...push,
  rendered: { ...push.rendered, headers: { ...push.rendered.headers, ...more } },
});

test('the headers are those of the table', () => {
  assert.deepEqual(buildHeaders(withHeaders({ 'apns-collapse-id': 'c' }), envelope), {
    ':method': 'POST',
    ':path': '/3/device/AB12',
    authorization: 'bearer JWT',
    'apns-topic': 'com.acme.app',
    'apns-id': push.pushId,
    'apns-push-type': 'alert',
    'apns-priority': '10',
    'apns-expiration': '1775001600',
    'apns-collapse-id': 'c',
  });
});

test('a token stays one segment of the path, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (token) => {
      const path = String(buildHeaders({ ...push, token }, envelope)[':path']);
      assert.match(path, /^\/3\/device\/[\w.!~*'()%-]*$/);
    }),
  );
});

test('a collapse id is sent as UTF-8, without the surrounding spaces that HTTP/2 forbids', () => {
  const headers = buildHeaders(withHeaders({ 'apns-collapse-id': ' grüße an alle ' }), envelope);
  assert.equal(Buffer.from(headers['apns-collapse-id'] ?? '', 'latin1').toString(), 'grüße an alle');
});

test('no call is made for an empty token, a collapse id with a control character or an expired message', () => {
  assert.deepEqual(outcomeWithoutCall({ ...push, token: '' }, now), {
    kind: 'bounced',
    reason: 'MissingDeviceToken',
    token: 'remove',
  });
  assert.deepEqual(outcomeWithoutCall(withHeaders({ 'apns-collapse-id': 'a\0x-y\0z' }), now), {
    kind: 'failed',
    reason: 'BadCollapseId',
  });
  const at = String(now.getTime() / 1_000);
  assert.deepEqual(outcomeWithoutCall(withHeaders({ 'apns-expiration': at }), now), { kind: 'expired' });
  assert.equal(outcomeWithoutCall(withHeaders({ 'apns-expiration': '0' }), now), null);
  assert.equal(outcomeWithoutCall(push, now), null);
});

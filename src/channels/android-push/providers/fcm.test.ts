// Every row of messaging-objects.md §2.4, and answers that are in no row.
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http2';
import test from 'node:test';
import fc from 'fast-check';
import type { Push } from '../../push/sender.ts';
import type { RenderedAndroidPush } from '../render.ts';
import { buildBody, type FcmReading, readReply } from './fcm.ts';

const now = new Date('2026-03-15T12:00:00Z');
type Json = Record<string, unknown>;

function read(status: number, body: unknown, headers: IncomingHttpHeaders = {}): FcmReading {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readReply({ status, headers, body: Buffer.from(text) }, now);
}

const detail = (errorCode: string) => ({ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode });
const violation = (field: string) => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field, description: 'x' }],
});
const error = (more: Json, ...details: object[]) => ({ error: { code: 0, message: 'm', ...more, details } });
const page = '<html><title>Error 404 (Not Found)</title></html>';
const tokenText = 'The registration token is not a valid FCM registration token';

const rows: [string, status: number, body: unknown, FcmReading, headers?: IncomingHttpHeaders][] = [
  [
    'success',
    200,
    { name: 'projects/p/messages/1' },
    { outcome: { kind: 'accepted', providerId: 'projects/p/messages/1' } },
  ],
  ['UNREGISTERED', 404, error({ status: 'NOT_FOUND' }, detail('UNREGISTERED')), bounced('UNREGISTERED', 'remove')],
  ['NOT_FOUND without a detail', 404, error({ status: 'NOT_FOUND' }), bounced('UNREGISTERED', 'remove')],
  ['NOT_FOUND under another status', 410, error({ status: 'NOT_FOUND' }), bounced('UNREGISTERED', 'remove')],
  ['404 that is none of Google', 404, page, bounced('not_found', 'suspect')],
  ['404 without a body', 404, '', bounced('not_found', 'suspect')],
  ['SENDER_ID_MISMATCH', 403, error({}, detail('SENDER_ID_MISMATCH')), bounced('SENDER_ID_MISMATCH', 'suspect')],
  [
    'INVALID_ARGUMENT, text names the token',
    400,
    error({ message: tokenText, status: 'INVALID_ARGUMENT' }, detail('INVALID_ARGUMENT')),
    bounced('INVALID_ARGUMENT token', 'suspect'),
  ],
  [
    'INVALID_ARGUMENT, field is the token',
    400,
    error({ message: 'Invalid value' }, detail('INVALID_ARGUMENT'), violation('message.token')),
    bounced('INVALID_ARGUMENT token', 'suspect'),
  ],
  [
    'INVALID_ARGUMENT, another field',
    400,
    error({}, violation('message.data')),
    failed('INVALID_ARGUMENT message.data'),
  ],
  [
    'INVALID_ARGUMENT, message too big, with an FcmError',
    400,
    error({ message: 'Android message is too big' }, detail('INVALID_ARGUMENT')),
    failed('INVALID_ARGUMENT'),
  ],
  ['400 without anything', 400, '', failed('INVALID_ARGUMENT')],
  ['QUOTA_EXCEEDED', 429, error({}, detail('QUOTA_EXCEEDED')), quota(60_000)],
  ['QUOTA_EXCEEDED, Retry-After', 429, error({}, detail('QUOTA_EXCEEDED')), quota(7_000), { 'retry-after': '7' }],
  ['429 without a detail', 429, error({ status: 'RESOURCE_EXHAUSTED' }), quota(60_000)],
  ['UNAVAILABLE', 503, error({}, detail('UNAVAILABLE')), retry('UNAVAILABLE')],
  [
    'UNAVAILABLE, Retry-After as a date',
    503,
    error({}, detail('UNAVAILABLE')),
    retry('UNAVAILABLE', 90_000),
    { 'retry-after': 'Sun, 15 Mar 2026 12:01:30 GMT' },
  ],
  ['UNAVAILABLE, Retry-After of two days', 503, '', retry('UNAVAILABLE', 3_600_000), { 'retry-after': '172800' }],
  ['UNAVAILABLE, Retry-After that is none', 503, page, retry('UNAVAILABLE'), { 'retry-after': 'soon' }],
  ['INTERNAL', 500, error({}, detail('INTERNAL')), retry('INTERNAL')],
  ['500 without a detail', 500, page, retry('INTERNAL')],
  ['THIRD_PARTY_AUTH_ERROR', 401, error({}, detail('THIRD_PARTY_AUTH_ERROR')), misconfigured('THIRD_PARTY_AUTH_ERROR')],
  [
    'UNAUTHENTICATED',
    401,
    error({ status: 'UNAUTHENTICATED' }),
    { ...misconfigured('UNAUTHENTICATED'), renewsToken: true },
  ],
  ['plain 401', 401, '', { ...misconfigured('UNAUTHENTICATED'), renewsToken: true }],
  ['PERMISSION_DENIED', 403, error({ status: 'PERMISSION_DENIED' }), misconfigured('PERMISSION_DENIED')],
  ['403 without FcmError', 403, page, misconfigured('PERMISSION_DENIED')],
  ['UNSPECIFIED_ERROR', 400, error({}, detail('UNSPECIFIED_ERROR')), failed('UNSPECIFIED_ERROR')],
  ['other 4xx', 418, '', failed('418')],
  ['other 5xx', 502, page, retry('502')],
  ['a code that is not known', 504, error({ status: 'DEADLINE_EXCEEDED' }, detail('NEW_CODE')), retry('504 NEW_CODE')],
  ['a code that is a member of every object', 409, error({}, detail('constructor')), failed('409 constructor')],
  ['a reason that is no word is not told', 409, error({ status: 'a secret\nline' }), failed('409')],
  ['success without a name', 200, {}, { outcome: { kind: 'unknown', reason: 'unexpected_reply' } }],
  ['success that is no JSON', 200, page, { outcome: { kind: 'unknown', reason: 'unexpected_reply' } }],
  ['sent elsewhere', 302, '', misconfigured('302')],
  ['details that are no list', 403, { error: { details: 'x' } }, misconfigured('PERMISSION_DENIED')],
  ['an error that is a text', 503, { error: 'x' }, retry('UNAVAILABLE')],
];

for (const [what, status, body, reading, headers] of rows) {
  test(`FCM: ${what} (${status})`, () => assert.deepEqual(read(status, body, headers), reading));
}

function bounced(reason: string, token: 'remove' | 'suspect'): FcmReading {
  return { outcome: { kind: 'bounced', reason, token } };
}

function failed(reason: string): FcmReading {
  return { outcome: { kind: 'failed', reason } };
}

function misconfigured(reason: string): FcmReading {
  return { outcome: { kind: 'config_error', reason } };
}

function retry(reason: string, afterMs?: number): FcmReading {
  return { outcome: { kind: 'retry', reason, ...(afterMs !== undefined && { afterMs }) } };
}

function quota(afterMs: number): FcmReading {
  return { outcome: { kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs, slows: 'account' } };
}

test('every answer of FCM has an outcome', () => {
  const shaped = fc.record(
    {
      error: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            status: fc.oneof(fc.string(), fc.jsonValue()),
            message: fc.jsonValue(),
            details: fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.jsonValue(), fc.constant(detail('UNREGISTERED'))))),
          },
          { requiredKeys: [] },
        ),
      ),
      name: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    shaped.map((value) => Buffer.from(JSON.stringify(value))),
  );
  const headers = fc.record({ 'retry-after': fc.string() }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), headers, body, (status, given, bytes) => {
      const { outcome } = readReply({ status, headers: given, body: bytes }, now);
      assert.ok(typeof outcome.kind === 'string');
      if (outcome.kind === 'retry') assert.ok((outcome.afterMs ?? 0) >= 0 && (outcome.afterMs ?? 0) <= 3_600_000);
      if (outcome.kind === 'accepted') assert.ok(status >= 200 && status < 300);
    }),
    { numRuns: 500 },
  );
});

test('an answer that is nested as deeply as possible still has an outcome', () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);
  for (const body of [`{"error":${deep}}`, `{"error":{"details":[{"@type":${deep}}],"status":${deep}}}`])
    assert.deepEqual(read(503, body), retry('UNAVAILABLE'));
});

const push: Push<RenderedAndroidPush> = {
  token: 'tok',
  registeredAt: now,
  environment: null,
  pushId: '00000000-0000-4000-8000-000000000001',
  acceptedAt: now,
  rendered: {
    title: 'Title',
    body: 'Body',
    message: {
      data: { _ab: 'true', t: 'Title', a: 'Body' },
      android: { priority: 'HIGH', ttl: '60s', collapse_key: 'k' },
    },
  },
};
const withData = (more: Record<string, string>): Push<RenderedAndroidPush> => ({
  ...push,
  rendered: {
    ...push.rendered,
    message: { ...push.rendered.message, data: { ...push.rendered.message.data, ...more } },
  },
});
const bodyOf = (style: 'data' | 'notification', one = push, channelId?: string) =>
  JSON.parse(buildBody({ style, channelId }, one, 50) ?? 'null')?.message;

test('data style: the rendered data with `mid`, the rest of the time to live, and no notification', () => {
  assert.deepEqual(bodyOf('data'), {
    token: 'tok',
    data: { _ab: 'true', t: 'Title', a: 'Body', mid: push.pushId },
    android: { priority: 'HIGH', ttl: '50s', collapse_key: 'k' },
  });
});

test('what the app adds counts: its notification has the texts again, and its channel is one more key', () => {
  const room = 4_096 - 36 - 3 - 'a_abTitletBodytruemid'.length + 'mid'.length;
  const half = withData({ a: 'x'.repeat(2_100) });
  assert.ok(bodyOf('data', half));
  assert.equal(buildBody({ style: 'notification', channelId: undefined }, half, 50), null);
  const full = withData({ a: 'x'.repeat(room) });
  assert.ok(bodyOf('data', full));
  assert.equal(buildBody({ style: 'data', channelId: 'general' }, full, 50), null);
  assert.equal(buildBody({ style: 'data', channelId: undefined }, withData({ a: 'x'.repeat(room + 40) }), 50), null);
  assert.ok(bodyOf('notification', withData({ a: 'x'.repeat(1_900) })));
});

test("messages that name no notification channel get the app's", () => {
  assert.equal(bodyOf('data', push, 'general').data.ab_nc, 'general');
  assert.equal(bodyOf('data', withData({ ab_nc: 'news' }), 'general').data.ab_nc, 'news');
});

test('notification style: the texts that Android draws are sent a second time, as a notification', () => {
  const { notification } = bodyOf(
    'notification',
    withData({
      ab_nc: 'news',
      p: '-2',
      sd: 'd',
      n: '-7',
      ac: '-1',
      extra: '{"appboy_image_url":"https://x.example/i.png","k":1}',
    }),
  ).android;
  assert.deepEqual(notification, {
    title: 'Title',
    body: 'Body',
    channel_id: 'news',
    notification_priority: 'PRIORITY_MIN',
    default_sound: true,
    tag: '-7',
    color: '#ffffff',
    image: 'https://x.example/i.png',
  });
  assert.deepEqual(
    bodyOf('notification', withData({ sd: 'android.resource://pkg/raw/bell', ac: '255' })).android.notification,
    {
      title: 'Title',
      body: 'Body',
      sound: 'bell',
      color: '#0000ff',
    },
  );
});

for (const [p, name] of [
  ['-2', 'PRIORITY_MIN'],
  ['-1', 'PRIORITY_LOW'],
  ['0', 'PRIORITY_DEFAULT'],
  ['1', 'PRIORITY_HIGH'],
  ['2', 'PRIORITY_MAX'],
] as const) {
  test(`priority ${p} is ${name}`, () =>
    assert.equal(bodyOf('notification', withData({ p })).android.notification.notification_priority, name));
}

test('a silent message has no notification in either style', () => {
  const silent = {
    ...push,
    rendered: { ...push.rendered, message: { data: { _ab: 'true' }, android: { ttl: '60s' } } },
  };
  assert.equal('notification' in bodyOf('notification', silent).android, false);
});

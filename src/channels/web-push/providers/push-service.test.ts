import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { PushOutcome } from '../../push/sender.ts';
import { readReply, requestHeaders } from './push-service.ts';

const now = new Date('2026-03-15T12:00:00Z');
const retryAfter = (value: string) => ({ 'retry-after': value });

/** Every answer in the table of messaging-objects.md §5.4. */
const table: [number, Record<string, string>, PushOutcome][] = [
  [201, { location: 'https://push.example.com/m/1' }, { kind: 'accepted', providerId: 'https://push.example.com/m/1' }],
  [201, {}, { kind: 'accepted', providerId: null }],
  [200, {}, { kind: 'accepted', providerId: null }],
  [202, {}, { kind: 'accepted', providerId: null }],
  [404, {}, { kind: 'bounced', reason: '404', token: 'remove' }],
  [410, {}, { kind: 'bounced', reason: '410', token: 'remove' }],
  [400, {}, { kind: 'failed', reason: '400' }],
  [401, {}, { kind: 'bounced', reason: '401', token: 'suspect' }],
  [403, {}, { kind: 'bounced', reason: '403', token: 'suspect' }],
  [413, {}, { kind: 'failed', reason: '413' }],
  [429, {}, { kind: 'retry', reason: '429' }],
  [429, retryAfter('7'), { kind: 'retry', reason: '429', afterMs: 7_000 }],
  [429, retryAfter('Sun, 15 Mar 2026 12:01:00 GMT'), { kind: 'retry', reason: '429', afterMs: 60_000 }],
  [429, retryAfter('86400'), { kind: 'retry', reason: '429', afterMs: 3_600_000 }],
  [429, retryAfter('soon'), { kind: 'retry', reason: '429' }],
  [500, {}, { kind: 'retry', reason: '500' }],
  [503, retryAfter('120'), { kind: 'retry', reason: '503', afterMs: 120_000 }],
  [599, {}, { kind: 'retry', reason: '599' }],
  [301, { location: 'https://elsewhere.example.com/' }, { kind: 'failed', reason: '301' }],
  [302, {}, { kind: 'failed', reason: '302' }],
  [307, {}, { kind: 'failed', reason: '307' }],
  [308, {}, { kind: 'failed', reason: '308' }],
  [402, {}, { kind: 'failed', reason: '402' }],
  [408, {}, { kind: 'retry', reason: '408' }],
  [418, {}, { kind: 'failed', reason: '418' }],
];
for (const [status, headers, outcome] of table) {
  test(`${status} ${JSON.stringify(headers)} means ${outcome.kind}`, () => {
    assert.deepEqual(readReply({ status, headers, body: Buffer.alloc(0) }, now, 'push.example.com'), outcome);
  });
}

test('every answer has an outcome', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.dictionary(fc.constantFrom('location', 'retry-after'), fc.string()),
      (status, headers) => {
        assert.ok(readReply({ status, headers, body: Buffer.alloc(0) }, now, 'push.example.com').kind);
      },
    ),
  );
});

const said: [number, string, PushOutcome][] = [
  [403, '{"reason":"BadJwtToken"}', { kind: 'config_error', reason: '403 BadJwtToken' }],
  [403, '{"reason":"ExpiredJwtToken"}', { kind: 'config_error', reason: '403 ExpiredJwtToken' }],
  [403, 'invalid JWT provided', { kind: 'config_error', reason: '403 signature refused' }],
  [
    401,
    '{"errno":109,"error":"Unauthorized","message":"Invalid VAPID token"}',
    { kind: 'config_error', reason: '401 Unauthorized' },
  ],
  [401, 'The authorization header is missing', { kind: 'config_error', reason: '401 signature refused' }],
  [403, '{"reason":"VapidPkHashMismatch"}', { kind: 'bounced', reason: '403', token: 'suspect' }],
  [
    403,
    'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.',
    { kind: 'bounced', reason: '403', token: 'suspect' },
  ],
  [401, '{"message":"VAPID public key mismatch"}', { kind: 'bounced', reason: '401', token: 'suspect' }],
  [403, '<html>Forbidden</html>', { kind: 'bounced', reason: '403', token: 'suspect' }],
  [410, '{"reason":"BadJwtToken"}', { kind: 'bounced', reason: '410', token: 'remove' }],
];
for (const [status, text, outcome] of said) {
  test(`${status} with ${text} means ${outcome.kind}`, () => {
    assert.deepEqual(readReply({ status, headers: {}, body: Buffer.from(text) }, now, 'push.example.com'), outcome);
  });
}

const WINDOWS = 'db5p.notify.windows.com';
test("Windows' push service throttles with 406, and is told whether to keep a message", () => {
  const reply = { status: 406, headers: retryAfter('30'), body: Buffer.alloc(0) };
  const retry = { kind: 'retry', reason: '406', afterMs: 30_000 };
  assert.deepEqual(readReply(reply, now, WINDOWS), retry);
  assert.deepEqual(readReply(reply, now, 'push.example.com'), retry);
  assert.deepEqual(readReply({ ...reply, headers: {} }, now, WINDOWS), { kind: 'retry', reason: '406' });
  assert.deepEqual(readReply({ ...reply, headers: {} }, now, 'push.example.com'), { kind: 'failed', reason: '406' });
  const policy = (host: string, ttlS: number) =>
    requestHeaders({ ttlS, urgency: 'normal', authorization: 'a', host })['x-wns-cache-policy'];
  assert.equal(policy(WINDOWS, 60), 'cache');
  assert.equal(policy(WINDOWS, 0), 'no-cache');
  assert.equal(policy('notify.windows.com.example', 60), undefined);
  assert.equal(policy('push.example.com', 60), undefined);
});

test('a request states its time to live, its urgency and its encoding', () => {
  assert.deepEqual(
    requestHeaders({ ttlS: 60, urgency: 'normal', authorization: 'vapid t=a, k=b', host: 'push.example.com' }),
    {
      ttl: '60',
      urgency: 'normal',
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      authorization: 'vapid t=a, k=b',
    },
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { PushOutcome } from '../../push/sender.ts';
import { readReply, readTokenReply } from './adm.ts';

const now = new Date('2026-03-15T12:00:00Z');
const body = (value: unknown) => Buffer.from(JSON.stringify(value));
const failed = (reason: string): PushOutcome => ({ kind: 'failed', reason });
const id = { 'x-amzn-requestid': 'r-1' };

/** Every row of the table in messaging-objects.md §4.4. */
const table: [number, Record<string, string>, unknown, PushOutcome][] = [
  [200, id, { registrationID: 'amzn1.a' }, { kind: 'accepted', providerId: 'r-1' }],
  [200, id, { registrationID: 'amzn1.b' }, { kind: 'accepted', providerId: 'r-1', newToken: 'amzn1.b' }],
  [200, {}, { registrationID: '' }, { kind: 'accepted', providerId: null }],
  [200, {}, { registrationID: 'x'.repeat(2_049) }, { kind: 'accepted', providerId: null }],
  [200, {}, [], { kind: 'accepted', providerId: null }],
  [400, {}, { reason: 'Unregistered' }, { kind: 'bounced', reason: 'Unregistered', token: 'remove' }],
  [400, {}, { reason: 'InvalidRegistrationId' }, { kind: 'bounced', reason: 'InvalidRegistrationId', token: 'remove' }],
  [400, {}, { reason: 'InvalidData' }, failed('InvalidData')],
  [400, {}, { reason: 'InvalidConsolidationKey' }, failed('InvalidConsolidationKey')],
  [400, {}, { reason: 'InvalidExpiration' }, failed('InvalidExpiration')],
  [400, {}, { reason: 'InvalidChecksum' }, failed('InvalidChecksum')],
  [400, {}, { reason: 'InvalidType' }, failed('InvalidType')],
  [400, {}, { reason: 'a secret <b>text</b>' }, failed('400')],
  [400, {}, null, failed('400')],
  [401, {}, { reason: 'AccessTokenExpired' }, { kind: 'config_error', reason: 'AccessTokenExpired' }],
  [401, {}, {}, { kind: 'config_error', reason: '401' }],
  [413, {}, { reason: 'MessageTooLarge' }, failed('MessageTooLarge')],
  [429, {}, { reason: 'MaxRateExceeded' }, { kind: 'retry', reason: 'MaxRateExceeded', slows: 'account' }],
  [429, { 'retry-after': '5' }, {}, { kind: 'retry', reason: '429', afterMs: 5_000, slows: 'account' }],
  [500, {}, {}, { kind: 'retry', reason: '500' }],
  [503, { 'retry-after': '120' }, {}, { kind: 'retry', reason: '503', afterMs: 120_000 }],
  [503, { 'retry-after': 'Sun, 15 Mar 2026 12:00:30 GMT' }, {}, { kind: 'retry', reason: '503', afterMs: 30_000 }],
  [404, {}, { reason: 'Unregistered' }, failed('Unregistered')],
  [302, { location: 'https://elsewhere.example.com' }, {}, failed('302')],
];
for (const [status, headers, content, outcome] of table) {
  test(`${status} ${JSON.stringify(content)?.slice(0, 60)} means ${outcome.kind}`, () => {
    assert.deepEqual(readReply({ status, headers, body: body(content) }, { registrationId: 'amzn1.a', now }), outcome);
  });
}

const tokenTable: [number, Record<string, string>, unknown, ReturnType<typeof readTokenReply>][] = [
  [200, {}, { access_token: 'Atc|x', expires_in: 3600 }, { ok: true, accessToken: 'Atc|x', expiresInS: 3600 }],
  [200, {}, { access_token: 'Atc|x' }, { ok: true, accessToken: 'Atc|x', expiresInS: 3600 }],
  [200, {}, { access_token: 'a\r\nb: c' }, { ok: false, outcome: { kind: 'retry', reason: 'token unreadable' } }],
  [200, {}, 'x', { ok: false, outcome: { kind: 'retry', reason: 'token unreadable' } }],
  [
    400,
    {},
    { error: 'invalid_scope', error_description: 'long' },
    { ok: false, outcome: { kind: 'config_error', reason: 'token invalid_scope' } },
  ],
  [
    401,
    {},
    { error: 'invalid_client' },
    { ok: false, outcome: { kind: 'config_error', reason: 'token invalid_client' } },
  ],
  [404, {}, null, { ok: false, outcome: { kind: 'config_error', reason: 'token 404' } }],
  [429, { 'retry-after': '9' }, {}, { ok: false, outcome: { kind: 'retry', reason: 'token 429', afterMs: 9_000 } }],
  [500, {}, { error: 'ServerError' }, { ok: false, outcome: { kind: 'retry', reason: 'token ServerError' } }],
];
for (const [status, headers, content, reading] of tokenTable) {
  test(`the token endpoint answers ${status} ${JSON.stringify(content)}`, () => {
    assert.deepEqual(readTokenReply({ status, headers, body: body(content) }, now), reading);
  });
}

test('every answer has an outcome, which quotes nothing of its text', () => {
  const content = fc.oneof(
    fc.json(),
    fc.string(),
    fc.string().map((reason) => JSON.stringify({ reason, error: reason })),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 999 }), content, fc.string(), (status, text, retryAfter) => {
      const reply = { status, headers: { 'retry-after': retryAfter }, body: Buffer.from(text) };
      const outcome = readReply(reply, { registrationId: 'a', now });
      if ('reason' in outcome) assert.match(outcome.reason, /^\w+$/);
      readTokenReply(reply, now);
    }),
  );
});

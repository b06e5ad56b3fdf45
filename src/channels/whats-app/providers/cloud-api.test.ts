// What the Cloud API is asked, and what its answers mean: messaging-objects.md §8.4 and §8.5.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { buildBody, errorWords, readReply, requestHead } from './cloud-api.ts';

const now = new Date('2026-01-05T10:00:00Z');
const reply = (status: number, body: unknown, headers = {}) => ({
  ...{ status, headers },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const error = (code: number, more: object = {}) => ({
  error: { message: '(#1) Title', type: 'OAuthException', code, ...more },
});

test('the request: path, bearer token and body', () => {
  const settings = { phone_number_id: '1055', access_token: 'EAAB' };
  assert.deepEqual(requestHead(settings, '/proxy'), {
    path: '/proxy/v23.0/1055/messages',
    headers: { authorization: 'Bearer EAAB', 'content-type': 'application/json', accept: 'application/json' },
  });
  assert.equal(requestHead({ ...settings, version: 'v19.0' }, '').path, '/v19.0/1055/messages');
  const body = buildBody({ type: 'text', text: { body: 'Hi' } }, { to: '+525555550123', reference: 'ref' });
  assert.deepEqual(JSON.parse(body), {
    ...{ messaging_product: 'whatsapp', recipient_type: 'individual', to: '+525555550123' },
    ...{ type: 'text', text: { body: 'Hi' }, biz_opaque_callback_data: 'ref' },
  });
});

const accepted: [what: string, body: unknown, expected: object][] = [
  ['a message', { messages: [{ id: 'wamid.1' }] }, { providerId: 'wamid.1', isFoundById: true }],
  [
    'a template that is held',
    { messages: [{ id: 'wamid.1', message_status: 'held_for_quality_assessment' }] },
    { providerId: 'wamid.1', isFoundById: true, detail: 'held by Meta for a quality assessment of the template' },
  ],
  ['a body that is not JSON', '{"messages":[', { providerId: null }],
  ['a body without a message', { messages: [] }, { providerId: null }],
];
for (const [what, body, expected] of accepted)
  test(`200 with ${what} is accepted`, () => {
    assert.deepEqual(readReply(reply(200, body), now), { kind: 'accepted', ...expected });
  });

const failed = [
  ...[33, 100, 470, 130_472, 131_008, 131_009, 131_021, 131_026, 131_030, 131_047, 131_049, 131_051, 131_052, 131_053],
  ...[132_000, 132_001, 132_005, 132_007, 132_012, 132_015, 132_016, 132_068, 132_069, 999_999],
];
const ours = [0, 3, 10, 190, 200, 250, 299, 368, 130_497, 131_005, 131_031, 131_042, 131_045, 133_010];
const codes: [code: number, expected: object][] = [
  ...failed.map((code): [number, object] => [code, { kind: 'failed' }]),
  ...ours.map((code): [number, object] => [code, { kind: 'config_error' }]),
  ...[1, 2, 131_000, 131_016, 131_056, 131_057].map((code): [number, object] => [code, { kind: 'retry' }]),
  ...[4, 80_007, 130_429].map((code): [number, object] => [code, { kind: 'retry', afterMs: 5_000, slows: 'account' }]),
  [131_048, { kind: 'retry', afterMs: 3_600_000, slows: 'account' }],
  [131_050, { kind: 'failed', optsOut: true }],
];
for (const [code, expected] of codes)
  test(`error ${code}: ${JSON.stringify(expected)}, whatever the status`, () => {
    for (const status of [400, 401, 403, 429, 500])
      assert.deepEqual(readReply(reply(status, error(code)), now), { reason: String(code), ...expected });
  });

const bare: [status: number, headers: object, expected: object][] = [
  [500, {}, { kind: 'retry', reason: '500' }],
  [503, { 'retry-after': '7' }, { kind: 'retry', reason: '503', afterMs: 7_000 }],
  [408, {}, { kind: 'retry', reason: '408' }],
  [429, { 'retry-after': '7' }, { kind: 'retry', reason: '429', afterMs: 7_000, slows: 'account' }],
  [401, {}, { kind: 'config_error', reason: '401' }],
  [404, {}, { kind: 'config_error', reason: '404' }],
  [302, {}, { kind: 'config_error', reason: '302' }],
];
for (const [status, headers, expected] of bare)
  test(`${status} without an error of Meta's: ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(readReply(reply(status, '<html>', headers), now), expected);
  });

test("the words are Meta's details, without our token", () => {
  const details = 'More than 24 hours have passed for EAAB-secret';
  const answer = reply(400, error(131_047, { error_data: { messaging_product: 'whatsapp', details } }));
  assert.equal(errorWords(answer, ['EAAB-secret']), '131047 More than 24 hours have passed for (masked)');
  assert.equal(errorWords(reply(400, error(100)), []), '100 (#1) Title');
  assert.equal(errorWords(reply(502, '<h1>Bad</h1>'), []), '502 <h1>Bad</h1>');
});

test('no answer makes the reader throw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.json(), (status, body) => {
      assert.ok(readReply(reply(status, body), now).kind);
      errorWords(reply(status, body), []);
    }),
  );
});

// X-Hub-Signature-256: rows 3 and 34 of the traps of messages, with their values.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isSignedByMeta, signatureOf } from './signature.ts';

const SECRET = 'app-secret-1';
// Meta escapes what JSON.stringify does not, so the bytes count as they came.
const RAW =
  '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"x":"Zo\\u00eb \\ud83d\\ude00 a\\/b"}}]}]}';
const SIGNATURE = 'sha256=01d28db1158470efec526d09189689b5632a593cae20031fe94b813965bf86bf';

test('the signature is over the bytes as they came, not over JSON that was written again', () => {
  const again = JSON.stringify(JSON.parse(RAW));
  assert.ok(isSignedByMeta(Buffer.from(RAW), SIGNATURE, SECRET));
  assert.ok(!isSignedByMeta(Buffer.from(again), SIGNATURE, SECRET));
  assert.match(signatureOf(Buffer.from(again), SECRET), /^sha256=7a908c/);
});

for (const header of [
  undefined,
  '',
  'x',
  'sha256=zz',
  'sha256=',
  SIGNATURE.slice(0, -1),
  `${SIGNATURE}0`,
  SIGNATURE.slice(7),
])
  test(`${JSON.stringify(header)} is no signature`, () => {
    assert.equal(isSignedByMeta(Buffer.from(RAW), header, SECRET), false);
  });

test('another secret, and no secret, sign nothing', () => {
  for (const secret of ['app-secret-2', 'app-secret-1 ', ''])
    assert.equal(isSignedByMeta(Buffer.from(RAW), SIGNATURE, secret), false);
});

test('every body that is signed passes, and none in which a bit differs', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.string(), fc.nat(), (bytes, secret, at) => {
      const body = Buffer.from(bytes);
      const header = signatureOf(body, secret);
      assert.ok(isSignedByMeta(body, header, secret));
      body[at % body.length] = (body[at % body.length] ?? 0) ^ 1;
      assert.ok(!isSignedByMeta(body, header, secret));
    }),
  );
});

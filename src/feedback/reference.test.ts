import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { channelKeys } from '../channels/channel.ts';
import { dashed, v7 } from '../lib/uuid.ts';
import { readReference, signReference } from './reference.ts';

const secret = createSecretKey(Buffer.alloc(32, 1));
const other = createSecretKey(Buffer.alloc(32, 2));

const reference = fc.record(
  {
    workspaceId: fc.integer({ min: 1, max: 2 ** 20 - 1 }),
    bucket: fc.integer({ min: 0, max: 255 }),
    dispatchId: fc
      .date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true })
      .map((at) => dashed(v7(at))),
    userId: fc.integer({ min: 1, max: 2 ** 40 - 1 }),
    channel: fc.constantFrom(...channelKeys),
  },
  { noNullPrototype: true },
);

test('a reference is read as it was written, in either letter case, and by nobody with another secret', () => {
  fc.assert(
    fc.property(reference, (ref) => {
      const text = signReference(secret, ref);
      assert.match(text, /^[a-z2-7]{50}$/);
      assert.deepEqual(readReference(secret, text), ref);
      assert.deepEqual(readReference(secret, text.toUpperCase()), ref);
      assert.equal(readReference(other, text), null);
    }),
  );
});

test('a reference with one letter changed is refused', () => {
  fc.assert(
    fc.property(reference, fc.nat(49), fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'), (ref, at, letter) => {
      const text = signReference(secret, ref);
      const changed = text.slice(0, at) + letter + text.slice(at + 1);
      assert.equal(readReference(secret, changed) === null, changed !== text);
    }),
  );
});

test('any other text is refused', () => {
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => assert.equal(readReference(secret, text), null)));
  for (const text of ['', 'a'.repeat(50), 'a'.repeat(49), 'a'.repeat(51), `${'a'.repeat(49)}1`])
    assert.equal(readReference(secret, text), null, text);
});

test('what does not fit is not written', () => {
  const ref = {
    workspaceId: 1,
    bucket: 0,
    dispatchId: dashed(v7(new Date(0))),
    userId: 2 ** 40,
    channel: 'sms',
  } as const;
  assert.throws(() => signReference(secret, ref), /cannot hold 1099511627776/);
});

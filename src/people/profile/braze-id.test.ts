import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { brazeId, readBrazeId } from './braze-id.ts';

test('a braze id holds the second of creation, the bucket and the user id', () => {
  const id = brazeId(new Date('2020-06-17T20:01:33.385Z'), 0x45, 1234);
  assert.equal(id, '5eea769d45000000000004d2');
  assert.deepEqual(readBrazeId(id), { bucket: 0x45, userId: 1234, createdAtS: 0x5eea769d });
});

test('a braze id reads back as the parts it was made of', () => {
  const seconds = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(seconds, fc.integer({ min: 0, max: 255 }), fc.maxSafeNat(), (createdAtS, bucket, userId) => {
      const id = brazeId(new Date(createdAtS * 1000 + 999), bucket, userId);
      assert.match(id, /^[0-9a-f]{24}$/);
      assert.deepEqual(readBrazeId(id), { bucket, userId, createdAtS });
    }),
  );
});

test('a text that we did not make is no braze id', () => {
  for (const text of [
    '',
    '5eea769d45bb2e146741',
    'x'.repeat(24),
    '5eea769d4500000000000 4d2',
    `5eea769d45${'f'.repeat(14)}`,
  ]) {
    assert.equal(readBrazeId(text), null, text);
  }
  assert.deepEqual(readBrazeId('5EEA769D45000000000004D2')?.userId, 1234);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { Gathered } from './gathered.ts';

test('parts of any size are gathered in order, and nobody else’s bytes are changed', () => {
  const gathered = new Gathered();
  const around = Buffer.from('..first..');
  gathered.add(around.subarray(2, 7));
  for (const part of ['', ' second', '', ' t', 'h', 'ird']) gathered.add(Buffer.from(part));
  assert.equal(gathered.bytes.toString(), 'first second third');
  assert.equal(gathered.length, 18);
  assert.equal(around.toString(), '..first..');
});

test('the bytes are moved a few times only, however many parts of one octet come', () => {
  const gathered = new Gathered();
  const part = Buffer.from('x');
  const homes = new Set<unknown>();
  for (let n = 0; n < 1_048_576; n += 1) {
    gathered.add(part);
    homes.add(gathered.bytes.buffer);
  }
  assert.equal(gathered.length, 1_048_576);
  assert.ok(homes.size <= 15, `${homes.size}`); // from 256 octets to 1 MB by doubling
});

test('parts that grow the buffer by more than its double fit, too', () => {
  const gathered = new Gathered();
  for (const length of [1, 10_000, 1, 1_000_000]) gathered.add(Buffer.alloc(length, 'x'));
  assert.equal(gathered.bytes.toString(), 'x'.repeat(1_010_002));
});

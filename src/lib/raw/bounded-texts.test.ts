import assert from 'node:assert/strict';
import test from 'node:test';
import { bounded, shortened } from './bounded-texts.ts';

const texts = (count: number, text: string) => Array.from({ length: count }, () => text);

test('up to 100 texts are all kept', () => {
  for (const count of [0, 1, 100])
    assert.deepEqual(bounded(texts(count, 'a: is required')), texts(count, 'a: is required'));
});

test('of more than 100 texts, the first 100 and the number of the others are kept', () => {
  assert.deepEqual(bounded(texts(101, 'a')), [...texts(100, 'a'), 'and 1 more']);
  assert.deepEqual(bounded(texts(100_100, 'a')), [...texts(100, 'a'), 'and 100000 more']);
});

test('long texts fill at most 32 KB, counted in bytes; shorter ones that follow are dropped too', () => {
  const ascii = bounded([...texts(50, 'x'.repeat(1_000)), 'short']);
  assert.deepEqual(ascii, [...texts(32, 'x'.repeat(1_000)), 'and 19 more']);
  const wide = bounded(texts(50, 'é'.repeat(1_000)));
  assert.deepEqual(wide, [...texts(16, 'é'.repeat(1_000)), 'and 34 more']);
});

test('a text has at most 1,000 characters, and no character is cut in half', () => {
  assert.equal(shortened('x'.repeat(1_000)), 'x'.repeat(1_000));
  assert.equal(shortened('x'.repeat(1_001)), `${'x'.repeat(999)}…`);
  const cut = shortened(`${'x'.repeat(998)}😀😀`);
  assert.equal(cut.isWellFormed(), true);
  assert.equal(cut.length, 1_000);
  assert.deepEqual(bounded(['x'.repeat(4_000_000)]), [`${'x'.repeat(999)}…`]);
});

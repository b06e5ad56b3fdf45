import assert from 'node:assert/strict';
import test from 'node:test';
import { BoundedCache } from './bounded-cache.ts';

test('the values used last stay, within the bound in bytes', () => {
  const cache = new BoundedCache<string, string>({ mostBytes: 100 });
  cache.set('a', 'one', 40);
  cache.set('b', 'two', 40);
  assert.equal(cache.get('a'), 'one');
  cache.set('c', 'three', 30);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], ['one', undefined, 'three']);
  assert.equal(cache.sizeBytes, 70);
});

test('a value larger than the bound is not kept and displaces no other', () => {
  const cache = new BoundedCache<string, string>({ mostBytes: 100 });
  cache.set('a', 'one', 40);
  cache.set('b', 'two', 101);
  assert.deepEqual([cache.get('a'), cache.get('b')], ['one', undefined]);
  cache.set('a', 'larger', 101);
  assert.deepEqual([cache.get('a'), cache.sizeBytes], [undefined, 0], 'its old value is not kept either');
});

test('a value that replaces another is counted once', () => {
  const cache = new BoundedCache<string, number>({ mostBytes: 100, most: 2 });
  for (let n = 0; n < 50; n += 1) cache.set('a', n, 10);
  assert.deepEqual([cache.get('a'), cache.count, cache.sizeBytes], [49, 1, 10]);
});

test('the number of values has a limit, too', () => {
  const cache = new BoundedCache<number, number>({ mostBytes: 1_000, most: 3 });
  for (let n = 0; n < 10; n += 1) cache.set(n, n, 1);
  assert.deepEqual([cache.count, cache.get(6), cache.get(7)], [3, undefined, 7]);
});

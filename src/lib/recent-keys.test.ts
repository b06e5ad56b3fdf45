import assert from 'node:assert/strict';
import test from 'node:test';
import { RecentKeys } from './recent-keys.ts';

test('the last keys are known, and none of those before twice as many', () => {
  for (let last = 1; last <= 500; last += 1) {
    const keys = new RecentKeys<number>(100);
    assert.equal(keys.has(1), false);
    for (let key = 1; key <= last; key += 1) keys.add(key);
    for (let key = Math.max(1, last - 99); key <= last; key += 1) assert.ok(keys.has(key), `${key} after ${last}`);
    for (let key = 1; key <= last - 200; key += 1) assert.equal(keys.has(key), false, `${key} after ${last}`);
  }
});

test('a key that is asked for again and again stays', () => {
  const keys = new RecentKeys<string>(10);
  keys.add('kept');
  for (let other = 0; other < 1_000; other += 1) {
    keys.add(`other ${other}`);
    if (other % 9 === 0) assert.ok(keys.has('kept'), String(other));
  }
});

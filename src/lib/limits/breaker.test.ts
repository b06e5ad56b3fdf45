import assert from 'node:assert/strict';
import test from 'node:test';
import { Breaker } from './breaker.ts';

test('it opens after the given number of failures in a row, each time for longer', () => {
  const breaker = new Breaker(3);
  assert.deepEqual([breaker.note(true, 0), breaker.note(true, 0), breaker.note(false, 0)], [false, false, false]);
  assert.deepEqual([breaker.note(true, 0), breaker.note(true, 0), breaker.note(true, 0)], [false, false, true]);
  assert.equal(breaker.openUntil(9_999), 10_000);
  assert.equal(breaker.openUntil(10_000), 0);
  assert.equal(breaker.isHalfOpen, true);
  assert.equal(breaker.note(true, 5_000), false, 'failures of calls that were pending when it opened do not count');
  assert.equal(breaker.note(true, 10_000), true);
  assert.equal(breaker.openUntil(10_000), 30_000);
  for (let at = 30_000; at < 10_000_000; at = breaker.openUntil(at)) breaker.note(true, at);
  breaker.note(true, 10_000_000 + 300_000);
  assert.equal(breaker.openUntil(10_300_000) - 10_300_000, 300_000, 'five minutes at most');
});

test('the first success closes it', () => {
  const breaker = new Breaker(1);
  breaker.note(true, 0);
  breaker.note(false, 10_000);
  assert.equal(breaker.isHalfOpen, false);
  assert.equal(breaker.openUntil(0), 0);
  assert.equal(breaker.note(true, 10_000), true);
  assert.equal(breaker.openUntil(10_000), 20_000, 'the first rest is short again');
});

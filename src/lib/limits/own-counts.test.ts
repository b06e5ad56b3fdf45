import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { OwnCounts } from './own-counts.ts';

test('each caller has as many requests as the limit in a window, and then learns when the next one begins', () => {
  const clock = new TestClock('2026-03-15T12:00:00.500Z');
  const counts = new OwnCounts({ clock, windowMs: 60_000 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => counts.charge('ada', 2)),
    [null, null, 60, 60],
  );
  assert.equal(counts.charge('bob', 2), null);
  assert.equal(counts.charge('ada', 3), null, 'a refused request is not counted');
  clock.advance(59_499);
  assert.equal(counts.charge('ada', 3), 1);
  clock.advance(1);
  assert.equal(counts.charge('ada', 2), null);
  assert.equal(counts.charge('ada', 0), 60);
});

test('callers beyond the memory are forgotten, those who called longest ago first', () => {
  const counts = new OwnCounts({ clock: new TestClock(), windowMs: 60_000 });
  const name = (n: number) => `${'x'.repeat(950)}${n}`;
  const MANY = 10_000;
  for (let n = 0; n < MANY; n += 1) counts.charge(name(n), 1);
  assert.equal(counts.charge(name(MANY - 1), 1), 60);
  assert.equal(counts.charge(name(0), 1), null);
});

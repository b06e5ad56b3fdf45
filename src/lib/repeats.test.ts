import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { Repeats } from './repeats.ts';

test('a text counts as repeated for a minute after it was told, and not because others came', () => {
  const clock = new TestClock();
  const repeats = new Repeats(clock);
  assert.deepEqual(
    ['a', 'a', 'b', 'a'].map((text) => repeats.isRepeated(text)),
    [false, true, false, true],
  );
  clock.advance(59_999);
  assert.equal(repeats.isRepeated('a'), true);
  clock.advance(1);
  assert.deepEqual([repeats.isRepeated('a'), repeats.isRepeated('b')], [false, false]);
});

test('a flood of different texts takes no memory: after a thousand a minute the rest counts as repeated', () => {
  const repeats = new Repeats(new TestClock());
  const told = Array.from({ length: 3_000 }, (_, index) => repeats.isRepeated(String(index))).filter((is) => !is);
  assert.equal(told.length, 1_000);
});

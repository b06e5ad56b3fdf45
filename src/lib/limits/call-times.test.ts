import assert from 'node:assert/strict';
import test from 'node:test';
import { CallTimes, KEEP_MS } from './call-times.ts';

/** The number of calls that can be made at once. */
function takeAll(times: CallTimes, nowMs: number): number {
  let count = 0;
  while (times.take(nowMs)) count += 1;
  return count;
}

test('each call is made at its time, or soon after it', () => {
  const times = new CallTimes(100, false);
  times.add(1_000, 5);
  assert.deepEqual([takeAll(times, 999), times.nextMs], [0, 1_000]);
  assert.deepEqual([takeAll(times, 1_000), times.nextMs], [1, 1_100]);
  assert.equal(takeAll(times, 1_350), 3);
  times.add(1_500, 2);
  assert.equal(takeAll(times, 1_500), 2, 'one time of each reservation');
  assert.equal(takeAll(times, 9_000), 0, 'the rest is forfeited');
});

test('a time that is not used within two seconds is forfeited', () => {
  const times = new CallTimes(100, false);
  times.add(1_000, 10);
  assert.equal(times.lasting(1_000 + KEEP_MS), 10);
  assert.equal(times.lasting(1_000 + KEEP_MS + 1), 9);
  assert.equal(times.lasting(1_901 + KEEP_MS), 0);
  assert.equal(takeAll(times, 1_350 + KEEP_MS), 6);
  assert.equal(times.nextMs, null);
});

test('an early caller takes every time at once', () => {
  const times = new CallTimes(60_000, true);
  times.add(100_000, 2);
  assert.equal(takeAll(times, 0), 2);
});

test('times less than a microsecond apart are counted correctly', () => {
  const nowMs = Date.parse('2026-03-15T12:00:00.000Z');
  const times = new CallTimes(60_000 / 100_000_000, false);
  times.add(nowMs, 400_000);
  const taken = takeAll(times, nowMs + 120);
  assert.ok(Math.abs(taken - 200_000) <= 2, `${taken}`);
});

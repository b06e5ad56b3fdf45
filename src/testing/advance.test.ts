import assert from 'node:assert/strict';
import test from 'node:test';
import { advanceInOrder, MOST_EXACT_STOPS } from './advance.ts';
import { RunningClock } from './running-clock.ts';

const startsAt = new Date('2026-03-15T12:00:00Z');
const HOUR = 3_600_000;

/** Work that is due at these times, and what was done when. */
function givenWork(dueMs: readonly number[]) {
  const clock = new RunningClock(startsAt);
  const waiting = dueMs.map((ms) => startsAt.getTime() + ms);
  const late: number[] = [];
  let stops = 0;
  const way = {
    clock,
    nextWrite: () => null,
    async nextTask({ after, until }: { after: Date; until: Date }) {
      const next = Math.min(...waiting.filter((at) => at > after.getTime() && at <= until.getTime()));
      return Number.isFinite(next) ? new Date(next) : null;
    },
    async settle() {
      stops += 1;
      const now = clock.now().getTime();
      while (waiting[0] !== undefined && waiting[0] <= now) late.push(now - (waiting.shift() ?? now));
    },
  };
  return { way, late, stops: () => stops, left: () => waiting.length };
}

test('each time on the way is stopped at, and what is due after the end is not reached', async () => {
  const { way, late, left } = givenWork([HOUR, 2 * HOUR, 35 * HOUR, 37 * HOUR]);
  await advanceInOrder(way, 36 * HOUR);
  assert.equal(late.length, 3);
  assert.ok(
    late.every((ms) => ms < 1_000),
    String(late),
  ); // the clock runs meanwhile
  assert.equal(left(), 1);
  assert.ok(way.clock.now().getTime() >= startsAt.getTime() + 36 * HOUR);
});

test('of very many times the first are stopped at, and the rest is done in steps', async () => {
  const step = HOUR / 5_000;
  const { way, stops, left } = givenWork(Array.from({ length: 5_000 }, (_, index) => (index + 1) * step));
  await advanceInOrder(way, HOUR);
  assert.equal(left(), 0);
  assert.ok(stops() > MOST_EXACT_STOPS && stops() <= 2 * MOST_EXACT_STOPS + 2, String(stops()));
});

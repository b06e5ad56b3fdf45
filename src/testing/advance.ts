import type { RunningClock } from './running-clock.ts';

/** Most stops of one advance at exact times. From then on, each step is at least this part of the whole way. */
export const MOST_EXACT_STOPS = 1_000;

export interface Way {
  clock: RunningClock;
  /** The next delayed write. null: none waits. */
  nextWrite(): Date | null;
  /** The first time in which a task becomes due. null: none does. */
  nextTask(between: { after: Date; until: Date }): Promise<Date | null>;
  /** Waits until everything that is due is written and done. */
  settle(): Promise<void>;
}

/**
 * Moves the clock on, and stops wherever something becomes due until it is done: a jump would send a scheduled message hours
 * late, and it would have expired. What is due before a delayed write does not find what it writes, and what is due after it
 * does.
 */
export async function advanceInOrder(way: Way, ms: number): Promise<void> {
  const { clock } = way;
  const endMs = clock.now().getTime() + ms;
  await way.settle();
  for (let stops = 0; ; stops += 1) {
    const nowMs = clock.now().getTime();
    const leastMs = stops < MOST_EXACT_STOPS ? 1 : ms / MOST_EXACT_STOPS;
    const nextMs = Math.min(writeStop(way, nowMs), await taskStop(way, { nowMs, endMs, leastMs }));
    if (nextMs > endMs) break;
    // Times in the database are finer than those of a clock: without a step, the same one would come again.
    clock.advance(Math.max(1, nextMs - clock.now().getTime()));
    await way.settle();
  }
  clock.advance(Math.max(0, endMs - clock.now().getTime()));
  await way.settle();
}

/** A moment before the write, and then its time. */
function writeStop({ nextWrite }: Way, nowMs: number): number {
  const dueMs = nextWrite()?.getTime() ?? Number.POSITIVE_INFINITY;
  return dueMs - 1 > nowMs ? dueMs - 1 : dueMs;
}

async function taskStop(
  { nextTask }: Way,
  { nowMs, endMs, leastMs }: { nowMs: number; endMs: number; leastMs: number },
): Promise<number> {
  if (nowMs >= endMs) return Number.POSITIVE_INFINITY;
  const due = await nextTask({ after: new Date(nowMs), until: new Date(endMs) });
  if (due === null) return Number.POSITIVE_INFINITY;
  return Math.min(endMs, Math.max(due.getTime(), nowMs + leastMs));
}

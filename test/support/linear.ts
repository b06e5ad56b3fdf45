// Says whether work takes time that grows with its input, and not with the square of it.
import assert from 'node:assert/strict';

/** Doubling the input may not take more than 2.5 times as long. */
const MOST_GROWTH = 2.5;
const MOST_TRIES = 12;
/** The clock of a thread ticks in steps of some milliseconds. Whatever takes less with the long input is quick enough. */
const AT_ONCE_MS = 12;

/** Processor time of this thread, so that whoever else is at work does not count. */
function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/**
 * Compares an input of size `n`, taken four times, with one that is four times as long: as much, if time is linear.
 * Single times are coarse, and compiling and collecting of garbage fall on any of them by chance. So either the sums
 * or the best of several tries have to be as they should; what takes time by the square has neither.
 */
export function assertLinear(name: string, n: number, prepare: (n: number) => () => void): void {
  const longMs: number[] = [];
  const shortMs: number[] = [];
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const onceMs = cpuMs(prepare(4 * n));
    if (onceMs <= AT_ONCE_MS) return;
    longMs.push(onceMs);
    const runs = [0, 1, 2, 3].map(() => prepare(n));
    shortMs.push(cpuMs(() => runs.forEach((run) => void run())) / runs.length);
    if (growth(sum(longMs), sum(shortMs)) <= MOST_GROWTH) return;
    if (growth(Math.min(...longMs), Math.min(...shortMs)) <= MOST_GROWTH) return;
  }
  assert.fail(`${name}: twice the input takes ${growth(sum(longMs), sum(shortMs)).toFixed(2)} times as long`);
}

/** How much longer twice the input takes, given the times of four times the input and of once. */
const growth = (longMs: number, shortMs: number) => Math.sqrt(longMs / shortMs);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

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
 * Compares an input of size `n`, taken four times, with one that is four times as long: as much, if time is linear. The
 * best of several times counts for each of the two, since a collection of garbage or a first run only adds to a time.
 * Work that takes the square of its input has no good times.
 */
export function assertLinear(name: string, n: number, prepare: (n: number) => () => void): void {
  let shortMs = Number.POSITIVE_INFINITY;
  let longMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    longMs = Math.min(longMs, cpuMs(prepare(4 * n)));
    if (longMs <= AT_ONCE_MS) return;
    const runs = [0, 1, 2, 3].map(() => prepare(n));
    shortMs = Math.min(shortMs, cpuMs(() => runs.forEach((run) => void run())) / runs.length);
    if (longMs <= MOST_GROWTH ** 2 * shortMs) return;
  }
  assert.fail(`${name}: twice the input takes ${Math.sqrt(longMs / shortMs).toFixed(2)} times as long`);
}

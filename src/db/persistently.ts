import type { Clock } from '../lib/clock.ts';
import { isDataError } from './data-error.ts';
import { troubleOf } from './trouble.ts';

const WAITS_MS = [100, 500, 1_000, 2_000, 4_000, 8_000, 8_000];
const LONGEST_WAIT_MS = 8_000;

export interface Patience {
  clock: Clock;
  /** From then on a database that is away is waited for no longer than for any other error: about 24 s. */
  stopping: AbortSignal;
  /** Told of every failure that is followed by another try. */
  onRetry(error: unknown): void;
}

/**
 * Does what must not be lost, again and again: for as long as the database is away or takes no writes, and a while after
 * any other error. Not when the data are at fault, which waiting does not mend. Throws the last error.
 */
export async function persistently<T>(work: () => Promise<T>, { clock, stopping, onRetry }: Patience): Promise<T> {
  for (let tries = 0, counted = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (isDataError(error)) throw error;
      if (troubleOf(error) === null || stopping.aborted) counted += 1;
      if (counted > WAITS_MS.length) throw error;
      onRetry(error);
      await new Promise<void>((next) => clock.after(WAITS_MS[tries] ?? LONGEST_WAIT_MS, next));
    }
  }
}

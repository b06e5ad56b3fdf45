import { setTimeout as pause } from 'node:timers/promises';
import { RequestError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import { isDataError, isSqlstate } from './sqlstates.ts';
import { troubleOf } from './trouble.ts';

/** Thrown inside a transaction whose locks turn out to be the wrong ones, because another one came between. */
export class Outdated extends Error {}

const TRIES = 8;
const PAUSE_MS = 100;

/**
 * Runs a transaction again when another one came between: up to 8 times a round, at once. Between rounds it pauses,
 * 100 ms longer each time. Throws RequestError `unavailable` when that goes on, and every other error as it comes.
 * `what`: the plural noun of what the transaction changes, for the caller who is refused.
 */
export async function retry<T>(what: string, transaction: () => Promise<T>, rounds = 1): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      if (tries === TRIES * rounds) throw changedTooOften(what, error);
    }
    if (tries % TRIES === 0) await pause((tries / TRIES) * PAUSE_MS);
  }
}

/** The answer to a request that lost against others. */
export function changedTooOften(what: string, cause: unknown): RequestError {
  const refusal = new RequestError('unavailable', [`the same ${what} are being changed too often; try again`], 1);
  refusal.cause = cause;
  return refusal;
}

/** PostgreSQL ended the transaction to let another one go on; nothing is wrong with what was asked. */
export function isLostRace(error: unknown): boolean {
  return isSqlstate(error, 'deadlock_detected', 'serialization_failure');
}

/** A row that is there already was made by another transaction meanwhile: the next run finds it. */
function isWorthAnother(error: unknown): boolean {
  return error instanceof Outdated || isLostRace(error) || isSqlstate(error, 'unique_violation');
}

const WAITS_MS = [100, 500, 1_000, 2_000, 4_000, 8_000, 8_000];
const LONGEST_WAIT_MS = 8_000;

export interface Patience {
  clock: Clock;
  /** Once it is aborted, a database that is away is waited for no longer than for any other error: about 24 s. */
  stopping: AbortSignal;
  /** Told of every failure that is followed by another try. */
  onRetry(error: unknown): void;
}

/**
 * Repeats what must not be lost: for as long as the database is away or takes no writes, and for a while after any other
 * error. Does not repeat when the data are at fault, because waiting does not mend them. Throws the last error.
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

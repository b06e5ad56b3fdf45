import { setTimeout as pause } from 'node:timers/promises';
import { RequestError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import { isDataError, isSqlstate } from './sqlstates.ts';
import { isUnexplainedEnd, troubleOf } from './trouble.ts';

/** Thrown inside a transaction that locked the wrong rows, because another transaction changed them first. */
export class Outdated extends Error {}

const TRIES = 8;
const PAUSE_MS = 100;

/**
 * Runs a transaction again when it loses against another one: at once, up to 8 times a round. Between rounds it pauses,
 * 100 ms longer each time. Throws RequestError `unavailable` after the last round, and every other error at once.
 * `what`: a plural noun for what the transaction changes, shown to the refused caller. `transaction` gets the number of the
 * try, from 1.
 */
export async function retry<T>(what: string, transaction: (tries: number) => Promise<T>, rounds = 1): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction(tries);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      if (tries === TRIES * rounds) throw changedTooOften(what, error);
    }
    if (tries % TRIES === 0) await pause((tries / TRIES) * PAUSE_MS);
  }
}

/** The answer to a request whose transaction lost too often. */
export function changedTooOften(what: string, cause: unknown): RequestError {
  const refusal = new RequestError('unavailable', [`the same ${what} are being changed too often; try again`], 1);
  refusal.cause = cause;
  return refusal;
}

/** Whether PostgreSQL ended the transaction in favour of another one. Nothing is wrong with the transaction itself. */
export function isLostRace(error: unknown): boolean {
  return isSqlstate(error, 'deadlock_detected', 'serialization_failure');
}

/** Includes duplicate keys: another transaction has inserted the row meanwhile, and the next run finds it. */
function isWorthAnother(error: unknown): boolean {
  return error instanceof Outdated || isLostRace(error) || isSqlstate(error, 'unique_violation');
}

const WAITS_MS = [100, 500, 1_000, 2_000, 4_000, 8_000, 8_000];
const LONGEST_WAIT_MS = 8_000;

export interface Patience {
  clock: Clock;
  /** Once aborted, an absent database is given no more tries than any other error gets: about 24 s. */
  stopping: AbortSignal;
  /** Called with every error that is followed by another try. */
  onRetry(error: unknown): void;
}

/**
 * Repeats work that must not be lost: for as long as the database is away or refuses writes, and eight times after other
 * errors. Does not repeat it when the data are at fault, because waiting does not help. Throws the last error.
 */
export async function persistently<T>(work: () => Promise<T>, { clock, stopping, onRetry }: Patience): Promise<T> {
  for (let tries = 0, counted = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (isDataError(error)) throw error;
      // The work itself may be what ends its connection.
      if (troubleOf(error) === null || isUnexplainedEnd(error) || stopping.aborted) counted += 1;
      if (counted > WAITS_MS.length) throw error;
      onRetry(error);
      await new Promise<void>((next) => clock.after(WAITS_MS[tries] ?? LONGEST_WAIT_MS, next));
    }
  }
}

import { RequestError } from '../errors.ts';
import { Outdated } from './track/roster.ts';

const maxTries = 8;

/**
 * PostgreSQL's codes for a transaction that lost against another one and may be run again:
 * deadlock_detected, serialization_failure, and unique_violation, when both made the same row.
 */
const retryable = new Set(['40P01', '40001', '23505']);

/** Runs a whole transaction again when another one came between. Throws `unavailable` when that goes on. */
export async function retrying<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; tries < maxTries; tries += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (!isRetryable(error)) throw error;
    }
  }
  return transaction().catch((error: unknown) => {
    if (isRetryable(error))
      throw new RequestError('unavailable', ['the same people are being changed too often; try again'], 1);
    throw error;
  });
}

function isRetryable(error: unknown): boolean {
  if (error instanceof Outdated) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && retryable.has(error.code);
}

import type { Outcome } from '../outcome.ts';

/** The status that stands for a request without an answer. */
export const NO_ANSWER = '599';

/** The status that stands for a request that is not made, because its host fails too often. */
export const NOT_CALLED = '598';

/** The outcome that a status stands for. Source: messaging-objects.md §9.5. */
export function readStatus(status: number, afterMs: number | null): Outcome {
  if (status >= 200 && status < 300) return { kind: 'accepted', providerId: null };
  const reason = String(status);
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'retry', reason, ...(afterMs !== null && { afterMs }) };
  return { kind: 'failed', reason };
}

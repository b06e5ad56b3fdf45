import { CressetError, NoAnswerError } from './errors.ts';

/** Longest wait before a repetition, in milliseconds. A server that asks for more gets its refusal thrown. */
const LONGEST_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 250;

/**
 * How long to wait before the call is repeated, in milliseconds. null: it must not be.
 * `isRepeatable`: a repetition does no harm, because the call only reads or has an `Idempotency-Key`.
 */
export function waitBeforeRepeating(error: unknown, attempt: number, isRepeatable: boolean): number | null {
  if (!mayRepeat(error, isRepeatable)) return null;
  const asked = error instanceof CressetError ? error.retryAfterMs : null;
  if (asked !== null) return asked <= LONGEST_WAIT_MS ? asked : null;
  return FIRST_WAIT_MS * 2 ** attempt * (0.5 + Math.random() / 2);
}

function mayRepeat(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof NoAnswerError) return isRepeatable && error.reason !== 'too_large';
  if (!(error instanceof CressetError)) return false;
  // A request over the rate was not looked at, so nothing was done.
  if (error.status === 429) return true;
  // 409 with a time: the first request with this Idempotency-Key is still running.
  const isRunning = error.status === 409 && error.retryAfterMs !== null;
  return isRepeatable && (isRunning || [500, 502, 503, 504].includes(error.status));
}

/** Reads `Retry-After`, or the original's `X-RateLimit-Reset` (seconds since 1970), of an answer. */
export function retryAfterMsOf(status: number, headers: Headers, now: number): number | null {
  const after = headers.get('retry-after');
  if (after !== null) {
    const ms = /^\d{1,9}$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - now;
    return Number.isNaN(ms) ? null : Math.max(0, ms);
  }
  const reset = headers.get('x-ratelimit-reset');
  if (status !== 429 || reset === null || !/^\d{1,12}$/.test(reset)) return null;
  return Math.max(0, Number(reset) * 1_000 - now);
}

/** Resolves after `ms` milliseconds. Rejects with the signal's reason once it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

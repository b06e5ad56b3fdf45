import type { Outcome } from '../outcome.ts';

const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** Source: messaging-objects.md 9.5. */
export function readStatus(status: number, afterMs: number | null): Outcome {
  if (status >= 200 && status < 300) return { kind: 'accepted', providerId: null };
  const reason = String(status);
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'retry', reason, ...(afterMs !== null && { afterMs }) };
  return { kind: 'failed', reason };
}

/** Seconds or an HTTP date; null when it says nothing that can be used. */
export function readRetryAfter(header: string | string[] | undefined, now: Date): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null;
}

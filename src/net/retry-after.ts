const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
const MAX_WAIT_MS = 3_600_000;

/** The wait that a push provider asks for, at most an hour. Empty if it asks for none. Source: messaging-objects.md §1.10. */
export function askedWait(header: string | string[] | undefined, now: Date): { afterMs?: number } {
  const afterMs = readRetryAfter(header, now);
  return afterMs === null ? {} : { afterMs: Math.min(afterMs, MAX_WAIT_MS) };
}

/** Reads `Retry-After` (seconds or an HTTP date) as milliseconds from `now`, at most a day. null: absent or unusable. */
export function readRetryAfter(header: string | string[] | undefined, now: Date): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null;
}

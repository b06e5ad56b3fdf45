import { readRetryAfter } from './webhook/reply.ts';

const MAX_WAIT_MS = 3_600_000;

/** What a push provider asks to wait, at most an hour; nothing when it does not say. Source: messaging-objects.md 1.10. */
export function askedWait(header: string | string[] | undefined, now: Date): { afterMs?: number } {
  const afterMs = readRetryAfter(header, now);
  return afterMs === null ? {} : { afterMs: Math.min(afterMs, MAX_WAIT_MS) };
}

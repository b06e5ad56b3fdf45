import { sayTimes, untilOf } from './say.ts';

/** A recorded verdict, as far as it says what its message waits for. */
export interface Waiting {
  status: string;
  reason: string | null;
  detail?: string | null;
  attempts?: number;
  next_attempt_at?: string | null;
}

/**
 * What a message waits for, and until when, such as `held by quiet hours until 08:00 (Europe/Vienna)`. It goes on after "is".
 * null: it does not wait. `zone`: of the clock; absent: the viewer's.
 */
export function sayWaiting(
  { status, reason, detail = null, attempts = 0, next_attempt_at: next = null }: Waiting,
  { zone, now = new Date() }: { zone?: string | undefined; now?: Date } = {},
): string | null {
  if (status === 'sending')
    return detail === null ? 'being handed over' : `being handed over: ${sayTimes(detail, now)}`;
  if (status !== 'pending') return null;
  const at = next === null || Date.parse(next) <= now.getTime() ? null : untilOf(new Date(next), { zone, now });
  // What it waits for now stands before what held it earlier.
  if (reason === 'quiet_hours' && (detail === null || detail.startsWith('held by')))
    return `held by quiet hours${at === null ? '' : ` until ${at}`}`;
  const why = detail === null ? '' : `: ${sayTimes(detail, now)}`;
  if (attempts > 0) return `waiting for another attempt${at === null ? '' : ` at ${at}`}${why}`;
  return why === ''
    ? `waiting for its first attempt${at === null ? '' : ` at ${at}`}`
    : `waiting${at === null ? '' : ` until ${at}`}${why}`;
}

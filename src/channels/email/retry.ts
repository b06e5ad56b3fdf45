import type { RetrySchedule } from '../retry.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Source: messaging-objects.md §1.10. */
const schedule: RetrySchedule = {
  waitsMs: [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR],
  maxAttempts: Number.POSITIVE_INFINITY,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: Number.POSITIVE_INFINITY },
  untilMs: 72 * HOUR,
};

export function retryEmail(): RetrySchedule {
  return schedule;
}

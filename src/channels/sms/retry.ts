import type { RetrySchedule } from '../retry.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Five attempts within half an hour. Source: messaging-objects.md §1.10. */
const schedule: RetrySchedule = {
  waitsMs: [10 * SECOND, MINUTE, 4 * MINUTE, 12 * MINUTE],
  maxAttempts: 5,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: Number.POSITIVE_INFINITY },
  untilMs: 30 * MINUTE,
};

export function retrySms(): RetrySchedule {
  return schedule;
}

import type { RetrySchedule } from './retry.ts';

const SECOND = 1_000;

/** Of one device; what ends it earlier is the message's own expiry. Source: messaging-objects.md 1.10. */
const schedule: RetrySchedule = {
  waitsMs: [10 * SECOND, 20 * SECOND, 40 * SECOND, 80 * SECOND, 160 * SECOND],
  maxAttempts: 6,
  jitter: 'full',
  askedWait: { use: 'instead', mostMs: 3_600 * SECOND },
  untilMs: Number.POSITIVE_INFINITY,
};

export function retryPush(): RetrySchedule {
  return schedule;
}

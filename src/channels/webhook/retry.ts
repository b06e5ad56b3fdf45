import type { RetrySchedule } from '../retry.ts';
import { NO_ANSWER } from './reply.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const usual = {
  maxAttempts: 6,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: Number.POSITIVE_INFINITY },
} as const;
const answered: RetrySchedule = {
  ...usual,
  waitsMs: [MINUTE / 2, MINUTE, 3 * MINUTE, 8 * MINUTE, 17 * MINUTE],
  untilMs: 30 * MINUTE,
};
const unreachable: RetrySchedule = {
  ...usual,
  waitsMs: [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 13 * HOUR],
  untilMs: 24 * HOUR,
};

/** An endpoint that cannot be reached at all is given a day. Source: messaging-objects.md §9.5. */
export function retryWebhook(reason: string): RetrySchedule {
  return reason.startsWith(NO_ANSWER) ? unreachable : answered;
}

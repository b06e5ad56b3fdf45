import type { RetrySchedule } from '../retry.ts';
import { NO_ANSWER, NOT_CALLED } from './reply.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const common = {
  maxAttempts: 6,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: Number.POSITIVE_INFINITY },
} as const;
const answered: RetrySchedule = {
  ...common,
  waitsMs: [MINUTE / 2, MINUTE, 3 * MINUTE, 8 * MINUTE, 17 * MINUTE],
  untilMs: 30 * MINUTE,
};
const unreachable: RetrySchedule = {
  ...common,
  waitsMs: [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 13 * HOUR],
  untilMs: 24 * HOUR,
};

/**
 * An endpoint that cannot be reached, or is not called because it fails too often, is retried for a day: within half an
 * hour, most of a large broadcast would use up its attempts without a call. Any other failure is retried for half an hour.
 * Source: messaging-objects.md §9.5.
 */
export function retryWebhook(reason: string): RetrySchedule {
  return reason.startsWith(NO_ANSWER) || reason.startsWith(NOT_CALLED) ? unreachable : answered;
}

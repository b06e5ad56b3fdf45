import type { RetrySchedule } from '../retry.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const later = [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR];
const soon = [10 * SECOND, 20 * SECOND, 40 * SECOND, 80 * SECOND, 160 * SECOND];

/** Source: messaging-objects.md §1.10. */
const afterAnswer: RetrySchedule = {
  waitsMs: later,
  maxAttempts: Number.POSITIVE_INFINITY,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: Number.POSITIVE_INFINITY },
  untilMs: 72 * HOUR,
};
const afterLostConnection: RetrySchedule = { ...afterAnswer, waitsMs: [...soon, ...later] };

/** Source: messaging-objects.md §6.4. */
const afterMissingFile: RetrySchedule = {
  waitsMs: [MINUTE, 3 * MINUTE, 8 * MINUTE, 12 * MINUTE],
  maxAttempts: 5,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: Number.POSITIVE_INFINITY },
  untilMs: 30 * MINUTE,
};

/** A relay that was lost on the way is tried again soon. One that answered, or may have the mail, is not. */
export function retryEmail(reason: string): RetrySchedule {
  if (reason.startsWith('attachment ')) return afterMissingFile;
  const isLost = /^(E[A-Z]+|421\b.*|connection lost)$/.test(reason);
  return isLost ? afterLostConnection : afterAnswer;
}

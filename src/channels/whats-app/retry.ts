import type { RetrySchedule } from '../retry.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const common = { jitter: 'slight', askedWait: { use: 'lengthens', mostMs: HOUR } } as const;
const usual: RetrySchedule = {
  ...common,
  waitsMs: [10 * SECOND, MINUTE, 4 * MINUTE, 12 * MINUTE],
  maxAttempts: 5,
  untilMs: 30 * MINUTE,
};

const schedules: Readonly<Record<string, RetrySchedule>> = {
  // Meta asks for 4^X seconds between messages to one person, X from 0.
  '131056': {
    ...common,
    jitter: 'none',
    waitsMs: [1, 4, 16, 64, 256].map((seconds) => seconds * SECOND),
    maxAttempts: 6,
    untilMs: 30 * MINUTE,
  },
  // While the number is too fast, its queue waits: few messages get this answer twice.
  ...Object.fromEntries(
    ['4', '80007', '130429'].map((code) => [
      code,
      { ...common, waitsMs: [5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE], maxAttempts: 10, untilMs: 30 * MINUTE },
    ]),
  ),
  '131048': { ...common, waitsMs: [HOUR], maxAttempts: 6, untilMs: 6 * HOUR },
};

/** Source: messaging-objects.md §1.10 and §8.5. */
export function retryWhatsApp(reason: string): RetrySchedule {
  return schedules[reason] ?? usual;
}

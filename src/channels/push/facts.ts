import type { Channel } from '../channel.ts';
import type { RetrySchedule } from '../retry.ts';

const SECOND = 1_000;

/** Retries for one device. A message's own expiry may end them earlier. Source: messaging-objects.md §1.10. */
const schedule: RetrySchedule = {
  waitsMs: [10 * SECOND, 20 * SECOND, 40 * SECOND, 80 * SECOND, 160 * SECOND],
  maxAttempts: 6,
  jitter: 'full',
  askedWait: { use: 'instead', mostMs: 3_600 * SECOND },
  untilMs: Number.POSITIVE_INFINITY,
};

/** The facts that all push channels share. */
export const pushFacts = {
  needs: ['push'],
  deadMark: null,
  capFamily: 'push',
  sendLimits: 'pushes',
  providers: { of: 'app' },
  retry: () => schedule,
} satisfies Partial<Channel>;

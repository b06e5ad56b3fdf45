/** When a failed message is retried. */
export interface RetrySchedule {
  /** Waits before the second attempt, the third, …, in milliseconds. The last one repeats. */
  waitsMs: readonly number[];
  maxAttempts: number;
  /** Spreads the retries of messages that failed together. `slight`: 0.9 to 1.1 of a wait. `full`: 0 to 1. `none`: 1. */
  jitter: 'none' | 'slight' | 'full';
  /** Whether the provider's wait (`Retry-After`), at most `mostMs`, lengthens ours or replaces it. */
  askedWait: { use: 'lengthens' | 'instead'; mostMs: number };
  /** The latest start of an attempt, in milliseconds after acceptance, plus a tenth. */
  untilMs: number;
}

export interface Failed {
  /** Attempts so far, including the failed one. */
  attempts: number;
  /** Milliseconds since the message was accepted. */
  ageMs: number;
  /** The wait that the provider asked for, in milliseconds. */
  askedMs?: number | undefined;
  /** A random number between 0 and 1, for the jitter. */
  random: number;
}

/** Milliseconds until the next attempt. null: no further attempt. Without a schedule there is none. Pure. */
export function nextWaitMs(schedule: RetrySchedule | undefined, failed: Failed): number | null {
  if (schedule === undefined || failed.attempts >= schedule.maxAttempts) return null;
  const waitMs = waitOf(schedule, failed);
  return failed.ageMs + waitMs <= schedule.untilMs * 1.1 ? waitMs : null;
}

function waitOf({ waitsMs, jitter, askedWait }: RetrySchedule, { attempts, askedMs, random }: Failed): number {
  const planned = waitsMs[Math.min(attempts, waitsMs.length) - 1] ?? 0;
  const ours = planned * { none: 1, slight: 0.9 + random / 5, full: random }[jitter];
  if (askedMs === undefined) return ours;
  const asked = Math.min(askedMs, askedWait.mostMs);
  return askedWait.use === 'instead' ? asked : Math.max(ours, asked);
}

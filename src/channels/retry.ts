/** When a message that did not go through is tried again. */
export interface RetrySchedule {
  /** Waits before the second attempt, the third, …, in milliseconds; the last one repeats. */
  waitsMs: readonly number[];
  maxAttempts: number;
  /** So that many who failed together do not come back together. `slight`: 0.9 to 1.1 of a wait. `full`: 0 to all of it. */
  jitter: 'slight' | 'full';
  /** What a wait that the provider asks for (`Retry-After`) does, up to its longest: lengthen ours, or stand instead of it. */
  askedWait: { use: 'lengthens' | 'instead'; mostMs: number };
  /** No attempt begins later than this after acceptance, in milliseconds, give or take a tenth. */
  untilMs: number;
}

export interface Failed {
  /** Attempts so far, this one included. */
  attempts: number;
  /** Milliseconds since the message was accepted. */
  ageMs: number;
  /** What the provider asks for, in milliseconds. */
  askedMs?: number | undefined;
  /** Between 0 and 1. */
  random: number;
}

/** Milliseconds until the next attempt; null: there is none, as without a schedule. Pure. */
export function nextWaitMs(schedule: RetrySchedule | undefined, failed: Failed): number | null {
  if (schedule === undefined || failed.attempts >= schedule.maxAttempts) return null;
  const waitMs = waitOf(schedule, failed);
  return failed.ageMs + waitMs <= schedule.untilMs * 1.1 ? waitMs : null;
}

function waitOf({ waitsMs, jitter, askedWait }: RetrySchedule, { attempts, askedMs, random }: Failed): number {
  const planned = waitsMs[Math.min(attempts, waitsMs.length) - 1] ?? 0;
  const ours = planned * (jitter === 'full' ? random : 0.9 + random / 5);
  if (askedMs === undefined) return ours;
  const asked = Math.min(askedMs, askedWait.mostMs);
  return askedWait.use === 'instead' ? asked : Math.max(ours, asked);
}

import { integer, object, optional, type Read, refuse, required, type Shape } from '../../lib/raw/shape.ts';

const MOST_PER_MINUTE = 500_000; // eligibility.md §4.6
const MOST_RAMP_MINUTES = 10_080;
const MOST_WATCH_MINUTES = 1_440;

const perMinute = integer(1, MOST_PER_MINUTE);

/** How many messages of each channel of a dispatch are begun in a minute, by all workers together. */
export const paceShape = object({
  per_minute: required(perMinute),
  /** It begins with `from` a minute and rises evenly. */
  ramp: optional(object({ from: required(perMinute), minutes: required(integer(1, MOST_RAMP_MINUTES)) }), null),
});
export type Pace = Read<typeof paceShape>;

/** The first part of a broadcast, which is watched before the rest goes out. Shares are percents of what was begun. */
export const canaryShape = object({
  percent: optional(percent(0.01, 50), 1),
  most_bounced_percent: optional(percent(0, 100), 5),
  most_failed_percent: optional(percent(0, 100), 5),
  most_complained_percent: optional(percent(0, 100), 0.1),
  /** How long what comes back is waited for, after the last message of the part was begun. */
  watch_minutes: optional(integer(0, MOST_WATCH_MINUTES), 5),
});
export type Canary = Read<typeof canaryShape>;

function percent(least: number, most: number): Shape<number> {
  return (value, path, problems) =>
    typeof value === 'number' && value >= least && value <= most
      ? value
      : refuse(problems, path, `expected a number from ${least} to ${most}`);
}

/** How much of a channel of a dispatch was begun, as stored. Times are in milliseconds since 1970. */
export interface Starts {
  beganMs: number;
  nextMs: number;
  lineMs: number;
}

/** What may be begun now. */
export interface Grant extends Pick<Starts, 'nextMs' | 'lineMs'> {
  granted: number;
  /** Time that each of them takes of the pace, in milliseconds. */
  intervalMs: number;
  /** When to ask for the rest. null: all was granted. */
  againMs: number | null;
}

const MINUTE_MS = 60_000;
/** What may be begun at once after a pause, as a part of a minute. */
const BURST_SHARE = 1 / 120;
/** Longest wait of a task in the line, in milliseconds: others that were before it may have ended. */
const LONGEST_LINE_MS = 600_000;

/**
 * Grants as many messages as the pace allows at `nowMs`. What was not begun in a slow minute is not made up for: no
 * stretch of 60 seconds has more than `per_minute`. Tasks that must wait are told different times. Pure.
 */
export function grantStarts(starts: Starts, pace: Pace, wanted: number, nowMs: number): Grant {
  const rate = rateAt(pace, nowMs - starts.beganMs);
  const burst = Math.max(1, Math.floor(rate * BURST_SHARE));
  const intervalMs = MINUTE_MS / Math.max(rate - (burst - 1), 1);
  const aheadMs = (burst - 1) * intervalMs;
  const base = Math.max(starts.nextMs, nowMs);
  const free = Math.max(0, Math.floor((nowMs + aheadMs - base) / intervalMs + 1e-9) + 1);
  const granted = Math.min(wanted, base > nowMs + aheadMs ? 0 : free);
  const nextMs = granted === 0 ? starts.nextMs : base + granted * intervalMs;
  const rest = wanted - granted;
  if (rest === 0) return { granted, intervalMs, nextMs, lineMs: starts.lineMs, againMs: null };
  const freeMs = Math.max(nextMs - aheadMs, nowMs + 1);
  // It comes back when half of a burst is free, so that little is lost if it comes late.
  const batch = Math.min(rest, Math.ceil(burst / 2));
  const turnMs = Math.min(Math.max(freeMs, starts.lineMs), freeMs + LONGEST_LINE_MS);
  const againMs = turnMs + (batch - 1) * intervalMs;
  return { granted, intervalMs, nextMs, lineMs: againMs + intervalMs, againMs };
}

/** Messages a minute, so long after the first. */
export function rateAt({ per_minute, ramp }: Pace, sinceMs: number): number {
  if (ramp === null || ramp.from >= per_minute) return per_minute;
  const part = Math.min(1, Math.max(0, sinceMs) / (ramp.minutes * MINUTE_MS));
  return ramp.from + (per_minute - ramp.from) * part;
}

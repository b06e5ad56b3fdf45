import type { Order } from './faults.ts';

// sim-<answer>[.x<times>][.r<seconds>]-<anything>
const named = /^sim-([A-Za-z0-9_]+)(?:\.x(\d{1,6}))?(?:\.r(\d{1,6}))?-/;

/**
 * The answer that a target asks for by its name: `sim-unregistered-ada` always, `sim-unavailable.x2.r30-ada` on its first
 * two tries and with `Retry-After: 30`. null: it asks for nothing (any more).
 */
export function orderInName(target: string, tries: number): Order | null {
  if (!target.startsWith('sim-')) return null;
  const [, answer, times, seconds] = named.exec(target) ?? [];
  if (answer === undefined || (times !== undefined && tries > Number(times))) return null;
  return { answer, retryAfterSeconds: seconds === undefined ? null : Number(seconds) };
}

export interface NameOptions {
  /** Number of tries that get the answer. Default: all. */
  times?: number;
  retryAfterSeconds?: number;
}

/** The name of a target that asks for `answer`. `rest` makes the name unique. */
export function nameFor(answer: string, rest: string | number, { times, retryAfterSeconds }: NameOptions = {}): string {
  const forTimes = times === undefined ? '' : `.x${times}`;
  const after = retryAfterSeconds === undefined ? '' : `.r${retryAfterSeconds}`;
  return `sim-${answer}${forTimes}${after}-${rest}`;
}

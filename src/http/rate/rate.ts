import type { FastifyReply } from 'fastify';
import type { Charge, RateWindow } from '../../dispatch/accept/rate-windows.ts';
import { RequestError } from '../../errors.ts';
import { unavailableFor } from '../answers.ts';
import type { Rate, RateBucket } from '../route.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface RateOptions {
  limiter: RateLimiter;
  /** A workspace's own limit of a bucket. Default: the bucket's. */
  limitOf?: (workspaceId: number, bucket: RateBucket) => number;
}

/**
 * The rate of one request. Writes the count into the headers of `reply`, whether the request is allowed or refused; of
 * two windows, that of the tighter one.
 */
export function createRate(
  { limiter, limitOf }: RateOptions,
  workspaceId: number,
  bucket: RateBucket,
  reply: FastifyReply,
): Rate {
  const windowOf = (one: Omit<RateBucket, 'narrower'>) =>
    limiter.windowOf(workspaceId, { ...one, limit: limitOf?.(workspaceId, one) ?? one.limit });
  const window = windowOf(bucket);
  const { narrower } = bucket;
  const charges: Charge[] = [];
  let isDone = false;
  function note(charge: Charge, of: Omit<RateBucket, 'narrower'>): void {
    charges.push(charge);
    reply.headers(rateHeaders(tightest(charges)));
    if (charge.allowed) return;
    isDone = true;
    const code = of.isQuota ? 'quota_used_up' : 'rate_limited';
    throw new RequestError(code, [usedUp(charge, of)], charge.resetsInS);
  }
  function charged(charge: Charge): void {
    isDone = true;
    if (!charge.allowed) limiter.noteUsedUp(window);
    note(charge, bucket);
  }
  function chargeNarrower(): Promise<void> | null {
    // Windows of many audiences are not written when the one above them is used up.
    if (narrower === undefined || isDone || charges.length > 0 || limiter.isUsedUp(window)) return null;
    return countIn(windowOf(narrower)).then((charge) => note(charge, narrower));
  }
  async function chargeAll(): Promise<void> {
    await chargeNarrower();
    if (!isDone) charged(await countIn(window));
  }
  const countIn = (one: RateWindow) => limiter.charge(one).catch(throwUnavailable);
  return {
    window,
    charged,
    chargeNarrower,
    charge: () => (isDone ? null : chargeAll()),
  };
}

/** What was exceeded, in which window, and when there is more: the sentence of a 429. */
function usedUp(
  { limit, resetAt, resetsInS }: Charge,
  { name, windowMs, isQuota }: Omit<RateBucket, 'narrower'>,
): string {
  const until = new Date(resetAt * 1_000).toISOString();
  const span = spanOf(windowMs);
  const all = limit === 1 ? `the one request per ${span} is` : `all ${limit} requests per ${span} are`;
  return `${isQuota ? name : `rate limit ${name}`}: ${all} used up; try again in ${resetsInS} s, at ${until}`;
}

/** `minute`, `3 s`: the length of a window in words. */
function spanOf(ms: number): string {
  const [whole] = spans.filter(([span]) => ms % span === 0);
  if (whole === undefined) return `${ms} ms`;
  const [span, word] = whole;
  return ms === span ? word : `${ms / span} ${word}s`;
}

const spans: readonly (readonly [ms: number, word: string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** The one that refuses, else the one with the least left. */
function tightest(charges: readonly Charge[]): Charge {
  return charges.reduce((one, other) =>
    one.allowed && (!other.allowed || other.remaining < one.remaining) ? other : one,
  );
}

function throwUnavailable(cause: unknown): never {
  if (cause instanceof RequestError) throw cause;
  const unavailable = unavailableFor(cause) ?? new RequestError('unavailable', ['the rate could not be counted'], 1);
  unavailable.cause = cause;
  throw unavailable;
}

function rateHeaders(charge: Charge): Record<string, string> {
  return {
    'x-ratelimit-limit': String(charge.limit),
    'x-ratelimit-remaining': String(charge.remaining),
    'x-ratelimit-reset': String(charge.resetAt),
  };
}

/** Rate headers of an answer to a request that was not counted. */
export const noRate = { 'x-ratelimit-limit': '', 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '' };

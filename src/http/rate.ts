import type { FastifyReply } from 'fastify';
import type { Charge } from '../dispatch/accept/rate-windows.ts';
import { RequestError } from '../errors.ts';
import { unavailableFor } from './answers.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Rate, RateBucket } from './route.ts';

export interface RateOptions {
  limiter: RateLimiter;
  /** A workspace's own limit of a bucket. Default: the bucket's. */
  limitOf?: (workspaceId: number, bucket: RateBucket) => number;
}

/** The rate of one request. Writes the count into the headers of `reply`, whether the request is allowed or refused. */
export function createRate(
  { limiter, limitOf }: RateOptions,
  workspaceId: number,
  bucket: RateBucket,
  reply: FastifyReply,
): Rate {
  const limit = limitOf?.(workspaceId, bucket) ?? bucket.limit;
  const window = limiter.windowOf(workspaceId, { ...bucket, limit });
  let isCounted = false;
  function charged(charge: Charge): void {
    isCounted = true;
    reply.headers(rateHeaders(charge));
    if (charge.allowed) return;
    const used = `all ${charge.limit} requests of this window are used up`;
    throw new RequestError('rate_limited', [used], charge.resetsInS);
  }
  return {
    window,
    charged,
    async charge() {
      if (!isCounted) charged(await limiter.charge(window).catch(throwUnavailable));
    },
  };
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

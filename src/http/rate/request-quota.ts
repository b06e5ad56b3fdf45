import type { FastifyReply } from 'fastify';
import type { Catalog } from '../../workspace/catalog.ts';
import { createRate, type RateOptions } from './rate.ts';

const MINUTE_MS = 60_000;

/** Counts a request toward the quota of its workspace. Throws RequestError if it is used up. null: there is none. */
export function chargeRequest(
  { limiter, catalog }: Pick<RateOptions, 'limiter'> & { catalog(): Catalog },
  workspaceId: number,
  reply: FastifyReply,
): Promise<void> | null {
  const limit = catalog().workspace(workspaceId)?.quotas?.requestsPerMinute;
  if (limit === undefined) return null;
  const bucket = { name: 'quota requests_per_minute', limit, windowMs: MINUTE_MS, isQuota: true } as const;
  return createRate({ limiter }, workspaceId, bucket, reply).charge();
}

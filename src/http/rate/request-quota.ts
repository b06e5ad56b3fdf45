import type { FastifyReply } from 'fastify';
import type { Catalog } from '../../workspace/catalog.ts';
import { createRate, type RateOptions } from './rate.ts';

const MINUTE_MS = 60_000;

/** Counts a request toward the quota of its workspace, if it has one. Throws RequestError if it is used up. */
export async function chargeRequest(
  { limiter, catalog }: Pick<RateOptions, 'limiter'> & { catalog(): Catalog },
  workspaceId: number,
  reply: FastifyReply,
): Promise<void> {
  const limit = catalog().workspace(workspaceId)?.quotas?.requestsPerMinute;
  if (limit === undefined) return;
  const bucket = { name: 'quota requests_per_minute', limit, windowMs: MINUTE_MS };
  await createRate({ limiter }, workspaceId, bucket, reply).charge();
}

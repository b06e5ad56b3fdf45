import { hash } from 'node:crypto';
import { isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { defaultBucket, type RateBucket } from '../../route.ts';

export const path = '/messages/send';

const broadcastBucket: RateBucket = { name: `send_broadcast:${path}`, limit: 250, windowMs: 60_000 };
const perAudience: RateBucket = { name: 'broadcast_per_audience', limit: 10, windowMs: 60_000 };

/**
 * Chooses the rate bucket from the unchecked body. A request that describes people and names nobody is a broadcast,
 * which counts for its audience, too. Source: send.md §13.
 */
export function bucketFor(body: RawObject): RateBucket {
  if (!describesPeople(body) || namesPeople(body)) return defaultBucket;
  return { ...broadcastBucket, narrower: { ...perAudience, apart: audienceKey(body) } };
}

/** The same for the same campaign, segment and audience, however their ids and members are written. */
function audienceKey(body: RawObject): string {
  const ids = ['campaign_id', 'segment_id'].map((key) => String(own(body, key) ?? '').toLowerCase());
  return hash('sha256', JSON.stringify([...ids, ordered(own(body, 'audience') ?? null)]), 'base64url');
}

/** The value with the members of its objects in one order. Its depth is bounded, because a body's is. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return members.map(([key, member]) => [key, ordered(member)]);
}

function describesPeople(body: RawObject): boolean {
  return Boolean(own(body, 'segment_id')) || Boolean(own(body, 'audience'));
}

function namesPeople(body: RawObject): boolean {
  return [own(body, 'external_user_ids'), own(body, 'user_aliases')].some((value) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value),
  );
}

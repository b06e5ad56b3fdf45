import { own, type RawObject } from '../../../lib/raw/json.ts';
import { defaultBucket, type RateBucket } from '../../route.ts';
import { broadcastBucket } from '../broadcast-bucket.ts';

export const path = '/messages/send';

/**
 * Chooses the rate bucket from the unchecked body. A request that describes people and names nobody is a broadcast,
 * which counts for its audience, too. Source: send.md §13.
 */
export function bucketFor(body: RawObject): RateBucket {
  if (!describesPeople(body) || namesPeople(body)) return defaultBucket;
  return broadcastBucket(path, body, ['campaign_id', 'segment_id']);
}

function describesPeople(body: RawObject): boolean {
  return Boolean(own(body, 'segment_id')) || Boolean(own(body, 'audience'));
}

function namesPeople(body: RawObject): boolean {
  return [own(body, 'external_user_ids'), own(body, 'user_aliases')].some((value) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value),
  );
}

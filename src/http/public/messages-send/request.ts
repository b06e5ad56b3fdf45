import { own, type RawObject } from '../../../lib/json.ts';
import { defaultBucket, type RateBucket } from '../../route.ts';

export const path = '/messages/send';

const broadcastBucket: RateBucket = { name: `send_broadcast:${path}`, limit: 250, windowMs: 60_000 };

/** Chooses the rate bucket from the unchecked body. A request that describes people and names nobody is a broadcast. */
export function bucketFor(body: RawObject): RateBucket {
  return describesPeople(body) && !namesPeople(body) ? broadcastBucket : defaultBucket;
}

function describesPeople(body: RawObject): boolean {
  return Boolean(own(body, 'segment_id')) || Boolean(own(body, 'audience'));
}

function namesPeople(body: RawObject): boolean {
  return [own(body, 'external_user_ids'), own(body, 'user_aliases')].some((value) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value),
  );
}

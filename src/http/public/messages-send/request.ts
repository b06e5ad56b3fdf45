import { own, type RawObject } from '../../../lib/json.ts';
import { defaultBucket, type RateBucket } from '../../route.ts';

export const path = '/messages/send';

const broadcastBucket: RateBucket = { name: `send_broadcast:${path}`, limit: 250, windowMs: 60_000 };

/** What goes to described people alone counts as a broadcast. The body is as it came: nothing is checked yet. */
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

import { hash } from 'node:crypto';
import { isObject, own, type RawObject } from '../../lib/raw/json.ts';
import type { RateBucket } from '../route.ts';

const perAudience: RateBucket = { name: 'broadcast_per_audience', limit: 10, windowMs: 60_000 };

/**
 * The rate bucket of a broadcast of one endpoint, which counts for its audience, too. `ids`: the members of the body that,
 * with `audience`, say whom it goes to. Source: send.md §13.
 */
export function broadcastBucket(path: string, body: RawObject, ids: readonly string[]): RateBucket {
  const narrower = { ...perAudience, apart: audienceKey(body, ids) };
  return { name: `send_broadcast:${path}`, limit: 250, windowMs: 60_000, narrower };
}

/** The same for the same campaign, segment and audience, however their ids and members are written. */
function audienceKey(body: RawObject, members: readonly string[]): string {
  const ids = members.map((key) => idText(own(body, key)));
  return hash('sha256', JSON.stringify([...ids, ordered(own(body, 'audience') ?? null)]), 'base64url');
}

/** Any value may stand where an id is expected, also an object that cannot become a text. */
function idText(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? ordered(value) : String(value ?? '').toLowerCase();
}

/** The value with the members of its objects in one order. Its depth is bounded, because a body's is. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return members.map(([key, member]) => [key, ordered(member)]);
}

import { channelKeys } from '../../../channels/channel.ts';
import { sendStatuses } from '../../../dispatch/plan/states.ts';
import type { RecipientCursor, RecipientFilter } from '../../../dispatch/report/verdicts.ts';
import { isObject } from '../../../lib/json.ts';
import { dashed } from '../../../lib/uuid.ts';
import { readCursor, readLimit, readOneOf } from '../../query.ts';
import type { RouteRequest } from '../../route.ts';

/** Reads the dispatch id of a path, in its stored form. null: the text is not an id. */
export function readDispatchId({ dispatch_id: id = '' }: RouteRequest['params']): string | null {
  return /^[0-9a-f]{32}$/.test(id) ? dashed(id) : null;
}

/** Reads which recipients of a dispatch are asked for. Throws RequestError. */
export function readRecipientFilter(query: URLSearchParams): RecipientFilter {
  return {
    status: readOneOf(query, 'status', sendStatuses),
    channel: readOneOf(query, 'channel', channelKeys),
    after: readCursor(query, isRecipientCursor),
    limit: readLimit(query, { usual: 100, most: 1_000 }),
  };
}

function isRecipientCursor(value: unknown): value is RecipientCursor {
  if (!isObject(value)) return false;
  const { bucket, userId, channel } = value;
  const isBucket = typeof bucket === 'number' && Number.isInteger(bucket) && bucket >= 0 && bucket < 256;
  return isBucket && Number.isSafeInteger(userId) && channelKeys.some((key) => key === channel);
}

import { channelKeys } from '../../../channels/channel.ts';
import { isReason, reasons } from '../../../dispatch/plan/reasons.ts';
import { dispatchStates, sendStatuses } from '../../../dispatch/plan/states.ts';
import type { DispatchFilter } from '../../../dispatch/report/dispatch-list.ts';
import type { RecipientCursor, RecipientFilter } from '../../../dispatch/report/recipients.ts';
import type { Asking } from '../../../dispatch/report/waits/waits.ts';
import { RequestError } from '../../../errors.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { dashed } from '../../../lib/uuid.ts';
import type { Identifier } from '../../../people/profile/identifiers.ts';
import { idKey } from '../../../workspace/catalog.ts';
import { personParameters, readPersonQuery } from '../../person-query.ts';
import { readCursor, readLimit, readOneOf, readStorable, readTime } from '../../query.ts';
import type { RouteRequest } from '../../route.ts';

export const recipientParameters = [
  ...personParameters,
  'status',
  'reason',
  'channel',
  'min_attempts',
  'limit',
  'cursor',
];
export const listParameters = [
  ...['campaign_id', 'segment_id', 'state', 'since', 'until', 'idempotency_key', 'limit', 'cursor'],
];

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads the dispatch id of a path, in its stored form. null: the text is not an id. */
export function readDispatchId({ dispatch_id: id = '' }: RouteRequest['params']): string | null {
  if (dashedId.test(id)) return id; // as a schedule has it
  return /^[0-9a-f]{32}$/.test(id) ? dashed(id) : null;
}

/** Reads which dispatches are asked for. Throws RequestError. */
export function readListFilter(
  query: URLSearchParams,
): Omit<DispatchFilter, 'ids' | keyof Asking> & { idempotencyKey: string | null } {
  return {
    campaignId: readId(query, 'campaign_id'),
    segmentId: readId(query, 'segment_id'),
    state: readOneOf(query, 'state', dispatchStates),
    since: readTime(query, 'since'),
    until: readTime(query, 'until'),
    idempotencyKey: readStorable(query, 'idempotency_key'),
    after: readCursor(query, isListCursor)?.id ?? null,
    limit: readLimit(query, { usual: 50, most: 500 }),
  };
}

function readId(query: URLSearchParams, name: string): string | null {
  const id = readStorable(query, name);
  return id === null ? null : idKey(id);
}

/** Reads which recipients of a dispatch are asked for. `identifier` null: everybody. Throws RequestError. */
export function readRecipientFilter(
  query: URLSearchParams,
): Omit<RecipientFilter, 'person' | 'waits' | 'origins'> & { identifier: Identifier | null } {
  return {
    identifier: readPersonQuery(query),
    status: readStatus(query),
    reason: readOneOf(query, 'reason', reasons),
    channel: readOneOf(query, 'channel', channelKeys),
    minAttempts: readMinAttempts(query),
    after: readCursor(query, isRecipientCursor),
    limit: readLimit(query, { usual: 100, most: 1_000 }),
  };
}

/** The counts of a dispatch stand beside each other by status and by reason, so one is easily taken for the other. */
function readStatus(query: URLSearchParams): string | null {
  const status = query.get('status');
  if (!isReason(status) || sendStatuses.some((one) => one === status)) return readOneOf(query, 'status', sendStatuses);
  throw new RequestError('bad_request', [
    `status: expected one of ${sendStatuses.join(', ')}; ${status} is a reason: ask with reason=${status}`,
  ]);
}

function readMinAttempts(query: URLSearchParams): number {
  const value = query.get('min_attempts') || '0';
  if (/^\d{1,4}$/.test(value)) return Number(value);
  throw new RequestError('bad_request', ['min_attempts: expected 0 to 9999']);
}

function isListCursor(value: unknown): value is { id: string } {
  return isObject(value) && typeof value.id === 'string' && dashedId.test(value.id);
}

function isRecipientCursor(value: unknown): value is RecipientCursor {
  if (!isObject(value)) return false;
  const { bucket, userId, channel, refusals } = value;
  if (refusals !== undefined) return Number.isSafeInteger(refusals) && Number(refusals) >= 0;
  const isBucket = typeof bucket === 'number' && Number.isInteger(bucket) && bucket >= 0 && bucket < 256;
  return isBucket && Number.isSafeInteger(userId) && channelKeys.some((key) => key === channel);
}

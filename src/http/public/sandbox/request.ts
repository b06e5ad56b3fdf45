import { channelKeys } from '../../../channels/channel.ts';
import type { SandboxCursor, SandboxFilter } from '../../../dispatch/report/sandbox.ts';
import { RequestError } from '../../../errors.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { dashed } from '../../../lib/uuid.ts';
import { readCursor, readLimit, readOneOf } from '../../query.ts';

export const sandboxParameters = ['dispatch_id', 'external_id', 'channel', 'limit', 'cursor'];

/** Reads which messages are asked for. `externalId` null: everybody's. Throws RequestError. */
export function readSandboxQuery(
  query: URLSearchParams,
): Omit<SandboxFilter, 'workspaceId' | 'person'> & { externalId: string | null } {
  return {
    dispatchId: readDispatchId(query.get('dispatch_id')),
    externalId: query.get('external_id'),
    channel: readOneOf(query, 'channel', channelKeys),
    after: readCursor(query, isSandboxCursor),
    limit: readLimit(query, { usual: 50, most: 500 }),
  };
}

function readDispatchId(id: string | null): string | null {
  if (id === null) return null;
  if (/^[0-9a-f]{32}$/.test(id)) return dashed(id);
  throw new RequestError('bad_request', ['dispatch_id: expected 32 lower-case hex digits']);
}

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isSandboxCursor(value: unknown): value is SandboxCursor {
  if (!isObject(value)) return false;
  const { dispatchId, userId, channel } = value;
  return (
    typeof dispatchId === 'string' &&
    dashedId.test(dispatchId) &&
    Number.isSafeInteger(userId) &&
    channelKeys.some((key) => key === channel)
  );
}

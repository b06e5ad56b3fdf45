import { channelKeys } from '../../../channels/channel.ts';
import { reasons } from '../../../dispatch/plan/reasons.ts';
import { sendStatuses } from '../../../dispatch/plan/states.ts';
import type { MessageCursor, MessageFilter } from '../../../dispatch/report/person-messages.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { readCursor, readLimit, readOneOf } from '../../query.ts';

export const messageParameters = ['channel', 'status', 'reason', 'limit', 'cursor'];

/** Reads which messages of a person are asked for. Throws RequestError. */
export function readMessageFilter(query: URLSearchParams): Omit<MessageFilter, 'workspaceId' | 'person'> {
  return {
    channel: readOneOf(query, 'channel', channelKeys),
    status: readOneOf(query, 'status', sendStatuses),
    reason: readOneOf(query, 'reason', reasons),
    after: readCursor(query, isMessageCursor),
    limit: readLimit(query, { usual: 50, most: 500 }),
  };
}

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isMessageCursor(value: unknown): value is MessageCursor {
  if (!isObject(value)) return false;
  const { dispatchId, channel } = value;
  const isChannel = channel === '' || channelKeys.some((key) => key === channel);
  return typeof dispatchId === 'string' && dashedId.test(dispatchId) && isChannel;
}

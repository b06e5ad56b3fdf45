import { channelKeys } from '../../../channels/channel.ts';
import { reasons } from '../../../dispatch/plan/reasons.ts';
import { sendStatuses } from '../../../dispatch/plan/states.ts';
import type { MessageCursor, MessageFilter } from '../../../dispatch/report/person-messages.ts';
import type { Asking } from '../../../dispatch/report/waits/waits.ts';
import { RequestError } from '../../../errors.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { isGiven } from '../../../lib/raw/lenient.ts';
import { readEmail } from '../../../people/profile/identifiers.ts';
import { personParameters } from '../../person-query.ts';
import { readCursor, readLimit, readOneOf, readTime } from '../../query.ts';
import { readPhone } from '../sms/request.ts';

export const addressParameters = ['email', 'phone'] as const;
export const messageParameters = ['channel', 'status', 'reason', 'since', 'until', 'limit', 'cursor'];

/** An address that several people may have. */
export interface AskedAddress {
  kind: 'email' | 'phone';
  value: string;
}

/** Reads the address whose people are meant. null: there is none. Throws RequestError, and ObjectProblem. */
export function readAddressQuery(query: URLSearchParams): AskedAddress | null {
  const given = addressParameters.filter((name) => isGiven(query.get(name)));
  const names = personParameters.filter((name) => isGiven(query.get(name)));
  if (given.length === 0) return null;
  if (given.length + names.length > 1)
    throw new RequestError('bad_request', [`${[...names, ...given].join(', ')}: expected only one of them`]);
  const email = query.get('email');
  return isGiven(email)
    ? { kind: 'email', value: readEmail(email) }
    : { kind: 'phone', value: readPhone(query.get('phone'), 'phone') };
}

/** Reads which messages of a person are asked for. Throws RequestError. */
export function readMessageFilter(query: URLSearchParams): Omit<MessageFilter, 'people' | 'origins' | keyof Asking> {
  return {
    channel: readOneOf(query, 'channel', channelKeys),
    status: readOneOf(query, 'status', sendStatuses),
    reason: readOneOf(query, 'reason', reasons),
    since: readTime(query, 'since'),
    until: readTime(query, 'until'),
    after: readCursor(query, isMessageCursor),
    limit: readLimit(query, { usual: 50, most: 500 }),
  };
}

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isMessageCursor(value: unknown): value is MessageCursor {
  if (!isObject(value)) return false;
  const { dispatchId, channel, userId } = value;
  const isChannel = channel === '' || channelKeys.some((key) => key === channel);
  return typeof dispatchId === 'string' && dashedId.test(dispatchId) && isChannel && Number.isSafeInteger(userId);
}

import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { describe, elementPath, type RawObject } from '../../lib/raw/json.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { isReason } from './reasons.ts';
import type { DispatchState } from './states.ts';

/**
 * Statuses that a replay may try again. With the others, the person has the message or must not get it. `unknown` is only
 * tried again if the request names it: the person may have the message, and then gets it twice.
 */
export const replayable = ['failed', 'aborted', 'expired', 'cancelled', 'unknown'] as const;
export type ReplayableStatus = (typeof replayable)[number];

/** The sends that a replay tries again: those with one of the statuses, channels and provider codes. null: any. */
export interface ReplayFilter {
  statuses: ReplayableStatus[];
  channels: ChannelKey[] | null;
  codes: string[] | null;
}

export interface StoredReplay {
  filter: ReplayFilter;
  /** The time of the replay. It applies to older verdicts only; later ones are its own. */
  at: Date;
}

/** A replay as the dispatch remembers it. */
export interface PastReplay {
  at: string;
  filter: ReplayFilter;
  /** Number of sends tried again, one for each person and channel. null: not all people were written down yet. */
  recipients: number | null;
  /** Number of attempts that these sends had had. Their counts begin again. */
  attempts: number;
}

const members = ['statuses', 'channels', 'codes'];
export const MOST_CODES = 100;

/** A requested replay. `statuses`: null: the default, which depends on the dispatch's state. */
export type ReplayRequest = Omit<ReplayFilter, 'statuses'> & { statuses: ReplayableStatus[] | null };

/** Completes a request. By default, failed sends are tried again, and cancelled ones if the dispatch was cancelled. */
export function filterFor(state: DispatchState, { statuses, ...rest }: ReplayRequest): ReplayFilter {
  return { statuses: statuses ?? (state === 'cancelled' ? ['failed', 'cancelled'] : ['failed']), ...rest };
}

/** Reads the body of a replay request. Throws RequestError that names each path. */
export function readReplayRequest(raw: RawObject): ReplayRequest {
  const problems = new Problems();
  const body = new ObjectReader(raw, '', problems);
  for (const name of body.unknown(members)) {
    body.refuse(name, `unknown member; expected ${members.join(', ')}`, 'shape');
  }
  const statuses = readList(body, 'statuses', isOneOf(replayable), expectedStatus);
  const channels = readList(body, 'channels', isOneOf(channelKeys), () => `expected one of ${channelKeys.join(', ')}`);
  const codes = readList(body, 'codes', isCode, () => "expected one of provider's codes as texts");
  problems.throwIfAny();
  return { statuses, channels, codes };
}

function readList<T>(
  body: ObjectReader,
  name: string,
  isElement: (value: unknown) => value is T,
  expected: (got: unknown) => string,
): T[] | null {
  if (!body.has(name)) return null;
  const value = body.get(name);
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_CODES) {
    body.refuse(name, `expected an array of 1 to ${MOST_CODES} elements, got ${describe(value)}`);
    return null;
  }
  const elements: unknown[] = value;
  for (const [index, element] of elements.entries()) {
    if (!isElement(element)) body.problems.add('type', elementPath(name, index), expected(element));
  }
  return elements.filter(isElement);
}

/** The numbers of a dispatch stand beside each other by status and by reason, so one is easily taken for the other. */
function expectedStatus(got: unknown): string {
  const known = `expected one of ${replayable.join(', ')}`;
  if (typeof got !== 'string' || !isReason(got)) return known;
  return `${known}; ${got} is a reason, and the status of its sends is in the list of recipients (?reason=${got})`;
}

function isOneOf<T extends string>(known: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => known.some((one) => one === value);
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 500 && !value.includes('\0');
}

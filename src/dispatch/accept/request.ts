import type { ChannelKey } from '../../channels/channel.ts';
import { describe, elementPath, isObject, memberPath, own, type RawObject } from '../../lib/raw/json.ts';
import { isEmpty, isGiven, readFlag } from '../../lib/raw/lenient.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { WatchedReader } from '../../lib/raw/watched-reader.ts';
import { type RequiredState, requiredStates } from '../../people/consent/required-state.ts';
import { maxAliasBytes } from '../../people/profile/identifiers.ts';
import type { PersonName } from '../../people/profile/identify.ts';
import { channelMeantBy, readMessages as readByChannel } from '../plan/check-messages.ts';
import { elsewhereOfSends } from './elsewhere.ts';
import { oldCredentials } from './old-credentials.ts';
import { AT_MOST, ourMembers, type PlanOptions, readOurOptions } from './our-options.ts';

/** The body of POST /messages/send after coercion. Nothing has been looked up yet. Source: send.md §2. */
export interface SendRequest {
  /** The people in the order of the lists, repeated names included. */
  names: PersonName[];
  segmentId: string | null;
  audience: RawObject | null;
  broadcast: boolean;
  campaignId: string | null;
  sendId: string | null;
  overridesCaps: boolean;
  requiredState: RequiredState;
  messages: [ChannelKey, RawObject][];
  /** The members of `messages` that are no channels. */
  unknownChannels: string[];
  dryRun: boolean;
  /** Most people that a broadcast may be for. null: any number. */
  atMost: number | null;
  /** What `cresset` says of how it is sent. */
  options: PlanOptions;
}

export type Body = WatchedReader;

/** Checks the types of the top level and refuses members of other endpoints. Files its problems under stage `type`. */
export function readSendRequest(raw: RawObject, problems: Problems): SendRequest {
  const body = new WatchedReader(raw, '', problems);
  body.ignore(oldCredentials);
  body.explain(elsewhereOfSends);
  refuseForeignKeys(body, raw, foreignKeys);
  const flag = (key: string) => body.scalar(key, readFlag) ?? false;
  const overrides = [flag('override_frequency_capping'), flag('override_messaging_limits')];
  return {
    names: [...readExternalIds(body), ...readAliases(body)],
    segmentId: readId(body, 'segment_id'),
    audience: readAudience(body),
    broadcast: flag('broadcast'),
    campaignId: readId(body, 'campaign_id'),
    sendId: readId(body, 'send_id'),
    overridesCaps: overrides.includes(true),
    requiredState: readState(body),
    ...readMessages(body),
    ...readOurOptions(body, [AT_MOST]),
  };
}

const foreignKeys: ReadonlyMap<string, string> = new Map([
  ['recipients', 'belongs to the trigger endpoints; name people in external_user_ids or user_aliases'],
  ['segment_ids', 'is not supported; use segment_id'],
  ['trigger_properties', 'belongs to the trigger endpoints; remove it'],
  ['attributes', 'belongs to the trigger endpoints and /users/track; remove it'],
  ['schedule', 'belongs to /messages/schedule/create; remove it'],
  [AT_MOST, `belongs into cresset: { "cresset": { "${AT_MOST}": … } }`],
]);

/** Our own options. A dry run that is asked for in the wrong place would really be sent. */
const ourKeys: ReadonlyMap<string, string> = new Map(
  ourMembers.map((key) => [key, `belongs into cresset: { "cresset": { "${key}": … } }`]),
);

/** Refuses members that belong elsewhere, unless they are empty: `others` says why. */
export function refuseForeignKeys(body: Body, raw: RawObject, others: ReadonlyMap<string, string>): void {
  // Nearly all bodies have none. Then there is nothing to look for, and nothing that a warning could name.
  if (!body.keys().some((key) => others.has(key) || ourKeys.has(key))) return;
  for (const keys of [others, ourKeys]) {
    body.ignore(keys.keys());
    for (const [key, reason] of keys) {
      // Not read through `body`, so that no warning suggests them.
      if (!isEmpty(own(raw, key))) body.refuse(key, reason);
    }
  }
}

export function readId(body: Body, key: string): string | null {
  const value = body.get(key);
  if (!isGiven(value)) return null;
  if (typeof value === 'string') return value;
  body.refuse(key, `expected a text, got ${describe(value)}`);
  return null;
}

function readExternalIds(body: Body): PersonName[] {
  const value = body.get('external_user_ids');
  if (!isGiven(value)) return [];
  if (!isIdText(value) && !Array.isArray(value)) {
    body.refuse('external_user_ids', `expected an array of texts, got ${describe(value)}`);
    return [];
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const names: PersonName[] = [];
  for (const [index, item] of list.entries()) {
    if (typeof item === 'number' && !Number.isInteger(item))
      body.problems.add('type', elementPath('external_user_ids', index), 'expected a text, got a fractional number');
    if (isIdText(item)) names.push({ label: '', name: String(item) });
    else body.problems.minor(`${elementPath('external_user_ids', index)} is not a non-empty string and was skipped`);
  }
  return names;
}

function readAliases(body: Body): PersonName[] {
  const value = body.get('user_aliases');
  if (!isGiven(value)) return [];
  const list = isObject(value) ? [value] : value;
  if (!Array.isArray(list)) {
    body.refuse('user_aliases', `expected an array of objects, got ${describe(value)}`);
    return [];
  }
  return list.flatMap((item: unknown, index) => {
    const [name, label] = isObject(item) ? [own(item, 'alias_name'), own(item, 'alias_label')] : [];
    const isNamed = isIdText(name) && typeof label === 'string' && label.trim() !== '';
    if (isNamed && isShort(String(name)) && isShort(label)) return [{ label, name: String(name) }];
    const fault = isNamed
      ? `has an alias_name or alias_label of more than ${maxAliasBytes} bytes`
      : 'has no non-empty alias_name and alias_label';
    body.problems.minor(`${elementPath('user_aliases', index)} ${fault} and was skipped`);
    return [];
  });
}

export function isShort(text: string): boolean {
  return Buffer.byteLength(text) <= maxAliasBytes;
}

/** Older clients send numbers. A number stands for its decimal text. */
export function isIdText(value: unknown): value is string | number {
  return (
    (typeof value === 'string' && value.trim() !== '') || (typeof value === 'number' && Number.isSafeInteger(value))
  );
}

export function readAudience(body: Body): RawObject | null {
  if (!body.has('audience')) return null;
  const value = body.get('audience');
  if (isObject(value) && Object.keys(value).length > 0) return value;
  const came = isObject(value) ? 'an empty object' : describe(value);
  body.refuse('audience', `expected a connected audience object, got ${came}`);
  return null;
}

function readState(body: Body): RequiredState {
  const value = body.get('recipient_subscription_state');
  if (!isGiven(value)) return 'subscribed';
  const found = requiredStates.find((state) => state === value);
  if (found !== undefined) return found;
  body.refuse('recipient_subscription_state', `expected one of ${requiredStates.join(', ')}, in lower case`);
  return 'subscribed';
}

function readMessages(body: Body): Pick<SendRequest, 'messages' | 'unknownChannels'> {
  const read = readByChannel(body.rawObject('messages') ?? {}, 'messages', body.problems);
  for (const key of read.unknownChannels) {
    body.problems.minor(
      () => `${memberPath('messages', key)} is not a supported channel and was skipped${channelMeantBy(key)}`,
    );
  }
  return read;
}

import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { isPlainObject } from '../../channels/fields.ts';
import { describe, readFlag } from '../../lib/lenient.ts';
import type { Problems } from '../../lib/problems.ts';
import { type RequiredState, requiredStates } from '../../people/consent/required-state.ts';
import type { PersonName } from '../../people/profile/identify.ts';
import { type DeliveryMode, deliveryModes } from '../plan/send-plan.ts';

/** The body of POST /messages/send after coercion; nothing is looked up yet. Source: send.md 2. */
export interface SendRequest {
  /** As listed, repeated names included. */
  names: PersonName[];
  segmentId: string | null;
  audience: Record<string, unknown> | null;
  broadcast: boolean;
  campaignId: string | null;
  sendId: string | null;
  overridesCaps: boolean;
  requiredState: RequiredState;
  messages: [ChannelKey, Record<string, unknown>][];
  dryRun: boolean;
  delivery: DeliveryMode;
}

type Body = Record<string, unknown>;

/** Checks the types of the top level and refuses what belongs to other endpoints. Files its problems under stage `type`. */
export function readSendRequest(body: Body, problems: Problems): SendRequest {
  refuseForeignKeys(body, problems);
  const flag = (key: string) => readTopFlag(body, key, problems);
  const overrides = [flag('override_frequency_capping'), flag('override_messaging_limits')];
  return {
    names: [
      ...readExternalIds(own(body, 'external_user_ids'), problems),
      ...readAliases(own(body, 'user_aliases'), problems),
    ],
    segmentId: readId(body, 'segment_id', problems),
    audience: readAudience(own(body, 'audience'), problems),
    broadcast: flag('broadcast'),
    campaignId: readId(body, 'campaign_id', problems),
    sendId: readId(body, 'send_id', problems),
    overridesCaps: overrides.includes(true),
    requiredState: readState(own(body, 'recipient_subscription_state'), problems),
    messages: readMessages(own(body, 'messages'), problems),
    ...readOurOptions(own(body, 'cresset'), problems),
  };
}

function own(body: Body, key: string): unknown {
  return Object.hasOwn(body, key) ? body[key] : undefined;
}

const foreignKeys: ReadonlyMap<string, string> = new Map([
  ['recipients', 'belongs to the trigger endpoints; name people in external_user_ids or user_aliases'],
  ['segment_ids', 'is not supported; use segment_id'],
  ['trigger_properties', 'belongs to the trigger endpoints; remove it'],
  ['attributes', 'belongs to the trigger endpoints and /users/track; remove it'],
  ['schedule', 'belongs to /messages/schedule/create; remove it'],
]);
const harmlessWhenEmpty = new Set(['recipients', 'segment_ids']);

function refuseForeignKeys(body: Body, problems: Problems): void {
  for (const [key, reason] of foreignKeys) {
    const value = own(body, key);
    if (value === undefined) continue;
    const isEmpty = value === null || value === '' || (Array.isArray(value) && value.length === 0);
    if (harmlessWhenEmpty.has(key) && isEmpty) continue;
    problems.add('type', key, reason);
  }
}

function readTopFlag(body: Body, key: string, problems: Problems): boolean {
  const value = own(body, key);
  const reading = readFlag(value);
  if (reading.ok) return reading.value ?? false;
  const came = typeof value === 'number' ? String(value) : describe(value);
  problems.add('type', key, `expected a boolean, got ${came}`);
  return false;
}

function readId(body: Body, key: string, problems: Problems): string | null {
  const value = own(body, key);
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  problems.add('type', key, `expected a text, got ${describe(value)}`);
  return null;
}

function readExternalIds(value: unknown, problems: Problems): PersonName[] {
  if (value === undefined || value === null || value === '') return [];
  if (!isIdText(value) && !Array.isArray(value)) {
    problems.add('type', 'external_user_ids', `expected an array of texts, got ${describe(value)}`);
    return [];
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((item, index) => {
    const path = `external_user_ids[${index}]`;
    if (typeof item === 'number' && !Number.isInteger(item))
      problems.add('type', path, 'expected a text, got a fractional number');
    if (isIdText(item)) return [{ label: '', name: String(item) }];
    problems.minor(`${path} is not a non-empty string and was skipped`);
    return [];
  });
}

function readAliases(value: unknown, problems: Problems): PersonName[] {
  if (value === undefined || value === null) return [];
  const list = isPlainObject(value) ? [value] : value;
  if (!Array.isArray(list)) {
    problems.add('type', 'user_aliases', `expected an array of objects, got ${describe(value)}`);
    return [];
  }
  return list.flatMap((item: unknown, index) => {
    const name = isPlainObject(item) ? own(item, 'alias_name') : undefined;
    const label = isPlainObject(item) ? own(item, 'alias_label') : undefined;
    if (isIdText(name) && typeof label === 'string' && label.trim() !== '') return [{ label, name: String(name) }];
    problems.minor(`user_aliases[${index}] has no non-empty alias_name and alias_label and was skipped`);
    return [];
  });
}

/** Older clients send numbers; they stand for their decimal text. */
function isIdText(value: unknown): value is string | number {
  return (
    (typeof value === 'string' && value.trim() !== '') || (typeof value === 'number' && Number.isSafeInteger(value))
  );
}

function readAudience(value: unknown, problems: Problems): Record<string, unknown> | null {
  if (value === undefined || value === null) return null;
  if (isPlainObject(value) && Object.keys(value).length > 0) return value;
  const came = isPlainObject(value) ? 'an empty object' : describe(value);
  problems.add('type', 'audience', `expected a connected audience object, got ${came}`);
  return null;
}

function readState(value: unknown, problems: Problems): RequiredState {
  if (value === undefined || value === null) return 'subscribed';
  const found = requiredStates.find((state) => state === value);
  if (found !== undefined) return found;
  problems.add('type', 'recipient_subscription_state', `expected one of ${requiredStates.join(', ')}, in lower case`);
  return 'subscribed';
}

function readMessages(value: unknown, problems: Problems): SendRequest['messages'] {
  if (value === undefined || value === null) return [];
  if (!isPlainObject(value)) {
    problems.add('type', 'messages', `expected an object, got ${describe(value)}`);
    return [];
  }
  for (const key of Object.keys(value)) {
    if (!channelKeys.some((channel) => channel === key))
      problems.minor(`messages.${shown(key)} is not a supported channel and was skipped`);
  }
  return channelKeys.flatMap((channel) => {
    const message = own(value, channel);
    if (message === undefined || message === null || message === '') return [];
    if (isPlainObject(message)) return [[channel, message] as [ChannelKey, Body]];
    problems.add('type', `messages.${channel}`, `expected an object, got ${describe(message)}`);
    return [];
  });
}

/** A caller's key in an answer: shortened and plain, whatever it holds. */
function shown(key: string): string {
  return key.replace(/[^\w.-]/g, '?').slice(0, 64);
}

function readOurOptions(value: unknown, problems: Problems): Pick<SendRequest, 'dryRun' | 'delivery'> {
  const options = { dryRun: false, delivery: 'at_least_once' as DeliveryMode };
  if (value === undefined || value === null) return options;
  if (!isPlainObject(value)) {
    problems.add('type', 'cresset', `expected an object, got ${describe(value)}`);
    return options;
  }
  for (const key of Object.keys(value)) {
    if (key !== 'dry_run' && key !== 'delivery')
      problems.add('type', `cresset.${shown(key)}`, 'unknown member; dry_run and delivery are known');
  }
  const dryRun = readFlag(own(value, 'dry_run'));
  if (dryRun.ok) options.dryRun = dryRun.value ?? false;
  else problems.add('type', 'cresset.dry_run', `expected a boolean, got ${describe(own(value, 'dry_run'))}`);
  const delivery = own(value, 'delivery') ?? options.delivery;
  const mode = deliveryModes.find((known) => known === delivery);
  if (mode === undefined) problems.add('type', 'cresset.delivery', `expected one of ${deliveryModes.join(', ')}`);
  return { ...options, delivery: mode ?? options.delivery };
}

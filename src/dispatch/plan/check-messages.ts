import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { ShownAccount } from '../../channels/provider.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { memberPath, namesNo, type RawObject } from '../../lib/raw/json.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { idKey, type SubscriptionGroup, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { SendPlan } from './send-plan.ts';
import { type ParsedMessage, parseMessages } from './templates.ts';

/** What messages may refer to. */
export interface MessageSurroundings extends Pick<WorkspaceCatalog, 'settings'> {
  apps: ReadonlyMap<string, unknown>;
  subscriptionGroups: ReadonlyMap<string, CheckedGroup>;
}

/** What is checked of a subscription group that a message names. `provider`: null or absent: it has no account. */
export interface CheckedGroup extends Pick<SubscriptionGroup, 'archived' | 'channel'> {
  provider?: ShownAccount | null;
}

export interface MessageCheck {
  /** The path of the messages, such as `messages`. */
  path: string;
  workspace: MessageSurroundings;
  problems: Problems;
  now: Date;
  /** True: the messages are kept, and sent again and again. */
  areStored?: boolean;
}

/** Splits raw messages into those of our channels and the other members' names. */
export function readMessages(
  raw: RawObject,
  path: string,
  problems: Problems,
): { messages: [ChannelKey, RawObject][]; unknownChannels: string[] } {
  const reader = new ObjectReader(raw, path, problems);
  const messages = channelKeys.flatMap((channel) => {
    const message = reader.rawObject(channel);
    return message === undefined ? [] : [[channel, message] as [ChannelKey, RawObject]];
  });
  return { messages, unknownChannels: reader.unknown(channelKeys) };
}

/** The name of the channel that an unknown one probably means, as `; did you mean email?`. */
export function channelMeantBy(name: string): string {
  return didYouMean(nearest(name, channelKeys));
}

/**
 * Checks messages and their templates (send.md §3, step 13), and makes them canonical. Stored content that they name is
 * checked by `pinContent`. Throws RequestError.
 */
export function checkMessages(given: readonly [ChannelKey, RawObject][], check: MessageCheck): ParsedMessage[] {
  const { path, workspace, problems, now } = check;
  const messages: SendPlan['messages'] = {};
  for (const [key, raw] of given) {
    const channel = channels[key];
    const at = memberPath(path, key);
    const whole = channel.withDefaults?.(raw, workspace.settings) ?? raw;
    const message = channel.parse(whole, at, problems, now);
    if (message === null) continue;
    channel.checkInWorkspace?.(message, at, problems, workspace.settings);
    if (check.areStored) channel.checkStored?.(message, at, problems);
    checkReferences(key, message, check);
    messages[key] = message;
  }
  problems.throwIfAny();
  const parsed = parseMessages(messages, problems, path);
  problems.throwIfAny();
  return parsed;
}

function checkReferences(key: ChannelKey, message: object, { path, workspace, problems }: MessageCheck): void {
  const at = (member: string) => `${memberPath(path, key)}.${member}`;
  const { appId, subscriptionGroupId } = channels[key].references(message);
  if (appId !== undefined && !workspace.apps.has(idKey(appId))) {
    problems.warn(`${at('app_id')} does not name an app of this workspace; the message counts for none`);
  }
  if (subscriptionGroupId === undefined) return;
  const group = workspace.subscriptionGroups.get(idKey(subscriptionGroupId));
  if (group === undefined || group.archived || group.channel !== key) {
    const reason = namesNo(`a subscription group for ${key}`, subscriptionGroupId);
    problems.add('cross', at('subscription_group_id'), reason, 'invalid_subscription_group');
    return;
  }
  channels[key].checkInGroup?.(message, memberPath(path, key), problems, group.provider ?? null);
}

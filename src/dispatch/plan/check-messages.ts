import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { ShownAccount } from '../../channels/provider.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { memberPath, namesNo, type RawObject } from '../../lib/raw/json.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { idKey, type SubscriptionGroup, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { type ParsedMessage, parseMessage, type UnparsedMessage } from './templates.ts';

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
  const messages: [ChannelKey, RawObject][] = [];
  for (const channel of channelKeys) {
    const message = reader.rawObject(channel);
    if (message !== undefined) messages.push([channel, message]);
  }
  return { messages, unknownChannels: reader.unknown(channelKeys) };
}

/** The name of the channel that an unknown one probably means, as `; did you mean email?`. */
export function channelMeantBy(name: string): string {
  return didYouMean(nearest(name, channelKeys));
}

/** A message before it is checked. */
export interface GivenMessage extends Omit<UnparsedMessage, 'message'> {
  raw: RawObject;
}

/**
 * Checks messages and their templates (send.md §3, step 13), and makes them canonical. Stored content that they name is
 * checked by `lookUpStored`. Throws RequestError. `path`: that of the messages, such as `messages`.
 */
export function checkMessages(
  given: readonly [ChannelKey, RawObject][],
  { path, ...check }: MessageCheck & { path: string },
): ParsedMessage[] {
  return checkGiven(
    given.map(([key, raw]) => ({ key, place: key, path: memberPath(path, key), raw })),
    check,
  );
}

/** The same for messages that stand anywhere. */
export function checkGiven(given: readonly GivenMessage[], check: MessageCheck): ParsedMessage[] {
  const { problems } = check;
  const sound = given.flatMap((one) => checkOne(one, check) ?? []);
  problems.throwIfAny();
  const parsed = sound.map((one) => parseMessage(one, problems));
  problems.throwIfAny();
  return parsed;
}

function checkOne({ key, place, path, raw }: GivenMessage, check: MessageCheck): UnparsedMessage | null {
  const { workspace, problems, now } = check;
  const channel = channels[key];
  const whole = channel.withDefaults?.(raw, workspace.settings) ?? raw;
  const message = channel.parse(whole, path, problems, now);
  if (message === null) return null;
  channel.checkInWorkspace?.(message, path, problems, workspace.settings);
  if (check.areStored) channel.checkStored?.(message, path, problems);
  const one = { key, place, path, message };
  checkReferences(one, check);
  return one;
}

function checkReferences({ key, path, message }: UnparsedMessage, { workspace, problems }: MessageCheck): void {
  const { appId, subscriptionGroupId } = channels[key].references(message);
  // Nearly always an id is given as it is stored.
  if (appId !== undefined && !workspace.apps.has(appId) && !workspace.apps.has(idKey(appId))) {
    problems.warn(`${path}.app_id does not name an app of this workspace; the message counts for none`);
  }
  if (subscriptionGroupId === undefined) return;
  const group = workspace.subscriptionGroups.get(idKey(subscriptionGroupId));
  if (group === undefined || group.archived || group.channel !== key) {
    const reason = namesNo(`a subscription group for ${key}`, subscriptionGroupId);
    problems.add('cross', `${path}.subscription_group_id`, reason, 'invalid_subscription_group');
    return;
  }
  channels[key].checkInGroup?.(message, path, problems, group.provider ?? null);
}

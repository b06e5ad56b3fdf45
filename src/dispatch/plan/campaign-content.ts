import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels, keyOfVariation } from '../../channels/index.ts';
import { RequestError } from '../../errors.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { memberPath, own } from '../../lib/raw/json.ts';
import { Problems } from '../../lib/raw/problems.ts';
import type { ReferenceAt } from '../../templating/tree.ts';
import { type Campaign, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { CampaignContent } from '../../workspace/file/check-campaigns.ts';
import { checkGiven, type GivenMessage, type MessageSurroundings, readMessages } from './check-messages.ts';
import { nameStoredThings } from './stored-things.ts';
import { messagesIn, type ParsedMessage, type PlannedMessages, placeOfVariation } from './templates.ts';

/** The check of a campaign's messages that applying a workspace file needs. */
export const messageChecks = { checkContent };

/** The problems of a campaign's messages; `warn` is told the slips. `path`: that of the campaign in the workspace file. */
function checkContent(
  content: CampaignContent,
  workspace: MessageSurroundings,
  path: string,
  warn: (text: string) => void = () => undefined,
): readonly string[] {
  const at = `${path}.messages`;
  const unknown = Object.keys(content.messages).filter((key) => !channelKeys.some((known) => known === key));
  if (unknown.length > 0) {
    return unknown.map((key) => {
      const meant = didYouMean(nearest(key, channelKeys));
      return `${memberPath(at, key)}: expected one of ${channelKeys.join(', ')}${meant}`;
    });
  }
  const problems = new Problems();
  try {
    const { messages } = read(content, workspace, { path, control: 0, problems });
    problems.warnAtEnd();
    for (const warning of problems.warnings) warn(warning);
    if (Object.keys(messages).length > 0) return [];
    return [`${at}: expected one or more of ${channelKeys.join(', ')}, got none`];
  } catch (error) {
    if (error instanceof RequestError) return error.errors;
    throw error;
  }
}

/** The messages of a campaign. */
interface CampaignMessages extends PlannedMessages {
  /** Whether they name what is looked up for each trigger. */
  nameStored: boolean;
  /** Names of the content blocks in their texts. */
  blocks: ReadonlySet<string>;
  /** What their own texts read. */
  references: readonly ReferenceAt[];
}

function isEmpty({ trigger, variations }: Campaign): boolean {
  return trigger?.messages == null && [...variations.values()].every(({ share }) => share === undefined);
}

/** All messages as JSON. */
function textOf({ trigger, variations }: Campaign): string {
  return JSON.stringify([trigger?.messages, [...variations.values()].map(({ share }) => share?.message)]);
}

const known = new WeakMap<Campaign, CampaignMessages>();

/**
 * The canonical messages of a campaign that is triggered. They are read once for each state of the catalog, whose
 * campaigns never change. Throws RequestError when there are none, or when they have become unusable.
 */
export function contentOf(campaign: Campaign, workspace: WorkspaceCatalog): CampaignMessages {
  const found = known.get(campaign);
  if (found !== undefined) return found;
  const { trigger, variations } = campaign;
  const path = `campaign ${campaign.id}`;
  if (isEmpty(campaign))
    throw new RequestError('no_message', [`${path}: expected messages in the workspace file, got none`]);
  const raw = { messages: trigger?.messages ?? {}, variations };
  const of = { path, control: trigger?.controlShare ?? 0, problems: new Problems() };
  const content = read(raw, workspace, of);
  known.set(campaign, content);
  return content;
}

/** The ids of the campaigns whose messages have this content block in their texts, in the order of the catalog. */
export function campaignsWithBlock(workspace: WorkspaceCatalog, block: string): string[] {
  const campaigns = [...workspace.campaigns.values()].filter(({ archived }) => !archived);
  return campaigns.filter((campaign) => blocksOf(campaign, workspace).has(block)).map(({ id }) => id);
}

const none: ReadonlySet<string> = new Set();
/** Campaigns without the word. Their messages need not be read to know that they have no blocks. */
const blockless = new WeakSet<Campaign>();

/** Empty also for messages that have become unusable, which a trigger says. */
function blocksOf(campaign: Campaign, workspace: WorkspaceCatalog): ReadonlySet<string> {
  if (isEmpty(campaign) || blockless.has(campaign)) return none;
  if (!known.has(campaign) && !textOf(campaign).includes('content_blocks')) {
    blockless.add(campaign);
    return none;
  }
  try {
    return contentOf(campaign, workspace).blocks;
  } catch (error) {
    if (error instanceof RequestError) return none;
    throw error;
  }
}

/** Reads all messages. `control`: percent of the people who get none. Of each channel's variations the first is the usual message. */
function read(
  { messages: raw, variations }: CampaignContent,
  workspace: MessageSurroundings,
  { path, control, problems }: { path: string; control: number; problems: Problems },
): CampaignMessages {
  const { messages: given } = readMessages(raw, `${path}.messages`, problems);
  const usual = given.map(([key, one]) => ({ key, place: key, path: memberPath(`${path}.messages`, key), raw: one }));
  const shared = sharesIn(variations, path, problems);
  // Nothing that is stored depends on the time at which it is read.
  const check = { workspace, problems, now: new Date(0), areStored: true };
  const parsed = checkGiven([...usual, ...shared.map(({ given: one }) => one)], check);
  for (const one of parsed) checkVariation(one, variations, problems);
  problems.throwIfAny();
  const others = shared.flatMap(({ id, percent, given: { key, place } }) => {
    const message = parsed.find((one) => one.place === place)?.message;
    return key === place || message === undefined ? [] : [{ channel: key, id, percent, message }];
  });
  const isSplit = control > 0 || others.length > 0;
  const split = isSplit ? { split: { control, others } } : {};
  const blocks = new Set(parsed.flatMap(({ tree }) => tree.blocks.map(({ name }) => name)));
  const references = parsed.flatMap(({ tree }) => tree.references);
  return { messages: messagesIn(parsed), ...split, nameStored: nameStoredThings(parsed), blocks, references };
}

interface SharedMessage {
  id: string;
  percent: number;
  given: GivenMessage;
}

/** The variations with messages of their own, in order of their ids. */
function sharesIn(variations: CampaignContent['variations'], path: string, problems: Problems): SharedMessage[] {
  const seen = new Set<ChannelKey>();
  return [...variations.values()].flatMap(({ id, channel, share, path: inFile }) => {
    if (share === undefined) return [];
    const at = `${inFile ?? `${path}.variations.${id}`}.message`;
    const key = keyOfVariation(channel);
    const named = own(share.message, 'message_variation_id') ?? id;
    if (named !== id) problems.add('campaign', `${at}.message_variation_id`, `expected none, or "${id}"`);
    const place = seen.has(key) ? placeOfVariation(key, id) : key;
    seen.add(key);
    const raw = { ...share.message, message_variation_id: id };
    return [{ id, percent: share.weight, given: { key, place, path: at, raw } }];
  });
}

function checkVariation(
  { key, path, message }: ParsedMessage,
  variations: CampaignContent['variations'],
  problems: Problems,
): void {
  const id = channels[key].references(message).messageVariationId;
  if (id === undefined) return;
  const channel = variations.get(idKey(id))?.channel;
  const at = `${path}.message_variation_id`;
  if (channel === undefined) problems.add('campaign', at, 'is not a variation of this campaign');
  else if (channel !== channels[key].variationChannel) problems.add('campaign', at, `is a variation of ${channel}`);
}

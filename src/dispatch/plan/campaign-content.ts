import { channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { RequestError } from '../../errors.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { memberPath } from '../../lib/raw/json.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { type Campaign, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { CampaignContent } from '../../workspace/file/check-campaigns.ts';
import { checkMessages, type MessageSurroundings, readMessages } from './check-messages.ts';
import type { SendPlan } from './send-plan.ts';
import { nameStoredThings } from './stored-things.ts';
import { messagesIn, type ParsedMessage } from './templates.ts';

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
    const isAnything = read(content, workspace, at, problems).length > 0;
    problems.warnAtEnd();
    for (const warning of problems.warnings) warn(warning);
    if (isAnything) return [];
    return [`${at}: expected one or more of ${channelKeys.join(', ')}, got none`];
  } catch (error) {
    if (error instanceof RequestError) return error.errors;
    throw error;
  }
}

/** The messages of a campaign. */
interface CampaignMessages {
  messages: SendPlan['messages'];
  /** Whether they name what is looked up for each trigger. */
  nameStored: boolean;
  /** Names of the content blocks in their texts. */
  blocks: ReadonlySet<string>;
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
  if (trigger?.messages == null)
    throw new RequestError('no_message', [`${path}: expected messages in the workspace file, got none`]);
  const parsed = read({ messages: trigger.messages, variations }, workspace, `${path}.messages`);
  const blocks = new Set(parsed.flatMap(({ tree }) => tree.blocks.map(({ name }) => name)));
  const content = { messages: messagesIn(parsed), nameStored: nameStoredThings(parsed), blocks };
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
  if (campaign.trigger?.messages == null || blockless.has(campaign)) return none;
  if (!known.has(campaign) && !JSON.stringify(campaign.trigger.messages).includes('content_blocks')) {
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

function read(
  { messages: raw, variations }: CampaignContent,
  workspace: MessageSurroundings,
  path: string,
  problems = new Problems(),
): ParsedMessage[] {
  const { messages: given } = readMessages(raw, path, problems);
  // Nothing that is stored depends on the time at which it is read.
  const parsed = checkMessages(given, { path, workspace, problems, now: new Date(0), areStored: true });
  for (const { key, message } of parsed) {
    const id = channels[key].references(message).messageVariationId;
    if (id === undefined) continue;
    const channel = variations.get(idKey(id))?.channel;
    const at = `${memberPath(path, key)}.message_variation_id`;
    if (channel === undefined) problems.add('campaign', at, 'is not a variation of this campaign');
    else if (channel !== channels[key].variationChannel) problems.add('campaign', at, `is a variation of ${channel}`);
  }
  problems.throwIfAny();
  return parsed;
}

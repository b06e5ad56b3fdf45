import type { Channel, ChannelKey } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { type MessagePlace, noContent, type PinnedContent } from '../../content/pins.ts';
import { memberPath } from '../../lib/raw/json.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import type { RenderContext } from '../../templating/facts.ts';
import { type LinkedBlocks, linkBlocks } from '../../templating/linked-blocks.ts';
import { Budget } from '../../templating/liquid/budget.ts';
import { everyRead, type Read, readsOf } from '../../templating/resolve.ts';
import {
  type BlockUse,
  type CatalogUseAt,
  type CompiledTree,
  compileTree,
  type ReferenceAt,
} from '../../templating/tree.ts';
import type { SendPlan } from './send-plan.ts';

/** One message of a plan. Its templates are parsed once for all recipients. */
export interface CompiledMessage {
  key: ChannelKey;
  /** Which of the plan's messages it is. */
  place: MessagePlace;
  channel: Channel;
  /** The message as stored, with the members of its stored template. Its texts are still templates. */
  message: object;
  /** The facts that its templates read. */
  reads: ReadonlySet<Read>;
  /** What its templates read of item catalogs. Empty for nearly all messages. */
  catalogs: readonly CatalogUseAt[];
  /** Whether its templates make calls (connected content). */
  fetches: boolean;
  /**
   * Renders all texts of the message for one person. Returns a promise only if a text waits for something. Throws, or
   * rejects with, RenderStop.
   */
  renderTexts(context: RenderContext): object | Promise<object>;
}

/** A parsed message, before the stored content that it names is found. */
export interface ParsedMessage extends Pick<CompiledMessage, 'key' | 'place' | 'channel' | 'message'> {
  /** The path of the message, for problems. */
  path: string;
  tree: CompiledTree;
}

/** A message that is to be parsed. */
export type UnparsedMessage = Omit<ParsedMessage, 'channel' | 'tree'>;

/**
 * Parses every template of a plan's messages. Files each syntax error under its path, stage `template`, and warns of
 * slips. `at`: the path of the messages.
 */
export function parseMessages(messages: SendPlan['messages'], problems: Problems, at = 'messages'): ParsedMessage[] {
  return Object.entries(messages).map(([name, message]) =>
    parseMessage({ key: name as ChannelKey, place: name, path: `${at}.${name}`, message }, problems),
  );
}

/** The same for one message. */
export function parseMessage({ key, place, path, message }: UnparsedMessage, problems: Problems): ParsedMessage {
  const channel = channels[key];
  return { key, place, path, message, channel, tree: treeOf(channel, message, path, problems) };
}

/** The same for all messages of a plan, its variations included. */
export function parsePlanned({ messages, split }: PlannedMessages, problems: Problems): ParsedMessage[] {
  const others = (split?.others ?? []).map(({ channel: key, id, message }) =>
    parseMessage({ key, place: placeOfVariation(key, id), path: `variation ${id}`, message }, problems),
  );
  return [...parseMessages(messages, problems), ...others];
}

/** The parts of a plan that hold messages. */
export type PlannedMessages = Pick<SendPlan, 'messages' | 'split'>;

export function placeOfVariation(key: ChannelKey, id: string): MessagePlace {
  return `${key}/${id}`;
}

/** The messages themselves, without further variations. */
export function messagesIn(parsed: readonly ParsedMessage[]): SendPlan['messages'] {
  const messages: SendPlan['messages'] = {};
  for (const { key, place, message } of parsed) if (place === key) messages[key] = message;
  return messages;
}

function treeOf(channel: Channel, value: object, path: string, problems: Problems): CompiledTree {
  const { neverTemplates: never, htmlTemplates: html } = channel;
  return compileTree(value, { path, never, html, problems, warn: (text) => problems.warn(text) });
}

/** Adds the stored content that messages name. Files what is unknown or cannot be read, stage `template`. */
export function fillMessages(
  parsed: readonly ParsedMessage[],
  content: PinnedContent,
  problems: Problems,
): FilledMessage[] {
  return parsed.map((one) => fill(one, content, problems));
}

export interface FilledMessage extends CompiledMessage {
  /** Names of the content blocks that it renders. */
  blocks: ReadonlySet<string>;
  /** What its templates and those blocks read. */
  references: readonly ReferenceAt[];
}

function fill(parsed: ParsedMessage, content: PinnedContent, problems: Problems): FilledMessage {
  const { key, place, channel, message, tree } = parsed;
  const template = content.templates.get(place);
  if (template === undefined && tree.blocks.length === 0) {
    const renderTexts = (context: RenderContext) => tree.render(context) as object;
    const reads = readsOfAll(tree);
    const { catalogs, fetches, references } = tree;
    return { key, place, channel, message, reads, catalogs, fetches, references, renderTexts, blocks: new Set() };
  }
  const path = memberPath(parsed.path, 'email_template_id');
  const stored = template === undefined ? {} : (channel.fromTemplate?.(message, template) ?? {});
  const storedTree = treeOf(channel, stored, path, problems);
  const linked = linkAll([...tree.blocks, ...storedTree.blocks], content, problems);
  return {
    ...{ key, place, channel, message: { ...stored, ...message }, blocks: linked.names },
    reads: readsOfAll(tree, storedTree, linked),
    catalogs: [...tree.catalogs, ...storedTree.catalogs, ...linked.catalogs],
    fetches: tree.fetches || storedTree.fetches || linked.fetches,
    references: [...tree.references, ...storedTree.references, ...linked.references],
    renderTexts: (context) => {
      const budget = new Budget();
      const theirs = storedTree.render(context, budget, linked) as object;
      return { ...theirs, ...(tree.render(context, budget, linked) as object) };
    },
  };
}

function linkAll(uses: readonly BlockUse[], { blocks }: PinnedContent, problems: Problems): LinkedBlocks {
  return linkBlocks(uses, blocks, { problems, warn: (text) => problems.warn(text) });
}

/** Texts of items may read anything. */
function readsOfAll(...parts: Pick<CompiledTree, 'references' | 'catalogs'>[]): Set<Read> {
  const rendersItems = parts.some(({ catalogs }) => catalogs.some(({ rendersTexts }) => rendersTexts));
  return new Set(rendersItems ? everyRead : parts.flatMap(({ references }) => references.flatMap(readsOf)));
}

/** Parses every template of a plan, with the stored content that it names. Files as the two steps do. */
export function compilePlan(
  plan: PlannedMessages,
  problems: Problems,
  content: PinnedContent = noContent,
): CompiledMessage[] {
  return fillMessages(parsePlanned(plan, problems), content, problems);
}

/** The same for messages without variations. */
export function compileMessages(
  messages: SendPlan['messages'],
  problems: Problems,
  content: PinnedContent = noContent,
): CompiledMessage[] {
  return fillMessages(parseMessages(messages, problems), content, problems);
}

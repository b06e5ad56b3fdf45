import type { ChannelKey } from '../../channels/channel.ts';
import type { FindContent, FoundContent, NamedContent } from '../../content/find.ts';
import { noContent, type PinnedContent } from '../../content/pins.ts';
import { namesNo } from '../../lib/raw/json.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import type { SendPlan } from './send-plan.ts';
import { fillMessages, type ParsedMessage } from './templates.ts';

/** The stored content that messages name. null: none. */
export function contentNamedBy(parsed: readonly ParsedMessage[]): NamedContent | null {
  const templates = new Map<ChannelKey, string>();
  for (const { key, channel, message } of parsed) {
    const id = channel.references(message).emailTemplateId;
    if (id !== undefined) templates.set(key, id);
  }
  const blocks = [...new Set(parsed.flatMap(({ tree }) => tree.blocks.map(({ name }) => name)))];
  return templates.size === 0 && blocks.length === 0 ? null : { templates, blocks };
}

export interface Pinned {
  /** For the plan. undefined: the messages name no content. */
  pins: SendPlan['content'];
  content: PinnedContent;
}

/** Finds the stored content that messages name, and pins what of it they use. Throws RequestError. */
export async function pinContent(
  parsed: readonly ParsedMessage[],
  { workspaceId, problems, findContent }: { workspaceId: number; problems: Problems; findContent: FindContent },
): Promise<Pinned> {
  const named = contentNamedBy(parsed);
  if (named === null) return { pins: undefined, content: noContent };
  return fillFrom(await findContent(workspaceId, named), named, parsed, problems);
}

/** Checks the messages with the content that they name. Returns what of it they use. */
function fillFrom(
  found: FoundContent,
  { templates }: NamedContent,
  parsed: readonly ParsedMessage[],
  problems: Problems,
): Pinned {
  for (const [key, id] of templates) {
    if (found.templates.has(key)) continue;
    problems.add('cross', `messages.${key}.email_template_id`, namesNo('an email template', id));
  }
  const filled = fillMessages(parsed, found, problems);
  problems.throwIfAny();
  const used = new Set(filled.flatMap(({ blocks }) => [...blocks]));
  const blocks = new Map([...found.blocks].filter(([name]) => used.has(name)));
  return { pins: found.pins(used), content: { templates: found.templates, blocks } };
}

import type { FindContent, NamedContent } from '../../content/find.ts';
import { type MessagePlace, noContent, type PinnedContent } from '../../content/pins.ts';
import { RequestError } from '../../errors.ts';
import { bounded } from '../../lib/raw/bounded-texts.ts';
import { namesNo } from '../../lib/raw/json.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import type { CatalogUseAt, ReferenceAt } from '../../templating/tree.ts';
import type { SendPlan } from './send-plan.ts';
import { fillMessages, type ParsedMessage } from './templates.ts';

/** Looks up what messages name and the catalog does not have. */
export interface StoredThings {
  /** Templates of mails and content blocks. */
  findContent: FindContent;
  /** Sentences: `problems` for item catalogs and selections that the workspace does not have, `warnings` for items. */
  checkCatalogs(
    workspaceId: number,
    uses: readonly CatalogUseAt[],
  ): Promise<{ problems: readonly string[]; warnings: readonly string[] }>;
  /** Those of these custom attributes that nobody ever had, each with the name in use that was probably meant. */
  findUnused(workspaceId: number, names: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
}

/** Whether messages name anything that must be looked up. */
export function nameStoredThings(parsed: readonly ParsedMessage[]): boolean {
  return contentNamedBy(parsed) !== null || parsed.some(({ tree }) => tree.catalogs.length > 0);
}

/** The stored content that messages name. null: none. */
function contentNamedBy(parsed: readonly ParsedMessage[]): NamedContent | null {
  const templates = new Map<MessagePlace, string>();
  let hasBlocks = false;
  for (const { place, channel, message, tree } of parsed) {
    const id = channel.references(message).emailTemplateId;
    if (id !== undefined) templates.set(place, id);
    hasBlocks ||= tree.blocks.length > 0;
  }
  if (templates.size === 0 && !hasBlocks) return null;
  const blocks = [...new Set(parsed.flatMap(({ tree }) => tree.blocks.map(({ name }) => name)))];
  return { templates, blocks };
}

export interface Pinned {
  /** For the plan. undefined: the messages name no content. */
  pins: SendPlan['content'];
  content: PinnedContent;
  /** What the messages read, with the content that they name. */
  references: readonly ReferenceAt[];
}

/** What is pinned by messages that name nothing of it. */
export function namingNothing(parsed: readonly ParsedMessage[]): Pinned {
  return { pins: undefined, content: noContent, references: parsed.flatMap(({ tree }) => tree.references) };
}

/** Looks up what messages name, and pins what of the stored content they use. Throws RequestError. */
export async function lookUpStored(
  parsed: readonly ParsedMessage[],
  looking: { workspaceId: number; problems: Problems; stored: StoredThings },
): Promise<Pinned> {
  const { workspaceId, problems, stored } = looking;
  const named = contentNamedBy(parsed);
  const found = named === null ? null : await stored.findContent(workspaceId, named);
  for (const { place, path } of parsed) {
    const id = named?.templates.get(place);
    if (id === undefined || found?.templates.has(place)) continue;
    problems.add('cross', `${path}.email_template_id`, namesNo('an email template', id));
  }
  const uses = parsed.flatMap(({ tree }) => tree.catalogs);
  if (found === null) {
    await refuseUnknown(uses, looking);
    return namingNothing(parsed);
  }
  const filled = fillMessages(parsed, found, problems);
  problems.throwIfAny();
  await refuseUnknown(
    filled.flatMap(({ catalogs }) => catalogs),
    looking,
  );
  const used = new Set(filled.flatMap(({ blocks }) => [...blocks]));
  const blocks = new Map([...found.blocks].filter(([name]) => used.has(name)));
  const references = filled.flatMap((one) => one.references);
  return { pins: found.pins(used), content: { templates: found.templates, blocks }, references };
}

async function refuseUnknown(
  uses: readonly CatalogUseAt[],
  { workspaceId, problems, stored }: { workspaceId: number; problems: Problems; stored: StoredThings },
): Promise<void> {
  if (uses.length === 0) return;
  const found = await stored.checkCatalogs(workspaceId, uses);
  if (found.problems.length > 0) throw new RequestError('bad_request', bounded(found.problems));
  for (const warning of found.warnings) problems.warn(warning);
}

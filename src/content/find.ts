import type { StoredTemplate } from '../channels/stored-template.ts';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import type { BlockSource } from '../templating/linked-blocks.ts';
import type { ContentPins, MessagePlace, Pin, PinnedContent } from './pins.ts';
import type { StoredTexts } from './texts.ts';
import { MOST_BLOCKS, templateKey } from './write.ts';

/** Most bytes of the content blocks of one request: some twenty of the largest ones. */
const MOST_BLOCK_BYTES = 1_048_576;

/** The stored content that the messages of a request name. */
export interface NamedContent {
  /** Ids of email templates. */
  templates: ReadonlyMap<MessagePlace, string>;
  /** Names of content blocks that stand in the messages themselves. */
  blocks: readonly string[];
}

/** What there is of it now, and what stands in that. */
export interface FoundContent extends PinnedContent {
  /** The pins of what messages use. `blocks`: the names of the blocks that they render. */
  pins(blocks: ReadonlySet<string>): ContentPins;
}

export type FindContent = (workspaceId: number, named: NamedContent) => Promise<FoundContent>;

/** The current content of a workspace. Throws RequestError if the blocks are too large together. */
export function contentFinder(db: Db, texts: StoredTexts): FindContent {
  return async (workspaceId, named) => {
    refuseTooMany(named.blocks.length);
    const ids = new Map([...named.templates].map(([message, id]) => [message, templateKey(id)]));
    const heads = await findHeads(db, workspaceId, { ...named, templateIds: [...ids.values()] });
    const blocks = heads.filter(({ kind }) => kind === 'block');
    refuseTooMany(blocks.length);
    refuseTooLarge(blocks);
    const found = await texts.read(db, heads.map(pinOf));
    const templates = [...ids].flatMap(([message, id]) => {
      const head = heads.find(({ kind, name }) => kind === 'template' && name === id);
      return head === undefined ? [] : [{ message, head }];
    });
    return {
      templates: new Map(templates.map(({ message, head }) => [message, found.get(head.text_id) as StoredTemplate])),
      blocks: new Map(blocks.map((head) => [head.name, sourceOf(head, found)])),
      pins: (used) => ({
        templates: templates.map(({ message, head }) => ({ message, ...pinOf(head) })),
        blocks: blocks.filter(({ name }) => used.has(name)).map((head) => ({ name: head.name, ...pinOf(head) })),
      }),
    };
  };
}

interface Head {
  kind: 'template' | 'block';
  /** Of a template: its id. */
  name: string;
  state: string;
  text_id: string;
  text_bytes: number;
}

/** The templates, the blocks, and those two deep, as of one instant. Deeper ones are not rendered. */
function findHeads(
  db: Db,
  workspaceId: number,
  { templateIds, blocks }: { templateIds: readonly (string | null)[]; blocks: readonly string[] },
): Promise<Head[]> {
  return db.prepared<Head & Record<string, unknown>>(
    'find_content',
    sql`
    with template as (
      select id, text_id, text_bytes, blocks
        from email_templates
       where workspace_id = ${workspaceId} and id = any(${templateIds.filter((id) => id !== null)}::uuid[])
    ), outermost as (
      select name, state, text_id, text_bytes, blocks
        from content_blocks
       where workspace_id = ${workspaceId}
         and name = any(${[...blocks]}::text[] || array(select unnest(blocks) from template))
    )
    select 'template' as kind, id::text as name, 'active' as state, text_id, text_bytes from template
     union
    select 'block', name, state, text_id, text_bytes from outermost
     union
    select 'block', name, state, text_id, text_bytes
      from content_blocks
     where workspace_id = ${workspaceId} and name = any(array(select unnest(blocks) from outermost))`,
  );
}

function refuseTooMany(count: number): void {
  if (count <= MOST_BLOCKS) return;
  throw new RequestError('bad_request', [`messages: expected at most ${MOST_BLOCKS} content blocks, got ${count}`]);
}

function refuseTooLarge(blocks: readonly Head[]): void {
  const bytes = blocks.reduce((sum, { text_bytes }) => sum + text_bytes, 0);
  if (bytes <= MOST_BLOCK_BYTES) return;
  const problem = `messages: expected at most ${MOST_BLOCK_BYTES} bytes of content blocks, got ${bytes}`;
  throw new RequestError('bad_request', [problem]);
}

function pinOf({ text_id, text_bytes }: Head): Pin {
  return { id: text_id, bytes: text_bytes };
}

function sourceOf({ text_id, state }: Head, texts: ReadonlyMap<string, unknown>): BlockSource {
  return { text: texts.get(text_id) as string, isDraft: state === 'draft' };
}

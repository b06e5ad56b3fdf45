import type { Db, Transactor } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import { namesNo } from '../lib/raw/json.ts';
import { dashedV7 } from '../lib/uuid.ts';
import { blocksIn, contentTypeOf } from './block-text.ts';
import { checkInclusions, inclusionsOf } from './inclusions.ts';
import { modifiedWithin, type Page } from './page.ts';
import { ContentRefused } from './refused.ts';
import { checkTags, insertText, lockContent, replaceText, templateKey } from './write.ts';

export const blockStates = ['active', 'draft'] as const;

/** What a request says of a content block. */
export interface BlockInput {
  name: string;
  content: string;
  description: string;
  state: (typeof blockStates)[number];
  tags: readonly string[];
}

export interface BlockHead {
  id: string;
  name: string;
  description: string;
  state: BlockInput['state'];
  content_type: 'html' | 'text';
  tags: string[];
  created_at: Date;
  updated_at: Date;
}

export interface SavedBlock {
  id: string;
  name: string;
  createdAt: Date;
}

/** Stores a content block. Throws ContentRefused. */
export async function createBlock(
  db: Transactor,
  workspaceId: number,
  { input, now }: { input: BlockInput; now: Date },
): Promise<SavedBlock> {
  const { name, content, tags } = input;
  const id = dashedV7(now);
  const blocks = blocksIn(content);
  await db.transaction(async (tx) => {
    await lockContent(tx, workspaceId);
    await refuseNamesake(tx, workspaceId, name);
    await checkTags(tx, workspaceId, tags);
    await checkInclusions(tx, workspaceId, { name, blocks });
    const { textId, textBytes } = await insertText(tx, { workspaceId, content, now });
    await tx.run(sql`
      insert into content_blocks (workspace_id, id, name, description, state, content_type, tags, text_id, text_bytes,
                                  blocks, created_at, updated_at)
      values (${workspaceId}, ${id}, ${name}, ${input.description}, ${input.state}, ${contentTypeOf(content)},
              ${[...tags]}, ${textId}, ${textBytes}, ${blocks}, ${now}, ${now})`);
  });
  return { id, name, createdAt: now };
}

/** Changes the given members of a content block. Throws ContentRefused. */
export async function updateBlock(
  db: Transactor,
  workspaceId: number,
  { id, change, now }: { id: string; change: Partial<BlockInput>; now: Date },
): Promise<SavedBlock> {
  return db.transaction(async (tx) => {
    await lockContent(tx, workspaceId);
    const stored = await findBlock(tx, workspaceId, id);
    const { name, description, state, tags } = { ...stored, ...change };
    if (name !== stored.name) await checkRenaming(tx, workspaceId, stored.name, name);
    await checkTags(tx, workspaceId, change.tags ?? []);
    await tx.run(sql`
      update content_blocks
         set name = ${name}, description = ${description}, state = ${state}, tags = ${[...tags]}, updated_at = ${now}
       where workspace_id = ${workspaceId} and id = ${stored.id}`);
    const content = change.content ?? stored.content;
    if (change.content !== undefined || name !== stored.name)
      await putContent(tx, workspaceId, { ...stored, name, content, now });
    return { id: stored.id, name, createdAt: stored.created_at };
  });
}

async function putContent(
  tx: Db,
  workspaceId: number,
  { id, name, content, text_id, now }: { id: string; name: string; content: string; text_id: string; now: Date },
): Promise<void> {
  const blocks = blocksIn(content);
  await checkInclusions(tx, workspaceId, { name, blocks });
  const { textId, textBytes } = await insertText(tx, { workspaceId, content, now });
  await tx.run(sql`
    update content_blocks
       set text_id = ${textId}, text_bytes = ${textBytes}, blocks = ${blocks}, content_type = ${contentTypeOf(content)}
     where workspace_id = ${workspaceId} and id = ${id}`);
  await replaceText(tx, text_id, now);
}

/** A new name would take the block away from everything that includes it by its old one. */
async function checkRenaming(tx: Db, workspaceId: number, before: string, after: string): Promise<void> {
  await refuseNamesake(tx, workspaceId, after);
  const inclusions = (await inclusionsOf(tx, workspaceId, [before])).get(before) ?? [];
  if (inclusions.length === 0) return;
  const problem = `name: cannot change while ${inclusions.length} templates and content blocks include ${before}`;
  throw new RequestError('bad_request', [problem]);
}

async function refuseNamesake(tx: Db, workspaceId: number, name: string): Promise<void> {
  const found = await tx.query(sql`
    select 1 from content_blocks where workspace_id = ${workspaceId} and name = ${name}`);
  if (found.length > 0)
    throw new ContentRefused('Content Block with this name already exists', [`name: is the name of another block`]);
}

/** Throws ContentRefused for an unknown id. */
export async function findBlock(
  db: Db,
  workspaceId: number,
  id: string,
): Promise<BlockHead & { text_id: string; content: string }> {
  const row = await db.maybeOne<BlockHead & { text_id: string; content: string } & Record<string, unknown>>(sql`
    select b.id, b.name, b.description, b.state, b.content_type, b.tags, b.created_at, b.updated_at, b.text_id,
           x.content::text as content
      from content_blocks b
      join content_texts x on x.id = b.text_id
     where b.workspace_id = ${workspaceId} and b.id = ${templateKey(id)}`);
  if (row !== null) return { ...row, content: JSON.parse(row.content) as string };
  const problem = `content_block_id: ${namesNo('a content block', id)}`;
  throw new ContentRefused('Content Block ID is invalid for this workspace', [problem]);
}

/** In the order of creation. */
export function listBlocks(db: Db, workspaceId: number, page: Page): Promise<BlockHead[]> {
  return db.query<BlockHead & Record<string, unknown>>(sql`
    select id, name, description, state, content_type, tags, created_at, updated_at
      from content_blocks
     where workspace_id = ${workspaceId} and ${modifiedWithin(page)}
     order by id
     limit ${page.limit} offset ${page.offset}`);
}

import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import { isStorable } from '../lib/raw/storable.ts';
import { dashedV7 } from '../lib/uuid.ts';
import { ContentRefused } from './refused.ts';

/** Most content blocks of one request, those within others included, and so of one text. */
export const MOST_BLOCKS = 200;

/** An id as it is stored. null: it cannot be the id of anything. */
export function templateKey(id: string): string | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id.toLowerCase() : null;
}

/** Has the changes of a workspace's content made one after the other, so that two of them cannot make a circle. */
export async function lockContent(tx: Db, workspaceId: number): Promise<void> {
  await tx.one(sql`select id from workspaces where id = ${workspaceId} for no key update`);
}

export interface WrittenText {
  textId: string;
  textBytes: number;
}

export async function insertText(
  tx: Db,
  { workspaceId, content, now }: { workspaceId: number; content: unknown; now: Date },
): Promise<WrittenText> {
  const textId = dashedV7(now);
  const text = JSON.stringify(content);
  await tx.run(sql`
    insert into content_texts (id, workspace_id, content) values (${textId}, ${workspaceId}, ${text}::json)`);
  return { textId, textBytes: Buffer.byteLength(text) };
}

export async function replaceText(tx: Db, textId: string, now: Date): Promise<void> {
  await tx.run(sql`update content_texts set replaced_at = ${now} where id = ${textId}`);
}

/**
 * Throws ContentRefused for a tag that nobody has defined: neither the workspace file in `tags` nor a campaign or segment
 * by having it.
 */
export async function checkTags(tx: Db, workspaceId: number, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  const unknown = tags.every(isStorable)
    ? await unknownTags(tx, workspaceId, tags)
    : tags.filter((tag) => !isStorable(tag));
  if (unknown.length > 0) throw new ContentRefused('Some tags could not be found', unknown.map(noTag));
}

function noTag(tag: string): string {
  return `tags: no campaign, no segment and no list of tags of this workspace has "${tag.slice(0, 100)}"`;
}

async function unknownTags(tx: Db, workspaceId: number, tags: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ tag: string }>(sql`
    select asked.tag
      from unnest(${[...tags]}::text[]) as asked (tag)
     where not exists (select from workspaces w where w.id = ${workspaceId} and w.settings -> 'tags' ? asked.tag)
       and not exists (select from campaigns c where c.workspace_id = ${workspaceId} and asked.tag = any(c.tags))
       and not exists (select from segments s where s.workspace_id = ${workspaceId} and s.removed_at is null and asked.tag = any(s.tags))`);
  return rows.map(({ tag }) => tag);
}

/** Those of the names that no content block has. Throws RequestError for more than a message may include. */
export async function unknownBlocks(tx: Db, workspaceId: number, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  if (names.length > MOST_BLOCKS) {
    const problem = `expected at most ${MOST_BLOCKS} content blocks in the texts, got ${names.length}`;
    throw new RequestError('bad_request', [problem]);
  }
  const rows = await tx.query<{ name: string }>(sql`
    select asked.name
      from unnest(${[...names]}::text[]) as asked (name)
     where not exists (select from content_blocks b where b.workspace_id = ${workspaceId} and b.name = asked.name)`);
  return rows.map(({ name }) => name);
}

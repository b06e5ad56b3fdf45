import type { StoredTemplate } from '../channels/stored-template.ts';
import type { Db, Transactor } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { namesNo } from '../lib/raw/json.ts';
import { ObjectProblem, Problems } from '../lib/raw/problems.ts';
import { dashedV7 } from '../lib/uuid.ts';
import { compileTree } from '../templating/tree.ts';
import { modifiedWithin, type Page } from './page.ts';
import { ContentRefused } from './refused.ts';
import {
  checkTags,
  insertText,
  lockContent,
  replaceText,
  templateKey,
  unknownBlocks,
  type WrittenText,
} from './write.ts';

/** What a request says of a template. Members that an update does not name are absent. */
export interface TemplateInput {
  name?: string | undefined;
  tags?: readonly string[] | undefined;
  texts: Partial<StoredTemplate>;
}

interface Head {
  id: string;
  name: string;
  tags: string[];
  created_at: Date;
  updated_at: Date;
}

/** Stores a template. Returns its id. Throws ContentRefused, and RequestError for a text that cannot be read. */
export async function createEmailTemplate(
  db: Transactor,
  workspaceId: number,
  { name, tags, texts, now }: { name: string; tags: readonly string[]; texts: StoredTemplate; now: Date },
): Promise<string> {
  const id = dashedV7(now);
  const blocks = blocksIn(texts);
  await db.transaction(async (tx) => {
    await lockContent(tx, workspaceId);
    await checkTags(tx, workspaceId, tags);
    await checkBlocks(tx, workspaceId, blocks);
    const { textId, textBytes } = await insertText(tx, { workspaceId, content: texts, now });
    await tx.run(sql`
      insert into email_templates (workspace_id, id, name, tags, text_id, text_bytes, blocks, created_at, updated_at)
      values (${workspaceId}, ${id}, ${name}, ${[...tags]}, ${textId}, ${textBytes}, ${blocks}, ${now}, ${now})`);
  });
  return id;
}

/** Changes the named members of a template. Throws as `createEmailTemplate` does. */
export async function updateEmailTemplate(
  db: Transactor,
  workspaceId: number,
  { id, change, now }: { id: string; change: TemplateInput; now: Date },
): Promise<string> {
  return db.transaction(async (tx) => {
    await lockContent(tx, workspaceId);
    const stored = await findEmailTemplate(tx, workspaceId, id);
    await checkTags(tx, workspaceId, change.tags ?? []);
    const { name, tags } = { name: change.name ?? stored.name, tags: [...(change.tags ?? stored.tags)] };
    await tx.run(sql`
      update email_templates
         set name = ${name}, tags = ${tags}, updated_at = ${now}
       where workspace_id = ${workspaceId} and id = ${stored.id}`);
    if (Object.keys(change.texts).length > 0) {
      const texts = { ...stored.texts, ...change.texts };
      await putTexts(tx, workspaceId, { id: stored.id, textId: stored.text_id, texts, now });
    }
    return stored.id;
  });
}

async function putTexts(
  tx: Db,
  workspaceId: number,
  { id, textId, texts, now }: { id: string; textId: string; texts: StoredTemplate; now: Date },
): Promise<void> {
  const blocks = blocksIn(texts);
  await checkBlocks(tx, workspaceId, blocks);
  const written: WrittenText = await insertText(tx, { workspaceId, content: texts, now });
  await tx.run(sql`
    update email_templates
       set text_id = ${written.textId}, text_bytes = ${written.textBytes}, blocks = ${blocks}
     where workspace_id = ${workspaceId} and id = ${id}`);
  await replaceText(tx, textId, now);
}

/** The names of the content blocks in a template. Throws RequestError, which says what cannot be read. */
function blocksIn(texts: StoredTemplate): string[] {
  const problems = new Problems();
  const tree = compileTree(texts, { path: '', never: new Set(), html: new Set(['body']), problems });
  problems.throwIfAny();
  return [...new Set(tree.blocks.map(({ name }) => name))];
}

async function checkBlocks(tx: Db, workspaceId: number, names: readonly string[]): Promise<void> {
  const unknown = await unknownBlocks(tx, workspaceId, names);
  if (unknown.length === 0) return;
  const errors = unknown.map((name) => `unknown content block ${name}`);
  throw new ContentRefused('Email must have valid Content Block names', errors);
}

/** Throws ObjectProblem for an unknown id. */
export async function findEmailTemplate(
  db: Db,
  workspaceId: number,
  id: string,
): Promise<Head & { text_id: string; texts: StoredTemplate }> {
  const row = await db.maybeOne<Head & { text_id: string; texts: string } & Record<string, unknown>>(sql`
    select t.id, t.name, t.tags, t.created_at, t.updated_at, t.text_id, x.content::text as texts
      from email_templates t
      join content_texts x on x.id = t.text_id
     where t.workspace_id = ${workspaceId} and t.id = ${templateKey(id)}`);
  if (row === null) throw new ObjectProblem(`email_template_id: ${namesNo('an email template', id)}`);
  return { ...row, texts: JSON.parse(row.texts) as StoredTemplate };
}

/** In the order of creation. */
export function listEmailTemplates(db: Db, workspaceId: number, page: Page): Promise<Head[]> {
  return db.query<Head & Record<string, unknown>>(sql`
    select id, name, tags, created_at, updated_at
      from email_templates
     where workspace_id = ${workspaceId} and ${modifiedWithin(page)}
     order by id
     limit ${page.limit} offset ${page.offset}`);
}

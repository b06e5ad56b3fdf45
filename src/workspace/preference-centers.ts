import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { announceChange } from './workspaces.ts';

/** Most preference centers of a workspace, because every process holds their names in memory. */
export const MOST_CENTERS = 200;

/** An element `link` in the head of the page. */
export interface LinkTag {
  rel: string;
  href: string;
  type?: string;
  sizes?: string;
  color?: string;
}

export interface CenterOptions {
  'meta-viewport-content'?: string;
  'links-tags'?: readonly LinkTag[];
}

/** What an author says of a preference center. */
export interface CenterTexts {
  title: string;
  pageHtml: string;
  confirmationHtml: string;
  options: CenterOptions;
  state: 'active' | 'draft';
}

export interface PreferenceCenter extends CenterTexts {
  id: string;
  name: string;
  createdAt: Date;
  updatedAt: Date;
}

/** `taken`: another one has the name. `full`: the workspace has too many. */
export async function createCenter(
  db: Database,
  { workspaceId, name, texts, now }: { workspaceId: number; name: string; texts: CenterTexts; now: Date },
): Promise<PreferenceCenter | 'taken' | 'full'> {
  return db.transaction(async (tx) => {
    await tx.run(sql`select from workspaces where id = ${workspaceId} for update`);
    const { total } = await tx.one<{ total: number }>(
      sql`select count(*) as total from preference_centers where workspace_id = ${workspaceId}`,
    );
    if (total >= MOST_CENTERS) return 'full';
    const id = randomUUID();
    const made = await tx.run(sql`
      insert into preference_centers (id, workspace_id, name, title, page_html, confirmation_html, options, state, created_at, updated_at)
      values (${id}, ${workspaceId}, ${name}, ${texts.title}, ${texts.pageHtml}, ${texts.confirmationHtml},
              ${JSON.stringify(texts.options)}::jsonb, ${texts.state}, ${now}, ${now})
          on conflict (workspace_id, name) do nothing`);
    if (made === 0) return 'taken';
    await announceChange(tx);
    return { ...texts, id, name, createdAt: now, updatedAt: now };
  });
}

/** Replaces all texts. null: there is no such center. */
export async function updateCenter(
  db: Database,
  { workspaceId, id, texts, now }: { workspaceId: number; id: string; texts: CenterTexts; now: Date },
): Promise<PreferenceCenter | null> {
  return db.transaction(async (tx) => {
    const changed = await tx.run(sql`
      update preference_centers
         set title = ${texts.title}, page_html = ${texts.pageHtml}, confirmation_html = ${texts.confirmationHtml},
             options = ${JSON.stringify(texts.options)}::jsonb, state = ${texts.state}, updated_at = ${now}
       where workspace_id = ${workspaceId} and id = ${id}`);
    if (changed === 0) return null;
    await announceChange(tx);
    return findCenter(tx, workspaceId, id);
  });
}

const columns = sql`
  id, name, title, page_html as "pageHtml", confirmation_html as "confirmationHtml", options, state,
  created_at as "createdAt", updated_at as "updatedAt"`;

export function findCenter(db: Db, workspaceId: number, id: string): Promise<PreferenceCenter | null> {
  return db.maybeOne<PreferenceCenter & Record<string, unknown>>(sql`
    select ${columns} from preference_centers where workspace_id = ${workspaceId} and id = ${id}`);
}

/** All of a workspace, in the order of their creation. */
export function listCenters(
  db: Db,
  workspaceId: number,
): Promise<Pick<PreferenceCenter, 'id' | 'name' | 'createdAt' | 'updatedAt'>[]> {
  return db.query(sql`
    select id, name, created_at as "createdAt", updated_at as "updatedAt"
      from preference_centers where workspace_id = ${workspaceId} order by created_at, id`);
}

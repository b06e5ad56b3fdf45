import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** The PostgreSQL channel that announces every change of the catalog. */
export const CATALOG_CHANNEL = 'catalog';

const DEFAULT_NAME = 'default';
/** The name of the segment of everybody, which every workspace has from its beginning. */
export const EVERYBODY = 'All Users';
const CREATION_LOCK = 0x776f726b; // 'work'

/** Announces a change of the catalog, in its transaction. Servers read the catalog again once that is committed. */
export async function announceChange(tx: Db): Promise<void> {
  await tx.run(sql`select pg_notify(${CATALOG_CHANNEL}, '')`);
}

/** Returns the id of the oldest workspace. If there is none, it makes one with a segment of everybody. */
export async function ensureWorkspace(db: Database): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(${CREATION_LOCK})`);
    const oldest = await tx.maybeOne<{ id: number }>(sql`select id from workspaces order by id limit 1`);
    if (oldest !== null) return oldest.id;
    const { id } = await tx.one<{ id: number }>(sql`
      insert into workspaces (name) values (${DEFAULT_NAME}) returning id`);
    await tx.run(sql`
      insert into segments (id, workspace_id, name, filter) values (${randomUUID()}, ${id}, ${EVERYBODY}, null)`);
    await announceChange(tx);
    return id;
  });
}

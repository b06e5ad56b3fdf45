import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** PostgreSQL channel on which every change of what an operator defined is announced. */
export const CATALOG_CHANNEL = 'catalog';

const DEFAULT_NAME = 'default';
const EVERYBODY = 'All Users';
const CREATION_LOCK = 0x776f726b; // 'work'

/** Call in the transaction of the change: servers read the catalog again once it is committed. */
export async function announceChange(tx: Db): Promise<void> {
  await tx.run(sql`select pg_notify(${CATALOG_CHANNEL}, '')`);
}

/** The id of the oldest workspace; a first one is made, with the segment of everybody, when there is none. */
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

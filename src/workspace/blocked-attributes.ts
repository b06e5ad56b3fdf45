import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { announceChange } from './workspaces.ts';

/** Most names on the blocklist of a workspace, because every process holds it in memory. */
export const MOST_BLOCKED = 1_000;

/**
 * Puts custom attributes on the workspace's blocklist, or takes them off it. Servers heed it when they have read the
 * catalog again. Returns false, having changed nothing, if the list would become too long.
 */
export async function setBlocked(
  db: Database,
  { workspaceId, names, blocked }: { workspaceId: number; names: readonly string[]; blocked: boolean },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    // One change of the list at a time, so that two cannot both find room.
    await tx.run(sql`select from workspaces where id = ${workspaceId} for update`);
    if (blocked) {
      const { total } = await tx.one<{ total: number }>(sql`
        select count(*) as total
          from (select name from blocked_attributes where workspace_id = ${workspaceId}
                 union select unnest(${names}::text[])) as listed`);
      if (total > MOST_BLOCKED) return false;
      await tx.run(sql`
        insert into blocked_attributes (workspace_id, name)
        select ${workspaceId}, name from unnest(${names}::text[]) as name
            on conflict do nothing`);
    } else {
      await tx.run(sql`
        delete from blocked_attributes where workspace_id = ${workspaceId} and name = any(${names}::text[])`);
    }
    await announceChange(tx);
    return true;
  });
}

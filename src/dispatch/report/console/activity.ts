import type { Db } from '../../../db/database.ts';
import { empty, sql } from '../../../db/sql.ts';
import { undashed } from '../../../lib/uuid.ts';

export interface ActivityFilter {
  workspaceId: number;
  category: string | null;
  /** Cursor: the id of the previous page's last record. null: start with the newest. */
  after: string | null;
  limit: number;
}

/** A record of the log. `record`: as it was written, with secrets masked. */
export interface ActivityRecord {
  id: string;
  at: Date;
  category: string;
  /** null: it concerns no dispatch. */
  dispatchId: string | null;
  record: object;
}

/** Lists the log of requests, the newest first. `next`: the id of the last record, if there are more. */
export async function listActivity(
  db: Db,
  { workspaceId, category, after, limit }: ActivityFilter,
): Promise<{ records: ActivityRecord[]; next: string | null }> {
  const rows = await db.query<ActivityRecord & Record<string, unknown>>(sql`
    select id, occurred_at as at, category, dispatch_id as "dispatchId", record
      from activity_log
     where workspace_id = ${workspaceId}
           ${category === null ? empty : sql`and category = ${category}`}
           ${after === null ? empty : sql`and (occurred_at, id) < (select occurred_at, id from activity_log where id = ${after}::uuid)`}
     order by occurred_at desc, id desc
     limit ${limit + 1}`);
  const page = rows.slice(0, limit);
  const records = page.map((row) => ({
    ...row,
    dispatchId: row.dispatchId === null ? null : undashed(row.dispatchId),
  }));
  return { records, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

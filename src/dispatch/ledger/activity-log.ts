import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { v7 } from '../../lib/uuid.ts';

/**
 * Fragment: adds records to the developer console's log. `rows` is a query whose columns are id, workspace_id, occurred_at,
 * category, dispatch_id and record, in this order.
 */
export function insertActivity(rows: Sql): Sql {
  return sql`insert into activity_log (id, workspace_id, occurred_at, category, dispatch_id, record) ${rows}`;
}

export interface Activity {
  workspaceId: number;
  /** null: the record concerns no dispatch. */
  dispatchId: string | null;
  category: string;
  record: object;
}

export async function logActivity(
  tx: Db,
  { workspaceId, dispatchId, category, record }: Activity,
  now: Date,
): Promise<void> {
  await tx.run(
    insertActivity(sql`
      values (${v7(now)}::uuid, ${workspaceId}, ${now}::timestamptz, ${category}, ${dispatchId}::uuid,
              ${JSON.stringify(record)}::json)`),
  );
}

/**
 * Logs that this many states of groups were set without the confirmation (double opt-in) that the request asks for.
 * Source: adjacent-endpoints.md §3.3.
 */
export async function logIgnoredConfirmations(
  tx: Db,
  { workspaceId, confirmations, now }: { workspaceId: number; confirmations: number; now: Date },
): Promise<void> {
  const record = { ignored: 'use_double_opt_in_logic', subscription_groups: confirmations };
  await logActivity(tx, { workspaceId, dispatchId: null, category: 'double_opt_in_ignored', record }, now);
}

export async function forgetActivity(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from activity_log where occurred_at < ${before}`);
}

import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { Json } from '../lib/raw/json.ts';

/** Who changes something, for the audit. */
export interface Actor {
  workspaceId: number;
  /** Name of the operator. */
  name: string;
  /** The client's address. */
  address: string;
}

/** One change: what was there before and what is there now. null: nothing, or nothing that may be shown. */
export interface Change {
  /** Such as `operator.create`. */
  action: string;
  /** The id or name of what was changed. */
  subject: string;
  before: Json;
  after: Json;
}

/** A change as it is listed. `cursor`: its id. */
export interface AuditRecord extends Change {
  id: number;
  at: Date;
  operator: string;
  address: string;
}

/** Records a change, in its transaction. It must hold no secret. */
export async function recordChange(tx: Db, actor: Actor, change: Change, now: Date): Promise<void> {
  const { action, subject, before, after } = change;
  await tx.run(sql`
    insert into audit_records (workspace_id, at, operator, action, subject, before, after, address)
    values (${actor.workspaceId}, ${now}, ${actor.name}, ${action}, ${subject},
            ${before === null ? null : JSON.stringify(before)}, ${after === null ? null : JSON.stringify(after)},
            ${actor.address})`);
}

/** Lists changes, newest first. `before`: only those with a smaller id. null: from the newest. */
export async function listChanges(
  db: Db,
  workspaceId: number,
  { before, most }: { before: number | null; most: number },
): Promise<AuditRecord[]> {
  return db.query<AuditRecord & Record<string, unknown>>(sql`
    select id, at, operator, action, subject, before, after, address
      from audit_records
     where workspace_id = ${workspaceId} and id < ${before ?? Number.MAX_SAFE_INTEGER}
     order by id desc
     limit ${most}`);
}

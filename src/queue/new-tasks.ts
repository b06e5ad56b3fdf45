import type { Db } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { EVERY_LANE, TASKS_CHANNEL, type TaskKind } from './tasks.ts';

/**
 * Fragment: adds tasks. `rows` is a query whose columns are dispatch_id, workspace_id, lane, kind, bucket and run_at,
 * in this order. It is for statements that also write something else.
 */
export function insertTasks(rows: Sql): Sql {
  return sql`insert into tasks (dispatch_id, workspace_id, lane, kind, bucket, run_at) ${rows}`;
}

/** Fragment: the same with another column at the end, is_timed. */
function insertTimedTasks(rows: Sql): Sql {
  return sql`insert into tasks (dispatch_id, workspace_id, lane, kind, bucket, run_at, is_timed) ${rows}`;
}

export interface NewTasks {
  dispatchId: string;
  workspaceId: number;
  lane: number;
  kind: TaskKind;
  /** The buckets, one task each. null: one task for the people of every bucket. */
  buckets: readonly (number | null)[];
  runAt: Date;
  /** True: their people have their own times, so that the tasks count in a backlog only once they are due. */
  isTimed?: boolean;
}

/** Adds tasks. Returns how many. */
export function addTasks(tx: Db, tasks: NewTasks): Promise<number> {
  const { dispatchId, workspaceId, lane, kind, buckets, runAt, isTimed = false } = tasks;
  return tx.run(
    insertTimedTasks(sql`
      select ${dispatchId}, ${workspaceId}, ${lane}, ${kind}, bucket, ${runAt}, ${isTimed}::boolean
        from unnest(${buckets}::integer[]) as b(bucket)`),
  );
}

/**
 * Adds a `drain` task for each bucket that has no free one. A free one cannot be leased until this transaction ends,
 * and then also drains the sends that the transaction wrote: if it waits, as for a retry or for the end of somebody's quiet
 * hours, it becomes due, because the new sends may be. Returns how many were added.
 */
export function addMissingDrains(tx: Db, tasks: Omit<NewTasks, 'kind'>): Promise<number> {
  const { dispatchId, workspaceId, lane, buckets, runAt, isTimed = false } = tasks;
  return tx.run(sql`
    with kept as (
      select id, bucket
        from tasks
       where dispatch_id = ${dispatchId} and kind = 'drain' and leased_until is null
         for update skip locked
    ), hurried as (
      update tasks t
         set run_at = ${runAt}
        from kept
       where t.id = kept.id and t.run_at > ${runAt} and kept.bucket = any (${buckets}::integer[])
    )
    ${insertTimedTasks(sql`
      select ${dispatchId}, ${workspaceId}, ${lane}, 'drain', b.bucket, ${runAt}, ${isTimed}::boolean
        from unnest(${buckets}::integer[]) as b(bucket)
       where not exists (select from kept where kept.bucket = b.bucket)`)}`);
}

/** Wakes the workers of a lane once this transaction has committed. null: the workers of every lane. */
export async function announceTasks(tx: Db, lane: number | null): Promise<void> {
  await tx.run(sql`select pg_notify(${TASKS_CHANNEL}, ${lane === null ? EVERY_LANE : String(lane)})`);
}

/** Fragment: does what `announceTasks` does, for each `lane` of `rows`. */
export function announcingTasks(rows: Sql): Sql {
  return sql`select pg_notify(${TASKS_CHANNEL}, lane::text) from ${rows}`;
}

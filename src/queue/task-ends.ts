import type { Db } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { isBetween, lockInOrder } from './tasks.ts';

/** The end of a task's round. */
export interface TaskEnd {
  taskId: number;
  /** When the task runs again. null: it is deleted. */
  runAt: Date | null;
  /** Its sends have their own times, so that it counts in a backlog only once it is due. Absent: as before. */
  isTimed?: boolean;
}

/** A task and the worker that holds it. A worker that has lost the lease changes nothing. */
export interface HeldTask {
  taskId: number;
  worker: string;
}

/**
 * Fragment: ends tasks, as members of a `with`. The last member, `gone`, has the dispatch_id of each deleted task.
 */
export function endingTasks({ worker, ends }: { worker: string; ends: readonly TaskEnd[] }): Sql {
  return sql`
    ended as (
      select * from unnest(${ends.map(({ taskId }) => taskId)}::bigint[],
                           ${ends.map(({ runAt }) => runAt)}::timestamptz[],
                           ${ends.map(({ isTimed = false }) => isTimed)}::boolean[]) as x(id, run_at, is_timed)
    ), again as (
      update tasks t
         set leased_until = null, worker = null, tries = 0, deaths = 0, is_on_trial = false, run_at = e.run_at,
             is_timed = t.is_timed or e.is_timed
        from ended e
       where t.id = e.id and t.worker = ${worker} and e.run_at is not null
         and ${isBetween(sql`ended`)}
    ), gone as (
      delete from tasks t
       using ended e
       where t.id = e.id and t.worker = ${worker} and e.run_at is null
         and ${isBetween(sql`ended`)}
      returning t.dispatch_id
    )`;
}

/** Deletes a task. True: the worker still held it. */
export async function endTask(tx: Db, { taskId, worker }: HeldTask): Promise<boolean> {
  return (await tx.run(sql`delete from tasks where id = ${taskId} and worker = ${worker}`)) > 0;
}

/** Gives an expansion back, behind the tasks that wait, and stores its progress. True: the worker still held it. */
export async function passOnExpansion(
  tx: Db,
  { taskId, worker }: HeldTask,
  { position, stride, runAt }: { position: number; stride: number | null; runAt: Date },
): Promise<boolean> {
  const passedOn = await tx.run(sql`
    update tasks
       set position = ${position}, stride = ${stride}, run_at = ${runAt}, leased_until = null, worker = null, tries = 0,
           deaths = 0, is_on_trial = false
     where id = ${taskId} and worker = ${worker}`);
  return passedOn > 0;
}

/**
 * Gives back a failed task and keeps its count of tries. Returns its dispatch id. null: the worker had lost the lease.
 */
export async function postponeTask(tx: Db, { taskId, worker }: HeldTask, runAt: Date): Promise<string | null> {
  const postponed = await tx.maybeOne<{ dispatch_id: string }>(sql`
    update tasks
       set leased_until = null, worker = null, deaths = 0, is_on_trial = false, run_at = ${runAt}
     where id = ${taskId} and worker = ${worker}
    returning dispatch_id`);
  return postponed?.dispatch_id ?? null;
}

/** Makes the waiting tasks of a dispatch due at once that send. */
export async function hurryDispatch(tx: Db, dispatchId: string, now: Date): Promise<void> {
  const waiting = sql`dispatch_id = ${dispatchId} and kind in ('drain', 'revive') and run_at > ${now} and leased_until is null`;
  await tx.run(sql`
    with waiting as materialized (${lockInOrder(waiting)})
    update tasks t
       set run_at = ${now}
      from waiting
     where t.id = waiting.id`);
}

/** Makes the waiting tasks of a workspace due at once, except expansions and schedules. */
export async function hurryTasks(tx: Db, workspaceId: number, now: Date): Promise<void> {
  const waiting = sql`workspace_id = ${workspaceId} and kind not in ('fire', 'expand') and run_at > ${now} and leased_until is null`;
  await tx.run(sql`
    with waiting as materialized (${lockInOrder(waiting)})
    update tasks t
       set run_at = ${now}
      from waiting
     where t.id = waiting.id`);
}

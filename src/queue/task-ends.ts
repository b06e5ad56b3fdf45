import type { Db } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { lockInOrder } from './tasks.ts';

/** A task whose round is over: gone for good, or to be run again at `runAt`. */
export interface TaskEnd {
  taskId: number;
  runAt: Date | null;
}

/** A task as its holder knows it: whoever has lost the lease changes nothing. */
export interface HeldTask {
  taskId: number;
  worker: string;
}

/**
 * Fragment: ends tasks, as members of a `with`. The last one, `gone`, has the dispatch_id of each task that is gone for good.
 */
export function endingTasks({ worker, ends }: { worker: string; ends: readonly TaskEnd[] }): Sql {
  return sql`
    ended as (
      select * from unnest(${ends.map(({ taskId }) => taskId)}::bigint[],
                           ${ends.map(({ runAt }) => runAt)}::timestamptz[]) as x(id, run_at)
    ), again as (
      update tasks t
         set leased_until = null, worker = null, tries = 0, run_at = e.run_at
        from ended e
       where t.id = e.id and t.worker = ${worker} and e.run_at is not null
    ), gone as (
      delete from tasks t
       using ended e
       where t.id = e.id and t.worker = ${worker} and e.run_at is null
      returning t.dispatch_id
    )`;
}

/** True when it was still ours. */
export async function endTask(tx: Db, { taskId, worker }: HeldTask): Promise<boolean> {
  return (await tx.run(sql`delete from tasks where id = ${taskId} and worker = ${worker}`)) > 0;
}

/** Gives an expansion back behind those that wait, with how far it has come. True when it was still ours. */
export async function passOnExpansion(
  tx: Db,
  { taskId, worker }: HeldTask,
  { position, stride, runAt }: { position: number; stride: number | null; runAt: Date },
): Promise<boolean> {
  const passedOn = await tx.run(sql`
    update tasks
       set position = ${position}, stride = ${stride}, run_at = ${runAt}, leased_until = null, worker = null, tries = 0
     where id = ${taskId} and worker = ${worker}`);
  return passedOn > 0;
}

/** Gives a task back that failed; its tries go on counting. The dispatch it belongs to; null when it was not ours any more. */
export async function postponeTask(tx: Db, { taskId, worker }: HeldTask, runAt: Date): Promise<string | null> {
  const postponed = await tx.maybeOne<{ dispatch_id: string }>(sql`
    update tasks
       set leased_until = null, worker = null, run_at = ${runAt}
     where id = ${taskId} and worker = ${worker}
    returning dispatch_id`);
  return postponed?.dispatch_id ?? null;
}

/** What waits in a workspace is due at once, expansions apart. */
export async function hurryTasks(tx: Db, workspaceId: number, now: Date): Promise<void> {
  const waiting = sql`workspace_id = ${workspaceId} and kind <> 'expand' and run_at > ${now} and leased_until is null`;
  await tx.run(sql`
    with waiting as materialized (${lockInOrder(waiting)})
    update tasks t
       set run_at = ${now}
      from waiting
     where t.id = waiting.id`);
}

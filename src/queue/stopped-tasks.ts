import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { HeldTask } from './task-ends.ts';
import { stopNotice, TASKS_CHANNEL } from './tasks.ts';

/**
 * Deletes the free tasks of a dispatch, except expansions. A task that a worker holds stays until the worker's pending
 * deliveries have finished, but becomes a `revive` task, so that its holder decides nothing new. The holders are told once
 * this transaction has committed. Returns how many were deleted.
 */
export async function stopTasks(tx: Db, dispatchId: string): Promise<number> {
  const tasks = await tx.query<{ id: number; is_free: boolean }>(sql`
    select id, leased_until is null as is_free
      from tasks
     where dispatch_id = ${dispatchId} and kind <> 'expand'
     order by id
       for update`);
  const ids = (isFree: boolean) => tasks.filter(({ is_free }) => is_free === isFree).map(({ id }) => id);
  await tx.run(sql`update tasks set kind = 'revive' where id = any(${ids(false)}::bigint[])`);
  if (ids(false).length > 0) await tx.run(sql`select pg_notify(${TASKS_CHANNEL}, ${stopNotice(dispatchId)})`);
  return tx.run(sql`delete from tasks where id = any(${ids(true)}::bigint[])`);
}

/** Turns a `revive` task into a drain task. True: it was one, and the worker still held it. */
export async function makeDrainTask(tx: Db, { taskId, worker }: HeldTask): Promise<boolean> {
  const made = await tx.run(sql`
    update tasks set kind = 'drain' where id = ${taskId} and worker = ${worker} and kind = 'revive'`);
  return made > 0;
}

/** The run time of an expansion that is set aside: in no plan, so that no worker leases it. */
const NEVER = new Date('9999-01-01T00:00:00Z');

/** Sets an expansion aside: no worker leases it until `takeUpExpansion`. Its progress stays. */
export async function setExpansionAside(tx: Db, { taskId, worker }: HeldTask): Promise<void> {
  await tx.run(sql`
    update tasks
       set leased_until = null, worker = null, tries = 0, deaths = 0, is_on_trial = false, run_at = ${NEVER}
     where id = ${taskId} and worker = ${worker}`);
}

/** Makes the expansion of a dispatch due that was set aside. */
export async function takeUpExpansion(tx: Db, dispatchId: string, now: Date): Promise<void> {
  await tx.run(sql`
    update tasks set run_at = ${now} where dispatch_id = ${dispatchId} and kind = 'expand' and run_at = ${NEVER}`);
}

/**
 * Deletes the tasks of these dispatches, except expansions, when no worker runs that holds any. Returns how many of each.
 */
export async function dropTasks(tx: Db, dispatchIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; dropped: number }>(sql`
    with dropped as (
      delete from tasks where dispatch_id = any(${dispatchIds}::uuid[]) and kind <> 'expand' returning dispatch_id
    )
    select dispatch_id as id, count(*) as dropped from dropped group by dispatch_id`);
  return new Map(rows.map(({ id, dropped }) => [id, Number(dropped)]));
}

/** Frees the tasks of workers that do not exist here, as if nobody had tried them. */
export async function forgetHolders(tx: Db): Promise<void> {
  await tx.run(sql`
    update tasks
       set leased_until = null, worker = null, tries = 0, deaths = 0, is_on_trial = false
     where worker is not null or leased_until is not null or deaths > 0`);
}

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

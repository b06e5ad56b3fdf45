import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { HeldTask } from './task-ends.ts';

/**
 * Deletes the free tasks of a dispatch, except expansions. A task that a worker holds stays until the worker's pending
 * deliveries have finished, but becomes a `revive` task, so that its holder decides nothing new. Returns how many were
 * deleted.
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
  return tx.run(sql`delete from tasks where id = any(${ids(true)}::bigint[])`);
}

/** Turns a `revive` task into a drain task. True: it was one, and the worker still held it. */
export async function makeDrainTask(tx: Db, { taskId, worker }: HeldTask): Promise<boolean> {
  const made = await tx.run(sql`
    update tasks set kind = 'drain' where id = ${taskId} and worker = ${worker} and kind = 'revive'`);
  return made > 0;
}

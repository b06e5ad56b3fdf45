import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { HeldTask } from './task-ends.ts';

/**
 * Takes the free tasks of a dispatch away, expansions apart. Those that somebody holds stay until their holder is done with
 * what it has in hand, but are good for nothing new. How many are gone.
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

/** Makes a drain task of a `revive` task. True when it was one and still ours. */
export async function makeDrainTask(tx: Db, { taskId, worker }: HeldTask): Promise<boolean> {
  const made = await tx.run(sql`
    update tasks set kind = 'drain' where id = ${taskId} and worker = ${worker} and kind = 'revive'`);
  return made > 0;
}

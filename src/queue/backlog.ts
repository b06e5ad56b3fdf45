import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** The tasks that wait in one lane. */
export interface Backlog {
  /** Number of tasks, due or not; those whose people have their own times only if due. Counting stops at `mostTasks`. */
  tasks: number;
  /** Time for which the longest-waiting task has been due and free, in milliseconds. 0: none waits. */
  ageMs: number;
}

/** Reads both from the lane's index. The age costs one lookup; the count costs as much as the tasks it counts. */
export async function measureBacklog(
  db: Db,
  { lane, now, mostTasks }: { lane: number; now: Date; mostTasks: number },
): Promise<Backlog> {
  const { tasks, oldest } = await db.one<{ tasks: number; oldest: Date | null }>(sql`
    select (select count(*) from (select from tasks
                                    where lane = ${lane} and (run_at <= ${now} or not is_timed)
                                    limit ${mostTasks}) as counted) as tasks,
           (select run_at
              from tasks
             where lane = ${lane} and run_at <= ${now} and (leased_until is null or leased_until < ${now})
             order by run_at, id
             limit 1) as oldest`);
  return { tasks, ageMs: oldest === null ? 0 : now.getTime() - oldest.getTime() };
}

import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** What waits in one lane. */
export interface Backlog {
  /** Tasks there are, due or not; counted up to the most that was asked for. */
  tasks: number;
  /** For how long the task that waits longest has been due without anybody taking it; 0 = none waits. */
  ageMs: number;
}

/** Both by the index of the lane: the age at the cost of one look, the count at that of the tasks counted. */
export async function measureBacklog(
  db: Db,
  { lane, now, mostTasks }: { lane: number; now: Date; mostTasks: number },
): Promise<Backlog> {
  const { tasks, oldest } = await db.one<{ tasks: number; oldest: Date | null }>(sql`
    select (select count(*) from (select from tasks where lane = ${lane} limit ${mostTasks}) as counted) as tasks,
           (select run_at
              from tasks
             where lane = ${lane} and run_at <= ${now} and (leased_until is null or leased_until < ${now})
             order by run_at, id
             limit 1) as oldest`);
  return { tasks, ageMs: oldest === null ? 0 : now.getTime() - oldest.getTime() };
}

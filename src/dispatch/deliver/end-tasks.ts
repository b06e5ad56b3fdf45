import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { type Batcher, createBatcher } from '../../lib/batcher.ts';
import type { Clock } from '../../lib/clock.ts';

/** A task whose round is over: gone for good, or to be run again at `runAt`. */
export interface TaskEnd {
  taskId: number;
  runAt: Date | null;
}

export type Finisher = Batcher<TaskEnd, null>;

/** Ends tasks in groups. The last task of a dispatch finishes it, in the same commit. */
export function createFinisher({ db, clock, worker }: { db: Database; clock: Clock; worker: string }): Finisher {
  return createBatcher<TaskEnd, null>({
    async run(ends) {
      await retry('tasks', () => endTasks(db, { worker, ends, now: clock.now() }));
      return ends.map(() => null);
    },
    maxItems: 500,
    maxWaiting: 10_000,
    whenFull: () => new Error('too many tasks are ending'),
  });
}

async function endTasks(
  db: Database,
  { worker, ends, now }: { worker: string; ends: TaskEnd[]; now: Date },
): Promise<void> {
  await db.prepared(
    'end_tasks',
    sql`
    with ended as (
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
    )
    update dispatches d
       set open_tasks = d.open_tasks - g.gone,
           state = case when d.open_tasks = g.gone and d.state = 'sending' then 'finished' else d.state end,
           finished_at = case when d.open_tasks = g.gone and d.state = 'sending' then ${now}::timestamptz
                              else d.finished_at end
      from (select dispatch_id, count(*)::integer as gone from gone group by dispatch_id) as g
     where d.id = g.dispatch_id`,
  );
}

/** After an error: the task waits, longer each time, and is never dropped. The dispatch says why. */
export async function postponeTask(
  db: Database,
  { worker, taskId, runAt, failure }: { worker: string; taskId: number; runAt: Date; failure: string },
): Promise<void> {
  await db.run(sql`
    with postponed as (
      update tasks
         set leased_until = null, worker = null, run_at = ${runAt}
       where id = ${taskId} and worker = ${worker}
      returning dispatch_id
    )
    update dispatches d
       set failure = ${failure
         .toWellFormed()
         .replace(/\p{Cc}+/gu, ' ')
         .slice(0, 500)}
      from postponed
     where d.id = postponed.dispatch_id`);
}

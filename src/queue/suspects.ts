import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { HeldTask } from './task-ends.ts';
import { type Look, leased, leaseEnd, type Task, takenOverAt } from './tasks.ts';
import { livingWorkers } from './workers.ts';

// A task that a dead worker held may be the reason why it died. A crash makes all tasks suspect that were in hand, so each
// is tried alone: a worker starts no other suspect while one is on trial. If the worker dies again, the suspect on trial is
// the reason. A suspect that waits long, as for a provider, gives its place to the next or to other work: its trial ends
// without a verdict.

/** A suspect is fatal after so many deaths of workers, if the last one died while it was on trial. */
const DEATHS_ON_TRIAL = 2;
/**
 * A suspect is fatal after so many deaths, even if each worker had other suspects in hand. A worker that only does nothing
 * for too long counts here alone: it may hang in the task, or its machine may have too much to do.
 */
const MOST_DEATHS = 4;

/** Wait before the tasks of a slow worker are looked at again, because it may die at any time. */
const LOOK_AGAIN_MS = 2_000;

export interface SuspectRequest extends Look {
  lane: number;
  worker: string;
}

/**
 * Leases the oldest due task that a dead worker held, and puts it on trial. A dead worker's lease counts once it has ended.
 * Also leases tasks that have become fatal, marked so: they are not to be tried.
 */
export function leaseSuspect(db: Db, request: SuspectRequest): Promise<(Task & { isFatal: boolean }) | null> {
  const { lane, worker, now } = request;
  return db.maybeOne<Task & { isFatal: boolean } & Record<string, unknown>>(sql`
    with due as materialized (
      select id, deaths + case when leased_until is null then 0 else 1 end as deaths,
             is_on_trial and (worker is null or worker::text <> all (array(${livingWorkers}))) as is_conviction
        from tasks
       where lane = ${lane} and (worker is not null or deaths > 0) and run_at <= ${now}
         and (leased_until is null or (leased_until <= ${now} and ${takenOverAt(request)} <= ${now}))
       order by run_at, id
       limit 1
         for update skip locked
    ), others as (
      update tasks
         set is_on_trial = false
       where worker = ${worker} and is_on_trial
         and exists (select from due) and id not in (select id from due)
    )
    update tasks t
       set leased_until = ${leaseEnd(now)}, worker = ${worker}, tries = t.tries + 1, deaths = due.deaths, is_on_trial = true
      from due
     where t.id = due.id
    returning ${leased},
              due.deaths >= ${MOST_DEATHS} or (due.is_conviction and due.deaths >= ${DEATHS_ON_TRIAL}) as "isFatal"`);
}

/** Ends the trial of a task without a verdict, because its worker starts something else. */
export async function endTrial(db: Db, { taskId, worker }: HeldTask): Promise<void> {
  await db.run(sql`update tasks set is_on_trial = false where id = ${taskId} and worker = ${worker}`);
}

/**
 * The time when the next suspect is due, a lease ends, or a slow worker's task is looked at again. null: there is none.
 */
export async function nextSuspectAt(db: Db, look: Look, lane: number): Promise<Date | null> {
  const lookAgain = new Date(look.now.getTime() + LOOK_AGAIN_MS);
  const { due } = await db.one<{ due: Date | null }>(sql`
    select min(greatest(run_at, case when leased_until <= ${look.now} then least(${takenOverAt(look)}, ${lookAgain})
                                     else leased_until end)) as due
      from tasks
     where lane = ${lane} and run_at <= ${look.now} and (worker is not null or deaths > 0)`);
  return due;
}

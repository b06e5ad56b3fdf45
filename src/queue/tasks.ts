import type { Db } from '../db/database.ts';
import { empty, type Sql, sql } from '../db/sql.ts';
import { idsInTurn } from './round-robin.ts';
import { livingWorkers } from './workers.ts';

/**
 * - `fire`: makes a schedule due. It then becomes the first task of its dispatch.
 * - `expand`: writes the rows of a broadcast, a piece at a time.
 * - `drain`: tries the sends of its bucket.
 * - `revive`: a drain task whose dispatch was stopped while a worker held it, or that a replay made. The next worker
 *   that leases it first applies the replay to the rows of its bucket. Its present holder decides nothing new.
 */
export type TaskKind = 'fire' | 'expand' | 'drain' | 'revive';

/** A piece of a dispatch's work, leased to one worker at a time. */
export interface Task {
  id: number;
  dispatchId: string;
  workspaceId: number;
  kind: TaskKind;
  /** The bucket of the people it is for. null: every bucket. */
  bucket: number | null;
  /** Number of earlier leases. Above 0, an earlier worker may have died midway. */
  tries: number;
  /** The last user id expanded so far (tasks of kind `expand`). null: not started. */
  position: number | null;
  /** Number of user ids in the next piece (tasks of kind `expand`). null: `nextPiece` chooses. */
  stride: number | null;
  /** It took down the workers that held it, and is set aside. */
  isFatal?: boolean;
}

/**
 * The notification channel for new and stopped tasks. The payload is the number of the lane of new tasks, `EVERY_LANE`,
 * or `stopNotice` of a dispatch.
 */
export const TASKS_CHANNEL = 'tasks';
/** The payload for every lane. It is not empty, which means that a connection came back. */
export const EVERY_LANE = 'every lane';

const STOP = 'stop ';

/** The notice that tasks of a dispatch were stopped while workers held them. */
export function stopNotice(dispatchId: string): string {
  return `${STOP}${dispatchId}`;
}

/** The dispatch whose tasks were stopped. null: the notice is of new tasks. */
export function stoppedDispatch(notice: string): string | null {
  return notice.startsWith(STOP) ? notice.slice(STOP.length) : null;
}

/** The tasks that a lane works on. Expansion and sending are leased apart, so that neither delays the other. */
export interface TaskFilter {
  lane: number;
  work: 'expansion' | 'sending';
  /** Gives each dispatch its turn, see `round-robin.ts`. Without it the oldest tasks come first. */
  isByTurns?: true;
}

/** Duration of a lease, in milliseconds. A living worker renews it several times before it ends. */
export const LEASE_MS = 8_000;
/** How late a worker may renew, in milliseconds, while its session exists: it is slow, not dead. */
const SLOW_MS = 30_000;

/** One look of a worker for tasks. */
export interface Look {
  now: Date;
  /** When tasks of dead workers may be taken: not just after this worker's own connection came back. */
  takeOverFrom: Date;
  /** Ids of the tasks that this worker works on, even if it lost their leases. It does not take over from itself. */
  inHand: readonly number[];
  /** This worker, while it leases: it may hold tasks already that it does not know of. */
  leasing?: string;
}

export interface LeaseRequest {
  filter: TaskFilter;
  worker: string;
  limit: number;
  now: Date;
}

/** Leases due and free tasks, oldest first or by turns. The tasks of dead workers are leased by `leaseSuspect`. */
export async function leaseTasks(db: Db, { filter, worker, limit, now }: LeaseRequest): Promise<Task[]> {
  const isFree = sql`t.leased_until is null and t.deaths = 0`;
  return db.prepared<Task & Record<string, unknown>>(
    `lease_tasks_${filter.isByTurns ? `by_turns_${filter.lane}` : filter.work}`,
    sql`
    with due as (
      select t.id
        from tasks t
       where ${filter.isByTurns ? sql`t.id = any(array(${idsInTurn({ lane: filter.lane, isFree, now, limit })})) and` : empty}
             ${kindsOf(filter)} and t.lane = ${filter.lane} and t.run_at <= ${now} and ${isFree}
       order by t.run_at, t.id
       limit ${limit}
         for update of t skip locked
    )
    update tasks t
       set leased_until = ${leaseEnd(now)}, worker = ${worker}, tries = t.tries + 1
      from due
     where t.id = due.id and ${isBetween(sql`due`)}
    returning ${leased}`,
  );
}

/**
 * Fragment: whether the task `t` is between the first and the last of the ids of a CTE. It says nothing new. PostgreSQL
 * believes that the table is empty, as it mostly is, and would compare every task with every row of the CTE.
 */
export function isBetween(cte: Sql): Sql {
  return sql`t.id between (select min(id) from ${cte}) and (select max(id) from ${cte})`;
}

/** Fragment: the columns of a task `t` that has just been leased. */
export const leased = sql`
  t.id, t.dispatch_id as "dispatchId", t.workspace_id as "workspaceId", t.kind, t.bucket, t.tries - 1 as tries, t.position,
  t.stride`;

function kindsOf({ work }: TaskFilter): Sql {
  return work === 'expansion' ? sql`kind = 'expand'` : sql`kind <> 'expand'`;
}

export function leaseEnd(now: Date): Date {
  return new Date(now.getTime() + LEASE_MS);
}

/**
 * Fragment: when a task whose lease has ended becomes free. A worker whose session exists is only slow. (The sessions
 * are read only if there is such a task.)
 */
export function takenOverAt({ takeOverFrom, inHand, leasing }: Look): Sql {
  return sql`case when id = any (${inHand}::bigint[]) or worker = ${leasing ?? null}::uuid then 'infinity'::timestamptz
                  when worker::text = any (array(${livingWorkers}))
                  then leased_until + ${`${SLOW_MS} ms`}::interval else ${takeOverFrom}::timestamptz end`;
}

/**
 * Fragment: locks the tasks that meet `condition` and selects their ids. Everybody who locks several tasks locks them
 * in this order, to avoid deadlocks.
 */
export function lockInOrder(condition: Sql): Sql {
  return sql`select id from tasks where ${condition} order by id for no key update`;
}

/**
 * Renews the leases of tasks still in hand. It skips locked tasks: whoever locked one is about to end or stop it, and a
 * lease outlasts several renewals. Returns the ids of the `revive` tasks among them.
 */
export async function renewLeases(db: Db, worker: string, ids: readonly number[], now: Date): Promise<number[]> {
  const ours = lockInOrder(sql`id = any(${ids}::bigint[]) and worker = ${worker}`);
  const stopped = await db.query<{ id: number }>(sql`
    with ours as materialized (${ours} skip locked),
    renewed as (
      update tasks t
         set leased_until = ${leaseEnd(now)}
        from ours
       where t.id = ours.id
      returning t.id, t.kind
    )
    select id from renewed where kind = 'revive'`);
  return stopped.map(({ id }) => id);
}

/**
 * Gives back the unfinished tasks of a worker that lives, and wakes the others, which may lease them at once. Returns how
 * many.
 */
export async function giveBackTasks(db: Db, worker: string): Promise<number> {
  const { given } = await db.one<{ given: number }>(sql`
    with ours as materialized (${lockInOrder(sql`worker = ${worker}`)}),
    free as (
      update tasks t
         set leased_until = null, worker = null, is_on_trial = false
        from ours
       where t.id = ours.id
      returning t.lane
    ), told as materialized (
      select pg_notify(${TASKS_CHANNEL}, lane::text) from (select distinct lane from free) as lanes
    )
    select count(*)::integer as given, (select count(*) from told) as lanes from free`);
  return given;
}

/**
 * Frees every lease but those of `living` workers. Use it only if all others are known to be dead, as after a crash of the
 * only server.
 */
export async function freeLeases(db: Db, living: readonly string[] = []): Promise<number> {
  return db.run(sql`
    update tasks
       set leased_until = null, worker = null, deaths = deaths + 1
     where leased_until is not null and (worker is null or worker <> all (${living}::uuid[]))`);
}

/** Whether a task of these lanes is due, whoever holds it. */
export async function isAnyDue(db: Db, lanes: readonly number[], now: Date): Promise<boolean> {
  const [row] = await db.prepared<{ is: boolean }>(
    'is_any_due',
    sql`select exists (select from tasks where lane = any (${lanes}::smallint[]) and run_at <= ${now}) as is`,
  );
  return row?.is === true;
}

/** The time when the next free task is due. null: there is none. */
export async function nextDueAt(db: Db, filter: TaskFilter): Promise<Date | null> {
  const [row] = await db.prepared<{ due: Date | null }>(
    `next_due_at_${filter.work}`,
    sql`
    select min(run_at) as due
      from tasks
     where ${kindsOf(filter)} and lane = ${filter.lane} and leased_until is null and deaths = 0`,
  );
  return row?.due ?? null;
}

import type { Db } from '../db/database.ts';
import { empty, type Sql, sql } from '../db/sql.ts';
import { idsInTurn } from './round-robin.ts';

/**
 * - `expand`: writes the rows of a broadcast, a piece at a time.
 * - `drain`: tries the sends of its bucket.
 * - `revive`: a drain task whose dispatch was stopped under its holder, or which a replay made: before it drains, whoever
 *   leases it puts the rows of its bucket in order. Its present holder decides nothing any more.
 */
export type TaskKind = 'expand' | 'drain' | 'revive';

/** A piece of a dispatch's work, leased to one worker at a time. */
export interface Task {
  id: number;
  dispatchId: string;
  workspaceId: number;
  kind: TaskKind;
  /** Null = people of every bucket. */
  bucket: number | null;
  /** How often it was leased before; above 0, a worker before us may have died in the middle. */
  tries: number;
  /** Of `expand`: how far it has come, as user ids; null = not begun. */
  position: number | null;
  /** Of `expand`: how many user ids the next piece looks at. */
  stride: number | null;
}

/** Where it is announced that a lane has something to do: by its number; empty = every lane. */
export const TASKS_CHANNEL = 'tasks';

/** What a lane works on. Expansion has its own turn, so that it neither holds up the sending nor is held up by it. */
export interface TaskFilter {
  lane: number;
  work: 'expansion' | 'sending';
  /** Each dispatch has its turn, see `round-robin.ts`. Without it the oldest tasks come first. */
  isByTurns?: true;
}

/** How long a lease lasts. Whoever lives renews it several times before it runs out. */
export const LEASE_MS = 8_000;
/** How long a worker may be behind with renewing while its session says that it lives: slow is not dead. */
const SLOW_MS = 30_000;

/** A slow worker may die at any time. */
const LOOK_AGAIN_MS = 2_000;

/** How a worker's session is called, so that others see whether it lives. */
export function sessionNameOf(worker: string): string {
  return `${SESSION_NAME}${worker}`;
}

const SESSION_NAME = 'cresset worker ';

/** When one looks, and from when on one takes what a dead worker held: not just after one's own connection came back. */
export interface Look {
  now: Date;
  takeOverFrom: Date;
  /** What the worker that looks is at work on, whatever became of its leases: it does not take over from itself. */
  inHand: readonly number[];
}

export interface LeaseRequest extends Look {
  filter: TaskFilter;
  worker: string;
  limit: number;
}

/** Leases tasks that are due and free, oldest first or by turns. What a dead worker held is free once its lease has run out. */
export async function leaseTasks(db: Db, request: LeaseRequest): Promise<Task[]> {
  const { filter, worker, limit, now } = request;
  const isFree = sql`(t.leased_until is null or (t.leased_until < ${now} and ${takenOverAt(request)} <= ${now}))`;
  return db.prepared<Task & Record<string, unknown>>(
    `lease_tasks_${filter.isByTurns ? `by_turns_${filter.lane}` : filter.work}`,
    sql`
    with due as (
      select t.id
        from tasks t
       where ${filter.isByTurns ? sql`t.id in (${idsInTurn({ lane: filter.lane, isFree, now, limit })}) and` : empty}
             ${kindsOf(filter)} and t.lane = ${filter.lane} and t.run_at <= ${now} and ${isFree}
       order by t.run_at, t.id
       limit ${limit}
         for update of t skip locked
    )
    update tasks t
       set leased_until = ${leaseEnd(now)}, worker = ${worker}, tries = t.tries + 1
      from due
     where t.id = due.id
    returning t.id, t.dispatch_id as "dispatchId", t.workspace_id as "workspaceId", t.kind, t.bucket,
              t.tries - 1 as tries, t.position, t.stride`,
  );
}

function kindsOf({ work }: TaskFilter): Sql {
  return work === 'expansion' ? sql`kind = 'expand'` : sql`kind <> 'expand'`;
}

function leaseEnd(now: Date): Date {
  return new Date(now.getTime() + LEASE_MS);
}

/**
 * When a task whose lease has run out becomes free. A worker whose session is there is only slow. (The sessions are read
 * only when there is such a task.)
 */
function takenOverAt({ takeOverFrom, inHand }: Look): Sql {
  const living = sql`
    select substr(application_name, ${SESSION_NAME.length + 1}) from pg_stat_activity
     where starts_with(application_name, ${SESSION_NAME})`;
  return sql`case when id = any (${inHand}::bigint[]) then 'infinity'::timestamptz
                  when worker::text = any (array(${living}))
                  then leased_until + ${`${SLOW_MS} ms`}::interval else ${takeOverFrom}::timestamptz end`;
}

/**
 * Fragment: the ids of the tasks that meet `condition`, locked in the order in which everybody locks several tasks, so that
 * nobody waits in a circle.
 */
export function lockInOrder(condition: Sql): Sql {
  return sql`select id from tasks where ${condition} order by id for no key update`;
}

/**
 * Keeps the leases of work still in hand. It waits for nobody: whoever has a task locked is about to end or to stop it, and
 * a lease outlasts several renewals.
 */
export async function renewLeases(db: Db, worker: string, ids: readonly number[], now: Date): Promise<void> {
  const ours = lockInOrder(sql`id = any(${ids}::bigint[]) and worker = ${worker}`);
  await db.run(sql`
    with ours as materialized (${ours} skip locked)
    update tasks t
       set leased_until = ${leaseEnd(now)}
      from ours
     where t.id = ours.id`);
}

/** Gives leased work back unfinished, to be taken by anybody at once. */
export async function giveBackTasks(db: Db, worker: string): Promise<number> {
  return db.run(sql`
    with ours as materialized (${lockInOrder(sql`worker = ${worker}`)})
    update tasks t
       set leased_until = null, worker = null
      from ours
     where t.id = ours.id`);
}

/** Frees every lease: right when all who held one are known to be dead, as after a crash of the only server. */
export async function freeAllLeases(db: Db): Promise<number> {
  return db.run(sql`
    update tasks
       set leased_until = null, worker = null
     where leased_until is not null`);
}

/** When the next task is due and free, or to be looked at again because its holder is slow; null when there is none. */
export async function nextDueAt(db: Db, filter: TaskFilter, look: Look): Promise<Date | null> {
  const lookAgain = new Date(look.now.getTime() + LOOK_AGAIN_MS);
  const [row] = await db.prepared<{ due: Date | null }>(
    `next_due_at_${filter.work}`,
    sql`
    select min(greatest(run_at, case when leased_until < ${look.now} then least(${takenOverAt(look)}, ${lookAgain})
                                     else leased_until end)) as due
      from tasks
     where ${kindsOf(filter)} and lane = ${filter.lane}`,
  );
  return row?.due ?? null;
}

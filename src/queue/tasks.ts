import type { Db } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';

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

/** What a lane works on. Expansion has its own turn, so that it neither holds up the sending nor is held up by it. */
export interface TaskFilter {
  lane: number;
  work: 'expansion' | 'sending';
}

export interface LeaseRequest {
  filter: TaskFilter;
  worker: string;
  limit: number;
  now: Date;
  leaseMs: number;
}

/** Leases tasks that are due and free, oldest first; a lease that ran out makes a task free again. */
export async function leaseTasks(db: Db, { filter, worker, limit, now, leaseMs }: LeaseRequest): Promise<Task[]> {
  return db.prepared<Task & Record<string, unknown>>(
    `lease_tasks_${filter.work}`,
    sql`
    with due as (
      select id
        from tasks
       where ${kindsOf(filter)} and lane = ${filter.lane} and run_at <= ${now}
         and (leased_until is null or leased_until < ${now})
       order by run_at, id
       limit ${limit}
         for update skip locked
    )
    update tasks t
       set leased_until = ${new Date(now.getTime() + leaseMs)}, worker = ${worker}, tries = t.tries + 1
      from due
     where t.id = due.id
    returning t.id, t.dispatch_id as "dispatchId", t.workspace_id as "workspaceId", t.kind, t.bucket,
              t.tries - 1 as tries, t.position, t.stride`,
  );
}

function kindsOf({ work }: TaskFilter): Sql {
  return work === 'expansion' ? sql`kind = 'expand'` : sql`kind <> 'expand'`;
}

/** Keeps the leases of work still in hand. The ids that are still ours. */
export async function renewLeases(db: Db, worker: string, ids: number[], leasedUntil: Date): Promise<number[]> {
  const rows = await db.query<{ id: number }>(sql`
    update tasks
       set leased_until = ${leasedUntil}
     where id = any(${ids}::bigint[]) and worker = ${worker}
    returning id`);
  return rows.map(({ id }) => id);
}

/** Gives leased work back unfinished, to be taken by anybody at once. */
export async function giveBackTasks(db: Db, worker: string): Promise<number> {
  return db.run(sql`
    update tasks
       set leased_until = null, worker = null
     where worker = ${worker}`);
}

/** Frees every lease: right when all who held one are known to be dead, as after a crash of the only server. */
export async function freeAllLeases(db: Db): Promise<number> {
  return db.run(sql`
    update tasks
       set leased_until = null, worker = null
     where leased_until is not null`);
}

/** When the next task that nobody holds is due; null when there is none. */
export async function nextDueAt(db: Db, filter: TaskFilter): Promise<Date | null> {
  const { due } = await db.one<{ due: Date | null }>(sql`
    select min(greatest(run_at, leased_until)) as due
      from tasks
     where ${kindsOf(filter)} and lane = ${filter.lane}`);
  return due;
}

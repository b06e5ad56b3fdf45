import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

export type TaskKind = 'expand' | 'drain';

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
}

export interface LeaseRequest {
  lane: number;
  worker: string;
  limit: number;
  now: Date;
  leaseMs: number;
}

/** Leases the tasks of a lane that are due and free, oldest first; a lease that ran out makes a task free again. */
export async function leaseTasks(db: Db, { lane, worker, limit, now, leaseMs }: LeaseRequest): Promise<Task[]> {
  return db.prepared<Task & Record<string, unknown>>(
    'lease_tasks',
    sql`
    with due as (
      select id
        from tasks
       where lane = ${lane} and run_at <= ${now} and (leased_until is null or leased_until < ${now})
       order by run_at, id
       limit ${limit}
         for update skip locked
    )
    update tasks t
       set leased_until = ${new Date(now.getTime() + leaseMs)}, worker = ${worker}, tries = t.tries + 1
      from due
     where t.id = due.id
    returning t.id, t.dispatch_id as "dispatchId", t.workspace_id as "workspaceId", t.kind, t.bucket,
              t.tries - 1 as tries`,
  );
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

/** When the next task of a lane that nobody holds is due; null when there is none. */
export async function nextDueAt(db: Db, lane: number): Promise<Date | null> {
  const { due } = await db.one<{ due: Date | null }>(sql`
    select min(greatest(run_at, leased_until)) as due
      from tasks
     where lane = ${lane}`);
  return due;
}

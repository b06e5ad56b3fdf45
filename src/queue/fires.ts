import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { TaskKind } from './tasks.ts';

export interface HeldFires {
  ids: readonly number[];
  worker: string;
  now: Date;
}

/** Locks the due `fire` tasks among these that the worker still holds. Returns the dispatch of each. */
export async function lockFires(tx: Db, { ids, worker, now }: HeldFires): Promise<Map<number, string>> {
  const rows = await tx.query<{ id: number; dispatch_id: string }>(sql`
    select id, dispatch_id
      from tasks
     where id = any(${ids}::bigint[]) and worker = ${worker} and kind = 'fire' and run_at <= ${now}
     order by id
       for no key update`);
  return new Map(rows.map(({ id, dispatch_id }) => [id, dispatch_id]));
}

/** What a `fire` task becomes. */
export interface FiredTask {
  id: number;
  lane: number;
  kind: TaskKind;
  isTimed: boolean;
}

/** Makes locked `fire` tasks the first tasks of their dispatches. They are free and due. */
export async function turnFires(tx: Db, fired: readonly FiredTask[], now: Date): Promise<void> {
  await tx.run(sql`
    update tasks t
       set lane = x.lane, kind = x.kind, is_timed = x.is_timed, run_at = ${now}, leased_until = null, worker = null,
           tries = 0, deaths = 0, is_on_trial = false
      from unnest(${fired.map(({ id }) => id)}::bigint[], ${fired.map(({ lane }) => lane)}::integer[],
                  ${fired.map(({ kind }) => kind)}::text[], ${fired.map(({ isTimed }) => isTimed)}::boolean[])
             as x(id, lane, kind, is_timed)
     where t.id = x.id`);
}

/** Gives back a task of a schedule as it is now: its time may have changed, or it was stopped. */
export async function giveBackFire(db: Db, taskId: number, worker: string): Promise<void> {
  await db.run(sql`
    update tasks
       set leased_until = null, worker = null, tries = 0, deaths = 0, is_on_trial = false
     where id = ${taskId} and worker = ${worker}`);
}

/** Moves a schedule that has not fired to another time, even if a worker holds its task. */
export async function moveFire(tx: Db, dispatchId: string, runAt: Date): Promise<void> {
  await tx.run(sql`update tasks set run_at = ${runAt} where dispatch_id = ${dispatchId} and kind = 'fire'`);
}

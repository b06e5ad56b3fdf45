import type { Database, Db } from '../db/database.ts';
import { joinSql, sql } from '../db/sql.ts';
import type { Task } from '../queue/tasks.ts';
import type { LoadedDispatch } from './loaded.ts';
import { lanes } from './plan.ts';
import { targetingOf } from './targeting.ts';

const BUCKETS = 256;
/** Pieces grow while they hold fewer people than this, so that a small workspace needs few and a large one starts at once. */
const ROWS_PER_PIECE = 5_000;

export interface ExpandDeps {
  db: Database;
  now(): Date;
  worker: string;
  /** Called after each piece: there is something to drain. */
  onDrainable(): void;
}

/**
 * Writes the ledger rows of a broadcast, piece by piece, each with the tasks that drain it in one transaction.
 * A server that dies in between leaves the number of the next bucket in the task; whoever takes it goes on there.
 */
export async function expandBroadcast(
  deps: ExpandDeps,
  dispatch: LoadedDispatch,
  task: Task,
  signal: AbortSignal,
): Promise<'done' | 'stopped'> {
  let bucket = task.bucket ?? 0;
  let width = 1;
  while (bucket < BUCKETS) {
    if (signal.aborted) return 'stopped';
    const upTo = Math.min(bucket + width, BUCKETS);
    const written = await deps.db.transaction(async (tx) => {
      if (!(await goesOn(tx, dispatch, task, deps.worker))) return null;
      const targeting = targetingOf(dispatch, dispatch.acceptedAt, { from: bucket, upTo });
      const count = await writePiece(tx, { dispatch, targeting, from: bucket, upTo, now: deps.now() });
      await tx.run(sql`update tasks set bucket = ${upTo} where id = ${task.id}`);
      return count;
    });
    if (written === null) return 'stopped';
    if (written > 0) deps.onDrainable();
    if (written < ROWS_PER_PIECE) width *= 2;
    bucket = upTo;
  }
  return 'done';
}

/** Opens the dispatch and holds its row, so that a cancellation comes either before this piece or after it. */
async function goesOn(tx: Db, { id }: LoadedDispatch, task: Task, worker: string): Promise<boolean> {
  const opened = await tx.run(sql`
    update dispatches
       set state = 'sending'
     where id = ${id} and state in ('accepted', 'sending')
       and exists (select from tasks where id = ${task.id} and worker = ${worker})`);
  return opened === 1;
}

interface Piece {
  dispatch: LoadedDispatch;
  targeting: ReturnType<typeof targetingOf>;
  from: number;
  upTo: number;
  now: Date;
}

async function writePiece(tx: Db, { dispatch, targeting, from, upTo, now }: Piece): Promise<number> {
  const channels = joinSql([...dispatch.messages.keys()].map((key) => sql`(${key}::text)`));
  const { people } = await tx.one<{ people: number }>(sql`
    with targeted as materialized (
      select p.bucket, p.user_id
        from profiles p
       where p.bucket >= ${from} and p.bucket < ${upTo} and p.workspace_id = ${dispatch.workspace.id}
         and (${targeting.inSegment}) and (${targeting.inAudience})
    ), written as (
      insert into sends (bucket, dispatch_id, user_id, channel, updated_at)
      select t.bucket, ${dispatch.id}, t.user_id, c.channel, ${now}
        from targeted t cross join (values ${channels}) as c(channel)
    ), tasked as (
      insert into tasks (dispatch_id, workspace_id, lane, kind, bucket, run_at)
      select ${dispatch.id}, ${dispatch.workspace.id}, ${lanes.broadcast}, 'drain', bucket, ${now}
        from (select distinct bucket from targeted) as buckets
      returning id
    ), counted as (
      update dispatches
         set targeted = coalesce(targeted, 0) + (select count(*) from targeted),
             open_tasks = open_tasks + (select count(*) from tasked)
       where id = ${dispatch.id}
    )
    select count(*) as people from targeted`);
  return people;
}

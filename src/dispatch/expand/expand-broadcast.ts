import type { Targeting } from '../../audience/targeting.ts';
import { estimateProfiles, limited, timeLimitMs } from '../../audience/time-limit.ts';
import type { Database, Db } from '../../db/database.ts';
import { empty, joinSql, type Sql, sql } from '../../db/sql.ts';
import { addMissingDrains, announceTasks } from '../../queue/new-tasks.ts';
import { endTask, passOnExpansion } from '../../queue/task-ends.ts';
import type { Task } from '../../queue/tasks.ts';
import { noteProgress } from '../ledger/dispatches.ts';
import { insertSends } from '../ledger/new-sends.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { lanes } from '../plan/send-plan.ts';
import { type DispatchState, isExpandable, isLive } from '../plan/states.ts';
import { targetingOf } from '../plan/targeting.ts';
import { nextPiece, ONE_TASK, type Piece, progressAfter } from './pieces.ts';

export interface ExpandDeps {
  db: Database;
  now(): Date;
  worker: string;
}

/** What a piece needs room for in memory: its people are sorted, so that rows and index entries lie side by side. */
const SORT_MEMORY = '32MB';

/**
 * Writes the rows of the next piece of a broadcast, with the tasks that drain them and how far it came, in one
 * transaction, and gives the task back; after the last piece it is gone. A server that dies in between has written
 * nothing of its piece. True when there is something to drain.
 *
 * All pieces are judged at the moment of acceptance. Each person is judged once, by what is known of them when their
 * piece is read, and who came after the first piece was read is not in the audience.
 *
 * Nothing is locked while a piece is read and written: a dispatch that is stopped meanwhile is stopped at once, and the
 * piece is taken back and written anew in the new state.
 */
export async function expandPiece(deps: ExpandDeps, dispatch: LoadedDispatch, task: Task): Promise<boolean> {
  for (;;) {
    const written = await tryPiece(deps, dispatch, task);
    if (written !== 'outdated') return written === 'drainable';
  }
}

type Written = 'drainable' | 'written' | 'outdated';

class Outdated extends Error {}

async function tryPiece({ db, now, worker }: ExpandDeps, dispatch: LoadedDispatch, task: Task): Promise<Written> {
  try {
    return await db.transaction(async (tx) => {
      const audience = await readAudience(tx, dispatch);
      if (!isExpandable(audience.state)) return 'written'; // over: whoever looks next takes the task away
      const found = audience.targeted ?? 0;
      const piece = nextPiece({ position: task.position ?? 0, stride: task.stride }, audience, found);
      const context = { tx, dispatch, task, worker, audience, piece, now: now() };
      const rows = await writeInTime(context);
      await endPiece(context, rows);
      return rows !== null && rows.people > 0 && isLive(audience.state) ? 'drainable' : 'written';
    });
  } catch (error) {
    if (error instanceof Outdated) return 'outdated';
    throw error;
  }
}

interface Audience {
  state: DispatchState;
  /** So far; null before the first piece. */
  targeted: number | null;
  first: number;
  last: number;
}

/** As the dispatch stands; the end of the audience is where the last person was when it was begun. */
function readAudience(tx: Db, { id, workspace }: LoadedDispatch): Promise<Audience> {
  return tx.one<Audience & Record<string, unknown>>(sql`
    select d.state, d.targeted,
           coalesce((select min(user_id) from profiles where workspace_id = ${workspace.id}), 1) as first,
           coalesce(d.audience_end, (select max(user_id) from profiles where workspace_id = ${workspace.id}), 0) as last
      from dispatches d
     where d.id = ${id}`);
}

interface PieceContext {
  tx: Db;
  dispatch: LoadedDispatch;
  task: Task;
  worker: string;
  audience: Audience;
  piece: Piece;
  now: Date;
}

interface PieceRows {
  people: number;
  buckets: number[];
}

/** Only patterns can take very long; everything else may wait for a busy database. Throws AudienceTooExpensive. */
async function writeInTime(context: PieceContext): Promise<PieceRows | null> {
  const { tx, dispatch, piece } = context;
  const targeting = targetingOf(dispatch, dispatch.acceptedAt, piece);
  if (!targeting.hasPattern) return writeRows(context, targeting);
  return limited(tx, timeLimitMs(await estimateProfiles(tx)), () => writeRows(context, targeting));
}

/** The rows of one piece; null when it held more people than it may, and nothing was written. */
async function writeRows(
  { tx, dispatch, task, piece, now }: PieceContext,
  { inSegment, inAudience }: Targeting,
): Promise<PieceRows | null> {
  const channels = joinSql([...dispatch.messages.keys()].map((key) => sql`(${key}::text)`));
  await tx.run(sql`select set_config('work_mem', ${SORT_MEMORY}, true)`);
  const { people, buckets } = await tx.one<{ people: number; buckets: number[] | null }>(sql`
    with targeted as materialized (
      select p.bucket, p.user_id
        from profiles p
       where p.workspace_id = ${dispatch.workspace.id} and p.user_id > ${piece.after} and p.user_id <= ${piece.upTo}
             ${writtenBefore(task)}
         and (${inSegment}) and (${inAudience})
             ${piece.most === null ? empty : sql`limit ${piece.most + 1}`}
    ), written as (
      ${insertSends(sql`
      select t.bucket, ${dispatch.id}, t.user_id, c.channel, ${now}
        from targeted t cross join (values ${channels}) as c(channel)
       where ${piece.most === null ? sql`true` : sql`(select count(*) from targeted) <= ${piece.most}`}
       order by t.bucket, t.user_id`)}
    )
    select count(*) as people, array_agg(distinct bucket) as buckets from targeted`);
  if (piece.most !== null && people > piece.most) return null;
  return { people, buckets: buckets ?? [] };
}

/** Begun by an earlier version, which went by buckets: those below are written. */
function writtenBefore({ bucket }: Task): Sql {
  return bucket === null ? empty : sql`and p.bucket >= ${bucket}`;
}

/** The end of the piece's transaction. Throws Outdated when the dispatch is in another state than when it began. */
async function endPiece(context: PieceContext, rows: PieceRows | null): Promise<void> {
  const { tx, dispatch, task, worker, audience, piece, now } = context;
  const isLast = rows !== null && piece.upTo >= audience.last;
  const held = { taskId: task.id, worker };
  const isOurs = isLast ? await endTask(tx, held) : await passOnExpansion(tx, held, nextTurn(context, rows));
  if (!isOurs) throw new Error('the lease of this task was lost');
  const newTasks = isLive(audience.state) && rows !== null ? await addDrains(context, rows, isLast) : 0;
  const people = rows?.people ?? 0;
  const { state, last: audienceEnd } = audience;
  const progress = { dispatchId: dispatch.id, state, people, audienceEnd, isLast, newTasks };
  if (!(await noteProgress(tx, progress, now))) throw new Outdated();
  // Workers of other processes sleep: they were told of the broadcast when it had nothing to drain yet.
  if (newTasks > 0) await announceTasks(tx, lanes.broadcast);
}

/** Where the next piece begins. It runs behind those that wait, so that a small audience need not wait for all of a large one. */
function nextTurn({ task, audience, piece, now }: PieceContext, rows: PieceRows | null) {
  const isFirst = (task.position ?? 0) < audience.first;
  return { ...progressAfter(piece, rows?.people ?? null, isFirst), runAt: now };
}

/** Tasks for the people of the piece: one for each of their buckets, or of a small audience one. How many were made. */
function addDrains({ tx, dispatch, audience, now }: PieceContext, rows: PieceRows, isLast: boolean): Promise<number> {
  const isSmall = isLast && rows.people > 0 && (audience.targeted ?? 0) + rows.people <= ONE_TASK;
  const buckets: (number | null)[] = isSmall ? [null] : rows.buckets;
  const { id: dispatchId, workspace } = dispatch;
  return addMissingDrains(tx, { dispatchId, workspaceId: workspace.id, lane: lanes.broadcast, buckets, runAt: now });
}

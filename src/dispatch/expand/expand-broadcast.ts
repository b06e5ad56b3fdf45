import type { Targeting } from '../../audience/targeting.ts';
import { estimateProfiles, limited, timeLimitMs } from '../../audience/time-limit.ts';
import type { Database, Db } from '../../db/database.ts';
import { empty, joinSql, type Sql, sql } from '../../db/sql.ts';
import { timeZonesOf } from '../../people/profile/time-zones.ts';
import { addMissingDrains, announceTasks } from '../../queue/new-tasks.ts';
import { endTask, passOnExpansion } from '../../queue/task-ends.ts';
import type { Task } from '../../queue/tasks.ts';
import { noteProgress } from '../ledger/dispatches/dispatches.ts';
import { insertSends, insertTimedSends } from '../ledger/new-sends.ts';
import { noteSends } from '../ledger/sent-days.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isTimed } from '../plan/schedule.ts';
import { lanes } from '../plan/send-plan.ts';
import { type DispatchState, isExpandable, isLive } from '../plan/states.ts';
import { targetingOf } from '../plan/targeting.ts';
import { hasOwnTimes, ownTimes } from './own-times.ts';
import { nextPiece, ONE_TASK, type Piece, progressAfter } from './pieces.ts';

export interface ExpandDeps {
  db: Database;
  now(): Date;
  worker: string;
}

/** Memory to sort the people of a piece, so that their rows and index entries lie side by side. */
const SORT_MEMORY = '32MB';

/**
 * Writes the sends of a broadcast's next piece, the tasks that drain them, and the progress, in one transaction. It
 * gives the task back, or ends it after the last piece. A server that dies midway has written nothing of its piece.
 * True: there is something to drain.
 *
 * The filters of all pieces are evaluated for the moment of acceptance. Each person is evaluated once, with the facts
 * known when their piece is read. People who were added after the first piece was read are not in the audience.
 *
 * Nothing is locked while a piece is read and written. A dispatch that is stopped meanwhile stops at once; the piece is
 * rolled back and written again in the new state.
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
      if (!isExpandable(audience.state)) return 'written'; // over: the next worker that leases the task ends it
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
  /** Number of people targeted so far. null: before the first piece. */
  targeted: number | null;
  first: number;
  last: number;
}

/** Reads the audience's progress. Its last user id is the highest one that existed when the first piece began. */
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

/** Limits the time of filters with patterns, which alone can take very long. Throws AudienceTooExpensive. */
async function writeInTime(context: PieceContext): Promise<PieceRows | null> {
  const { tx, dispatch, piece } = context;
  const targeting = targetingOf(dispatch, dispatch.acceptedAt, piece);
  if (!targeting.hasPattern) return writeRows(context, targeting);
  return limited(tx, timeLimitMs(await estimateProfiles(tx)), () => writeRows(context, targeting));
}

/** Writes the rows of one piece. null: it held more people than it may, and nothing was written. */
async function writeRows(context: PieceContext, { inSegment, inAudience }: Targeting): Promise<PieceRows | null> {
  const { tx, dispatch, task, piece } = context;
  const inserted = await insertingPeople(context);
  const channels = joinSql([...dispatch.messages.keys()].map((key) => sql`(${key}::text)`));
  await tx.run(sql`select set_config('work_mem', ${SORT_MEMORY}, true)`);
  const { people, buckets } = await tx.one<{ people: number; buckets: number[] | null }>(sql`
    with targeted as materialized (
      select p.bucket, p.user_id, p.time_zone
        from profiles p
       where p.workspace_id = ${dispatch.workspace.id} and p.user_id > ${piece.after} and p.user_id <= ${piece.upTo}
             ${writtenBefore(task)}
         and (${inSegment}) and (${inAudience})
             ${piece.most === null ? empty : sql`limit ${piece.most + 1}`}
    ), written as (
      ${inserted(sql`
       cross join (values ${channels}) as c(channel)
       where ${piece.most === null ? sql`true` : sql`(select count(*) from targeted) <= ${piece.most}`}
       order by t.bucket, t.user_id`)}
    )
    select count(*) as people, array_agg(distinct bucket) as buckets from targeted`);
  if (piece.most !== null && people > piece.most) return null;
  return { people, buckets: buckets ?? [] };
}

/** Makes the fragment that inserts the sends of the people in `targeted`. `rest`: what follows its table `t`. */
async function insertingPeople({ tx, dispatch, piece, now }: PieceContext): Promise<(rest: Sql) => Sql> {
  const columns = sql`t.bucket, ${dispatch.id}, t.user_id, c.channel, ${now}`;
  if (!hasOwnTimes(dispatch, now)) return (rest) => insertSends(sql`select ${columns} from targeted t ${rest}`);
  const zones = isTimed(dispatch.schedule)
    ? await timeZonesOf(tx, { workspaceId: dispatch.workspace.id, ...piece })
    : [];
  const timed = ownTimes(dispatch, { people: sql`select * from targeted`, zones, now });
  return (rest) => insertTimedSends(sql`select ${columns}, t.due_at, t.scheduled_at from (${timed}) as t ${rest}`);
}

/** Skips the buckets that an earlier version, which expanded bucket by bucket, has already written. */
function writtenBefore({ bucket }: Task): Sql {
  return bucket === null ? empty : sql`and p.bucket >= ${bucket}`;
}

/** Ends the piece's transaction. Throws Outdated if the dispatch's state has changed since the piece began. */
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
  if (people > 0 && dispatch.workspace.quotas?.sendsPerDay !== undefined)
    await noteSends(tx, { workspaceId: dispatch.workspace.id, sends: people * dispatch.messages.size, now });
  // Workers of other processes sleep, because the broadcast had nothing to drain when they were told of it.
  if (newTasks > 0) await announceTasks(tx, lanes.broadcast);
}

/** The next piece's start. It is due behind the tasks that wait, so a small audience need not wait for a large one. */
function nextTurn({ task, audience, piece, now }: PieceContext, rows: PieceRows | null) {
  const isFirst = (task.position ?? 0) < audience.first;
  return { ...progressAfter(piece, rows?.people ?? null, isFirst), runAt: now };
}

/** Adds the tasks that drain the piece: one for each bucket, or a single one for a small audience. Returns how many. */
function addDrains({ tx, dispatch, audience, now }: PieceContext, rows: PieceRows, isLast: boolean): Promise<number> {
  const isSmall = isLast && rows.people > 0 && (audience.targeted ?? 0) + rows.people <= ONE_TASK;
  const buckets: (number | null)[] = isSmall ? [null] : rows.buckets;
  const { id: dispatchId, workspace } = dispatch;
  return addMissingDrains(tx, {
    dispatchId,
    workspaceId: workspace.id,
    lane: lanes.broadcast,
    buckets,
    runAt: now,
    isTimed: isTimed(dispatch.schedule),
  });
}

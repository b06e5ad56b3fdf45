import { intArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { joinSql, sql } from '../../db/sql.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { addMissingDrains, announceTasks } from '../../queue/new-tasks.ts';
import { endTask, passOnExpansion } from '../../queue/task-ends.ts';
import type { Task } from '../../queue/tasks.ts';
import { noteProgress } from '../ledger/dispatches/dispatches.ts';
import { dropChunks, type ReadChunks, readChunks } from '../ledger/lists/chunks.ts';
import { insertListed } from '../ledger/lists/listed-people.ts';
import { insertListedRefusals } from '../ledger/lists/listed-refusals.ts';
import { insertSends } from '../ledger/new-sends.ts';
import { insertRefused } from '../ledger/person/refused-people.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { lanes, type PlannedList } from '../plan/send-plan.ts';
import { type DispatchState, isExpandable, isLive } from '../plan/states.ts';
import type { ExpandDeps } from './expand-broadcast.ts';
import { evaluateLines, type ListedRoster, type PersonOfLine, refusalOf } from './listed-roster.ts';
import { ONE_TASK } from './pieces.ts';

/** Chunks of a piece. A piece takes well under a second: a stop waits that long, and a crash loses that much work. */
const CHUNKS_PER_PIECE = 10;
/** Most bytes of a piece, as its lines came, unless a single chunk has more. */
const MOST_BYTES = 4 * 1_048_576;

type Written = 'drainable' | 'written' | 'outdated';

class Outdated extends Error {}

/**
 * Writes the sends of the next piece of a list, the people with their properties, the lines that have no recipient, the
 * tasks that drain the piece, and the progress, in one transaction, which also deletes what is stored of the piece. It
 * gives the task back, or ends it after the last piece. True: there is something to drain. As `expandPiece` does.
 */
export async function expandListed(deps: ExpandDeps, dispatch: LoadedDispatch, task: Task): Promise<boolean> {
  const { list } = dispatch.plan;
  if (list === undefined) throw new Error(`dispatch ${dispatch.id} has no list`);
  const after = task.position ?? 0;
  // The first piece is small, so that the first people of a million are served at once.
  const most = after === 0 ? 1 : CHUNKS_PER_PIECE;
  const chunks = await readChunks(deps.db, list.id, { after, most, mostBytes: MOST_BYTES });
  if (chunks === null) throw new Error(`the list of dispatch ${dispatch.id} has no chunk after ${after}`);
  const roster = await evaluateLines(deps.db, dispatch, chunks.recipients, deps.now());
  for (;;) {
    const written = await tryPiece(deps, { dispatch, task, list, chunks, roster });
    if (written !== 'outdated') return written === 'drainable';
  }
}

interface Piece {
  dispatch: LoadedDispatch;
  task: Task;
  list: PlannedList;
  chunks: ReadChunks;
  roster: ListedRoster;
}

async function tryPiece({ db, now, worker }: ExpandDeps, piece: Piece): Promise<Written> {
  try {
    return await db.transaction(async (tx) => {
      const progress = await readProgress(tx, piece.dispatch.id);
      if (!isExpandable(progress.state)) return 'written'; // over: the next worker that leases the task ends it
      const context = { tx, piece, progress, now: now(), worker };
      const people = await writeRows(context);
      await endPiece(context, people);
      return people.length > 0 && isLive(progress.state) ? 'drainable' : 'written';
    });
  } catch (error) {
    if (error instanceof Outdated) return 'outdated';
    throw error;
  }
}

interface Progress {
  state: DispatchState;
  /** null: before the first piece. */
  targeted: number | null;
}

function readProgress(tx: Db, id: string): Promise<Progress> {
  return tx.one<Progress & Record<string, unknown>>(sql`select state, targeted from dispatches where id = ${id}`);
}

interface PieceContext {
  tx: Db;
  piece: Piece;
  progress: Progress;
  now: Date;
  worker: string;
}

/** Writes the rows of a piece. Returns its recipients. */
async function writeRows({ tx, piece: { dispatch, roster }, now }: PieceContext): Promise<PersonOfLine[]> {
  const isNew = await insertListed(tx, dispatch.id, roster.people);
  const people = roster.people.filter(({ userId }) => isNew.has(userId));
  const again = roster.people.filter(({ userId }) => !isNew.has(userId));
  const outsiders = people.flatMap(({ outsider, ...one }) => (outsider === null ? [] : { ...one, ...outsider }));
  await insertListedRefusals(tx, dispatch.id, [
    ...roster.refusals,
    ...again.map((one) => refusalOf(one, { reason: 'duplicate' })),
    ...outsiders.map((one) =>
      refusalOf(one, { reason: one.reason, ...(one.detail !== null && { detail: one.detail }) }),
    ),
  ]);
  if (outsiders.length > 0) {
    const refused = outsiders.map((one) => ({ ...one, dispatchId: dispatch.id }));
    await tx.run(insertRefused(refused, sql`(select ${dispatch.id}::uuid as id) as opened`));
  }
  const recipients = people.filter(({ outsider }) => outsider === null);
  if (recipients.length > 0) await writeSends(tx, dispatch, recipients, now);
  return recipients;
}

async function writeSends(tx: Db, dispatch: LoadedDispatch, people: readonly PersonKey[], now: Date): Promise<void> {
  const channels = joinSql([...dispatch.messages.keys()].map((key) => sql`(${key}::text)`));
  await tx.run(
    insertSends(sql`
    select x.bucket, ${dispatch.id}, x.user_id, c.channel, ${now}
      from unnest(${intArray(people.map(({ bucket }) => bucket))}::integer[],
                  ${intArray(people.map(({ userId }) => userId))}::bigint[]) as x(bucket, user_id)
     cross join (values ${channels}) as c(channel)
     order by x.bucket, x.user_id`),
  );
}

/** Ends the piece's transaction. Throws Outdated if the dispatch's state has changed since the piece began. */
async function endPiece(context: PieceContext, people: readonly PersonKey[]): Promise<void> {
  const { tx, piece, progress, now, worker } = context;
  const { dispatch, task, list, chunks } = piece;
  const isLast = chunks.upTo >= list.chunks;
  await dropChunks(tx, list.id, chunks.upTo, isLast);
  const held = { taskId: task.id, worker };
  const turn = { position: chunks.upTo, stride: null, runAt: now };
  const isOurs = isLast ? await endTask(tx, held) : await passOnExpansion(tx, held, turn);
  if (!isOurs) throw new Error('the lease of this task was lost');
  const newTasks = isLive(progress.state) ? await addDrains(context, people, isLast) : 0;
  const lines = chunks.recipients.length;
  const noted = { dispatchId: dispatch.id, state: progress.state, people: lines, audienceEnd: null, isLast, newTasks };
  if (!(await noteProgress(tx, noted, now))) throw new Outdated();
  if (newTasks > 0) await announceTasks(tx, lanes.broadcast);
}

/** Adds the tasks that drain the piece: one for each bucket, or a single one for a short list. Returns how many. */
async function addDrains(
  { tx, piece: { dispatch }, progress, now }: PieceContext,
  people: readonly PersonKey[],
  isLast: boolean,
): Promise<number> {
  if (people.length === 0) return 0;
  const isSmall = isLast && (progress.targeted ?? 0) + people.length <= ONE_TASK;
  const buckets = isSmall ? [null] : [...new Set(people.map(({ bucket }) => bucket))];
  const { id: dispatchId, workspace } = dispatch;
  return addMissingDrains(tx, {
    ...{ dispatchId, workspaceId: workspace.id, lane: lanes.broadcast, buckets, runAt: now },
  });
}

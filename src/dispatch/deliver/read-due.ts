import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Task } from '../../queue/tasks.ts';
import type { Traces } from '../../traces/traces.ts';
import { expandNamed, type Opened } from '../expand/expand-named.ts';
import { type DueTask, dueSends } from '../ledger/due-sends.ts';
import type { PendingSend } from '../ledger/send.ts';
import { resolveAmbiguous } from '../ledger/stopped-sends.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { BlockedChannels } from './blocked-channels.ts';
import { expandSpan } from './traced-chunk.ts';

/** Most sends of one task that are read at once. Then other tasks have their turn. */
const PAGE = 1_000;

export interface DueDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  /** The last user id read of each task in this process, so that the next page need not skip finished sends. */
  pages: Map<number, number>;
  traces: Traces;
}

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** The due sends of a round's tasks. */
export interface Due {
  sends: PendingSend[];
  /** The part of `sends` that was read, one page of each task in `asked`. The others were just written. */
  read: readonly PendingSend[];
  asked: readonly DueTask[];
  /** When tasks must look again, because of sends that were just written and are not due. */
  later: readonly { taskId: number; at: Date }[];
}

/** Opens new dispatches, resumes those that a dead worker left, and reads a page of due sends of all other tasks. */
export async function readDue(
  deps: DueDeps,
  tasks: readonly Task[],
  dispatches: Dispatches,
  blocked: BlockedChannels,
): Promise<Due> {
  const isFresh = ({ dispatchId, tries }: Task) => tries === 0 && dispatches.get(dispatchId)?.state === 'accepted';
  const opened = await open(deps, tasks.filter(isFresh), dispatches);
  const begun = tasks.filter((task) => !isFresh(task));
  await resume(deps, begun, dispatches);
  const asked = begun.map((task) => dueTask(deps, task, blocked));
  const read = await dueSends(deps.db.byKey, asked, deps.clock.now(), PAGE);
  const unblocked = opened.due.filter(({ dispatchId, channel }) => !blocked.get(dispatchId)?.has(channel));
  return { sends: [...unblocked, ...read], read, asked, later: opened.later };
}

/** Writes the sends of newly accepted dispatches and returns them, so that they need not be read. */
async function open(deps: DueDeps, tasks: readonly Task[], dispatches: Dispatches): Promise<Opened> {
  const { db, clock } = deps;
  const opened = tasks.flatMap(({ dispatchId }) => dispatches.get(dispatchId) ?? []);
  const taskIds = new Map(tasks.map(({ dispatchId, id }) => [dispatchId, id]));
  const traced = opened.filter(({ trace }) => trace !== null);
  const spans = traced.flatMap((dispatch) => expandSpan(deps, dispatch, 'names') ?? []);
  try {
    return await expandNamed(db, opened, taskIds, clock.now());
  } finally {
    for (const span of spans) span.end();
  }
}

/** Resumes tasks that were leased before, perhaps by a worker that died. */
async function resume(deps: DueDeps, tasks: readonly Task[], dispatches: Dispatches): Promise<void> {
  for (const task of tasks) {
    const dispatch = dispatches.get(task.dispatchId);
    if (task.tries === 0 || dispatch === undefined) continue;
    const mode = dispatch.plan.delivery === 'at_least_once' ? 'retry' : 'unknown';
    const ambiguous = await resolveAmbiguous(deps.db.byKey, task, mode, deps.clock.now());
    if (ambiguous > 0)
      deps.log.warn({ dispatch_id: task.dispatchId, sends: ambiguous, mode }, 'resuming after a crash');
  }
  await open(
    deps,
    tasks.filter(({ dispatchId }) => dispatches.get(dispatchId)?.state === 'accepted'),
    dispatches,
  );
}

function dueTask({ pages }: DueDeps, { id, dispatchId, bucket }: Task, blocked: BlockedChannels): DueTask {
  const afterUserId = pages.get(id) ?? 0;
  return { id, dispatchId, bucket, afterUserId, without: [...(blocked.get(dispatchId)?.keys() ?? [])] };
}

/**
 * Notes after a page where the next one of each task begins. `full`: the tasks of which a whole page was read, so that
 * more is due now. `rest`: the others, of which more may be due later.
 */
export function turnPages(
  { pages }: Pick<DueDeps, 'pages'>,
  { asked, read }: Due,
): { full: readonly DueTask[]; rest: readonly DueTask[] } {
  const perTask = new Map<number, { count: number; last: number }>();
  for (const { taskId, userId } of read) {
    const known = perTask.get(taskId);
    if (known === undefined) perTask.set(taskId, { count: 1, last: userId });
    else {
      known.count += 1;
      known.last = Math.max(known.last, userId);
    }
  }
  const isFull = ({ id, bucket }: DueTask) => bucket !== null && perTask.get(id)?.count === PAGE;
  const full = asked.filter(isFull);
  for (const { id } of asked) pages.delete(id);
  // The end of the page may separate the channels of one person.
  for (const { id } of full) pages.set(id, (perTask.get(id)?.last ?? 1) - 1);
  return { full, rest: asked.filter((task) => !isFull(task)) };
}

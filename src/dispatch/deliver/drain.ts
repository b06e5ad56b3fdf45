import type { Logger } from 'pino';
import type { ChannelKey } from '../../channels/channel.ts';
import type { Task } from '../../queue/tasks.ts';
import { expandNamed } from '../expand/expand-named.ts';
import { type DueTask, dueSends, nextDue } from '../ledger/due-sends.ts';
import type { PendingSend } from '../ledger/send.ts';
import { resolveAmbiguous } from '../ledger/stopped-sends.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { AppQueues } from '../push/app-queues.ts';
import { explainWait } from '../push/paused-apps-store.ts';
import type { Finisher } from './end-tasks.ts';
import { attemptAll, type PipelineDeps } from './pipeline.ts';

/** Most sends of one task that are read at once; then others have their turn. */
const PAGE = 1_000;

export interface DrainDeps extends PipelineDeps {
  log: Logger;
  finisher: Finisher;
  appQueues: AppQueues;
  /** How far each task was read in this process, so that the next page need not pass over what is done. */
  pages: Map<number, number>;
}

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** Tries what is due of these tasks and ends them: gone, or due again at the next retry. */
export async function drain(
  deps: DrainDeps,
  tasks: Task[],
  dispatches: Dispatches,
  signal: AbortSignal,
): Promise<void> {
  const isFresh = ({ dispatchId, tries }: Task) => tries === 0 && dispatches.get(dispatchId)?.state === 'accepted';
  const fresh = tasks.filter(isFresh);
  const resumed = tasks.filter((task) => !isFresh(task));
  const blocks = await findBlocks(deps, dispatches);
  const opened = await open(deps, fresh, dispatches);
  await resume(deps, resumed, dispatches);
  const due = resumed.map((task) => dueTask(deps, task, blocks));
  const read = await dueSends(deps.db.byKey, due, deps.clock.now(), PAGE);
  const sends = [...opened.filter(({ dispatchId, channel }) => !blocks.get(dispatchId)?.has(channel)), ...read];
  const ends = new Ends();
  for (const task of tasks)
    for (const untilMs of blocks.get(task.dispatchId)?.values() ?? []) ends.again(task.id, new Date(untilMs));
  await attemptAll(deps, chunksOf(sends, deps.sendLimits.chunk), dispatches, signal, (taskId, dueAt) =>
    ends.again(taskId, dueAt),
  );
  if (signal.aborted) return; // the tasks keep their leases until the worker gives all of them back
  await explainPauses(deps, dispatches);
  await endTasks(deps, { tasks, due, read, ends });
}

/** When each task is to run again, the earliest that was asked for; missing = never. */
class Ends {
  readonly #at = new Map<number, Date>();

  again(taskId: number, at: Date): void {
    const earlier = this.#at.get(taskId);
    if (earlier === undefined || at < earlier) this.#at.set(taskId, at);
  }

  get(taskId: number): Date | null {
    return this.#at.get(taskId) ?? null;
  }
}

/** Of a fresh task all sends were in hand; of another, more may be due, or due later. */
async function endTasks(
  { db, clock, pages, finisher }: DrainDeps,
  { tasks, due, read, ends }: { tasks: Task[]; due: DueTask[]; read: PendingSend[]; ends: Ends },
): Promise<void> {
  const perTask = new Map<number, { count: number; last: number }>();
  for (const { taskId, userId } of read) {
    const known = perTask.get(taskId);
    if (known === undefined) perTask.set(taskId, { count: 1, last: userId });
    else {
      known.count += 1;
      known.last = Math.max(known.last, userId);
    }
  }
  const isPaged = ({ id, bucket }: DueTask) => bucket !== null && perTask.get(id)?.count === PAGE;
  const full = due.filter(isPaged);
  for (const { id } of due) pages.delete(id);
  // One person's channels may be parted by the page's end.
  for (const { id } of full) pages.set(id, (perTask.get(id)?.last ?? 1) - 1);
  const now = clock.now();
  for (const { id } of full) ends.again(id, now);
  const rest = due.filter((task) => !isPaged(task));
  for (const [id, at] of await nextDue(db.byKey, rest, now)) ends.again(id, at);
  await Promise.all(tasks.map(({ id }) => finisher({ taskId: id, runAt: ends.get(id) })));
}

function dueTask({ pages }: DrainDeps, { id, dispatchId, bucket }: Task, blocks: Blocks): DueTask {
  const afterUserId = pages.get(id) ?? 0;
  return { id, dispatchId, bucket, afterUserId, without: [...(blocks.get(dispatchId)?.keys() ?? [])] };
}

/** By dispatch and channel: until when, in milliseconds since 1970. */
type Blocks = Map<string, Map<ChannelKey, number>>;

/** Channels whose provider cannot be sent to now. Their sends are not even read. */
async function findBlocks({ appQueues }: DrainDeps, dispatches: Dispatches): Promise<Blocks> {
  const blocks: Blocks = new Map();
  for (const { id, workspace, messages, acceptedAt } of dispatches.values()) {
    for (const { key, message } of messages.values()) {
      const untilMs = await appQueues.blocked(workspace, key, { dispatchId: id, message, acceptedAt });
      if (untilMs !== null) blocks.set(id, (blocks.get(id) ?? new Map()).set(key, untilMs));
    }
  }
  return blocks;
}

/** A dispatch that waits for an app to be mended says so. */
async function explainPauses({ db, appQueues }: DrainDeps, dispatches: Dispatches): Promise<void> {
  for (const { id, workspace, messages } of dispatches.values())
    for (const key of messages.keys())
      for (const { appId, reason } of appQueues.paused(workspace, key)) await explainWait(db, id, appId, reason);
}

/** Writes the rows of dispatches that were just accepted; they are tried without being read again. */
async function open(deps: DrainDeps, tasks: Task[], dispatches: Dispatches): Promise<PendingSend[]> {
  const opened = tasks.flatMap(({ dispatchId }) => dispatches.get(dispatchId) ?? []);
  const taskIds = new Map(tasks.map(({ dispatchId, id }) => [dispatchId, id]));
  return expandNamed(deps.db, opened, taskIds, deps.clock.now());
}

/** What tasks that were begun before, perhaps by a worker that died, have left. */
async function resume(deps: DrainDeps, tasks: Task[], dispatches: Dispatches): Promise<void> {
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

function chunksOf<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

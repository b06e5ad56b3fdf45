import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Task } from '../queue/tasks.ts';
import type { Catalog } from '../workspace/catalog.ts';
import { type AttemptDeps, attemptChunk } from './attempt.ts';
import { expandBroadcast } from './expand-broadcast.ts';
import { expandNamed } from './expand-named.ts';
import { type Finisher, postponeTask } from './finish.ts';
import { dueSends, nextDue, type PendingSend, settleAmbiguous } from './ledger.ts';
import { type DispatchCache, type LoadedDispatch, loadDispatches } from './loaded.ts';
import { lanes } from './plan.ts';

/** Most sends that are in hand at once in one round: after a crash, at most these are ambiguous. */
const CHUNK = 200;
/** Most sends of one task that are read at once. */
const PAGE = 1_000;
const LONGEST_POSTPONE_MS = 300_000;

export interface RoundDeps extends AttemptDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
  cache: DispatchCache;
  finisher: Finisher;
}

type Round = (tasks: Task[], signal: AbortSignal) => Promise<void>;

/** What a worker does with the tasks it leased together. One bad dispatch does not hold up the others of its round. */
export function createRound(deps: RoundDeps, wake: (lane: number) => void): Round {
  async function round(tasks: Task[], signal: AbortSignal): Promise<void> {
    try {
      await work(deps, tasks, signal, wake);
    } catch (error) {
      if (tasks.length === 1) return postpone(deps, tasks, error);
      deps.log.warn({ err: error }, 'a round failed; its tasks are taken one by one');
      for (const task of tasks) await round([{ ...task, tries: task.tries + 1 }], signal);
    }
  }
  return round;
}

async function postpone({ db, clock, log, worker }: RoundDeps, [task]: Task[], error: unknown): Promise<void> {
  if (task === undefined) return;
  log.error({ err: error, dispatch_id: task.dispatchId }, 'a task failed; it waits and is tried again');
  const runAt = new Date(clock.now().getTime() + Math.min(1_000 * 2 ** Math.min(task.tries, 10), LONGEST_POSTPONE_MS));
  const failure = error instanceof Error ? error.message : String(error);
  await postponeTask(db, { worker, taskId: task.id, runAt, failure });
}

async function work(deps: RoundDeps, tasks: Task[], signal: AbortSignal, wake: (lane: number) => void): Promise<void> {
  const ids = [...new Set(tasks.map(({ dispatchId }) => dispatchId))];
  const dispatches = await loadDispatches(deps.db, { ids, catalog: deps.catalog(), cache: deps.cache });
  const over = tasks.filter(({ dispatchId }) => !dispatches.has(dispatchId));
  const live = tasks.filter(({ dispatchId }) => dispatches.has(dispatchId));
  await Promise.all([
    ...over.map(({ id }) => deps.finisher({ taskId: id, runAt: null })),
    drain(
      deps,
      live.filter(({ kind }) => kind === 'drain'),
      dispatches,
      signal,
    ),
    ...live.filter(({ kind }) => kind === 'expand').map((task) => expand(deps, task, dispatches, signal, wake)),
  ]);
}

async function expand(
  deps: RoundDeps,
  task: Task,
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  signal: AbortSignal,
  wake: (lane: number) => void,
): Promise<void> {
  const dispatch = dispatches.get(task.dispatchId);
  if (dispatch === undefined) return;
  const { db, worker, clock } = deps;
  const onDrainable = () => wake(lanes.broadcast);
  const end = await expandBroadcast({ db, worker, now: () => clock.now(), onDrainable }, dispatch, task, signal);
  if (end === 'done') await deps.finisher({ taskId: task.id, runAt: null });
}

async function drain(
  deps: RoundDeps,
  tasks: Task[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  signal: AbortSignal,
): Promise<void> {
  const isFresh = ({ dispatchId, tries }: Task) => tries === 0 && dispatches.get(dispatchId)?.state === 'accepted';
  const fresh = tasks.filter(isFresh);
  const resumed = tasks.filter((task) => !isFresh(task));
  const sends = [...(await open(deps, fresh, dispatches)), ...(await resume(deps, resumed, dispatches))];
  const retries = new Map<number, Date>();
  const onRetryAt = (taskId: number, dueAt: Date) => {
    const earlier = retries.get(taskId);
    if (earlier === undefined || dueAt < earlier) retries.set(taskId, dueAt);
  };
  for (const chunk of chunksOf(sends, CHUNK)) {
    if (signal.aborted) return; // the tasks keep their leases until the worker gives all of them back
    await attemptChunk(deps, chunk, dispatches, signal, onRetryAt);
  }
  // Of a fresh task all sends were in hand; of another, more may be due, or due later.
  const later = await nextDue(deps.db, resumed, deps.clock.now());
  const end = ({ id }: Task) => deps.finisher({ taskId: id, runAt: later.get(id) ?? retries.get(id) ?? null });
  await Promise.all(tasks.map(end));
}

/** Writes the rows of dispatches that were just accepted; they are tried without being read again. */
async function open(
  deps: RoundDeps,
  tasks: Task[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): Promise<PendingSend[]> {
  const opened = tasks.flatMap(({ dispatchId }) => dispatches.get(dispatchId) ?? []);
  const taskIds = new Map(tasks.map(({ dispatchId, id }) => [dispatchId, id]));
  return expandNamed(deps.db, opened, taskIds, deps.clock.now());
}

/** What the ledger says is due of tasks that were begun before, perhaps by a worker that died. */
async function resume(
  deps: RoundDeps,
  tasks: Task[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): Promise<PendingSend[]> {
  if (tasks.length === 0) return [];
  const now = deps.clock.now();
  for (const task of tasks) {
    const dispatch = dispatches.get(task.dispatchId);
    if (task.tries === 0 || dispatch === undefined) continue;
    const mode = dispatch.plan.delivery === 'at_least_once' ? 'retry' : 'unknown';
    const ambiguous = await settleAmbiguous(deps.db, task, mode, now);
    if (ambiguous > 0)
      deps.log.warn({ dispatch_id: task.dispatchId, sends: ambiguous, mode }, 'resuming after a crash');
  }
  await open(
    deps,
    tasks.filter(({ dispatchId }) => dispatches.get(dispatchId)?.state === 'accepted'),
    dispatches,
  );
  return dueSends(deps.db, tasks, now, PAGE);
}

function chunksOf<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

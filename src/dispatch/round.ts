import type { Task } from '../queue/tasks.ts';
import type { Catalog } from '../workspace/catalog.ts';
import { type DrainDeps, drain } from './drain.ts';
import { expandBroadcast } from './expand-broadcast.ts';
import { postponeTask } from './finish.ts';
import { type DispatchCache, type LoadedDispatch, loadDispatches } from './loaded.ts';
import { lanes } from './plan.ts';

const LONGEST_POSTPONE_MS = 300_000;

export interface RoundDeps extends DrainDeps {
  catalog(): Catalog;
  cache: DispatchCache;
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

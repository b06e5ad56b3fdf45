import { AudienceTooExpensive, TOO_EXPENSIVE } from '../../audience/time-limit.ts';
import type { Task } from '../../queue/tasks.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { reviveTask } from '../control/replay.ts';
import { expandPiece } from '../expand/expand-broadcast.ts';
import { AUDIENCE_ERRORS, failDispatch } from '../ledger/fail-dispatch.ts';
import { resolveAmbiguous } from '../ledger/stopped-sends.ts';
import { type DispatchCache, type LoadedDispatch, loadDispatches } from '../plan/loaded-dispatch.ts';
import { lanes } from '../plan/send-plan.ts';
import { isExpandable, isLive } from '../plan/states.ts';
import { type DrainDeps, drain } from './drain.ts';
import { postpone } from './end-tasks.ts';

const LONGEST_POSTPONE_MS = 300_000;

export interface RoundDeps extends DrainDeps {
  catalog(): Catalog;
  cache: DispatchCache;
}

type Round = (tasks: Task[], signal: AbortSignal) => Promise<void>;
type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** What a worker does with the tasks it leased together. One bad dispatch does not hold up the others of its round. */
export function createRound(deps: RoundDeps, wake: (lane: number) => void): Round {
  async function round(tasks: Task[], signal: AbortSignal): Promise<void> {
    try {
      await work(deps, tasks, signal, wake);
    } catch (error) {
      if (tasks.length === 1) return tryLater(deps, tasks, error);
      deps.log.warn({ err: error }, 'a round failed; its tasks are taken one by one');
      for (const task of tasks) await round([{ ...task, tries: task.tries + 1 }], signal);
    }
  }
  return round;
}

async function tryLater({ db, clock, log, worker }: RoundDeps, [task]: Task[], error: unknown): Promise<void> {
  if (task === undefined) return;
  log.error({ err: error, dispatch_id: task.dispatchId }, 'a task failed; it waits and is tried again');
  const runAt = new Date(clock.now().getTime() + Math.min(1_000 * 2 ** Math.min(task.tries, 10), LONGEST_POSTPONE_MS));
  const failure = error instanceof Error ? error.message : String(error);
  await postpone(db, { taskId: task.id, worker }, { runAt, failure });
}

async function work(deps: RoundDeps, tasks: Task[], signal: AbortSignal, wake: (lane: number) => void): Promise<void> {
  const ids = [...new Set(tasks.map(({ dispatchId }) => dispatchId))];
  const dispatches = await loadDispatches(deps.db, { ids, catalog: deps.catalog(), cache: deps.cache });
  const { expanding, sending, over } = partition(tasks, dispatches);
  // All of them end before the first error is told: whoever hears of it tries the tasks again.
  const ends = await Promise.allSettled([
    ...over.map((task) => layDown(deps, task, dispatches)),
    send(deps, sending, dispatches, signal),
    ...expanding.map((task) => expand(deps, task, dispatches, wake)),
  ]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function partition(tasks: Task[], dispatches: Dispatches) {
  const stateOf = ({ dispatchId }: Task) => dispatches.get(dispatchId)?.state ?? 'finished';
  const isWork = (task: Task) => (task.kind === 'expand' ? isExpandable : isLive)(stateOf(task));
  const live = tasks.filter(isWork);
  return {
    expanding: live.filter(({ kind }) => kind === 'expand'),
    sending: live.filter(({ kind }) => kind !== 'expand'),
    over: tasks.filter((task) => !isWork(task)),
  };
}

/** Ends a task of a dispatch that was stopped. Sends that its last holder may have handed over are resolved first. */
async function layDown({ db, finisher, clock }: RoundDeps, task: Task, dispatches: Dispatches): Promise<void> {
  const dispatch = dispatches.get(task.dispatchId);
  if (task.kind !== 'expand' && task.tries > 0 && dispatch !== undefined) {
    const isTriedAgain = dispatch.state === 'paused' && dispatch.plan.delivery === 'at_least_once';
    await resolveAmbiguous(db, task, isTriedAgain ? 'retry' : 'unknown', clock.now());
  }
  await finisher({ taskId: task.id, runAt: null });
}

async function send(deps: RoundDeps, tasks: Task[], dispatches: Dispatches, signal: AbortSignal): Promise<void> {
  for (const task of tasks) {
    const dispatch = dispatches.get(task.dispatchId);
    if (task.kind === 'revive' && dispatch !== undefined) await reviveTask(deps, task, dispatch);
  }
  await drain(deps, tasks, dispatches, signal);
}

async function expand(
  deps: RoundDeps,
  task: Task,
  dispatches: Dispatches,
  wake: (lane: number) => void,
): Promise<void> {
  const dispatch = dispatches.get(task.dispatchId);
  if (dispatch === undefined) return;
  const { db, worker, clock, finisher } = deps;
  try {
    const isDrainable = await expandPiece({ db, worker, now: () => clock.now() }, dispatch, task);
    if (isDrainable) wake(lanes.broadcast);
  } catch (error) {
    if (!(error instanceof AudienceTooExpensive)) throw error;
    const now = clock.now();
    await failDispatch(db, { dispatchId: dispatch.id, failure: TOO_EXPENSIVE, category: AUDIENCE_ERRORS, now });
    await finisher({ taskId: task.id, runAt: null });
  }
}

import { AudienceTooExpensive, TOO_EXPENSIVE } from '../../audience/time-limit.ts';
import { levelOf } from '../../db/trouble.ts';
import type { TaskEnd } from '../../queue/task-ends.ts';
import type { Task } from '../../queue/tasks.ts';
import { within } from '../../traces/traces.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { reviveTask } from '../control/replay.ts';
import { setAside } from '../control/set-aside.ts';
import { expandPiece } from '../expand/expand-broadcast.ts';
import { expandListed } from '../expand/expand-listed.ts';
import { AUDIENCE_ERRORS, failDispatch } from '../ledger/dispatches/fail-dispatch.ts';
import { resolveAmbiguous } from '../ledger/stopped-sends.ts';
import type { Pauses } from '../pauses/pauses.ts';
import { type DispatchCache, type LoadedDispatch, loadDispatches } from '../plan/loaded-dispatch.ts';
import { lanes } from '../plan/send-plan.ts';
import { isExpandable, isLive } from '../plan/states.ts';
import { type Blockers, explainPauses, findBlocked, stillBlocked } from './blocked-channels.ts';
import { type Finisher, postpone } from './end-tasks.ts';
import { fireSchedules } from './fire.ts';
import { endTasks, NextRuns, runAfterBlocks } from './next-runs.ts';
import { type PipelineDeps, sendInChunks } from './pipeline.ts';
import { type DueDeps, readDue } from './read-due.ts';
import type { StopSignals } from './stop-signals.ts';
import { expandSpan } from './traced-chunk.ts';

const LONGEST_POSTPONE_MS = 300_000;

export interface RoundDeps extends Omit<PipelineDeps, 'appQueues' | 'groupQueues'>, DueDeps, Blockers {
  catalog(): Catalog;
  cache: DispatchCache;
  finisher: Finisher;
  stops: StopSignals;
  pauses: Pick<Pauses, 'readAgain'>;
}

type Round = (tasks: Task[], signal: AbortSignal) => Promise<void>;
type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/**
 * Works on the tasks that a worker leased together. These are the steps of a send, from its lease to its recorded answer,
 * and the files that do them:
 *
 * | step                                                          | file                                   |
 * |---------------------------------------------------------------|----------------------------------------|
 * | lease tasks of a lane                                         | worker.ts                              |
 * | fire schedules that are due                                   | fire.ts                                |
 * | load their dispatches; close, expand or send each             | here                                   |
 * | leave out blocked channels                                    | blocked-channels.ts                    |
 * | open new dispatches, resume others, read due sends            | read-due.ts                            |
 * | chunk by chunk: wait for the send limits, read facts ahead    | pipeline.ts                            |
 * | gates → message → caps → marked `sending`                     | decide-chunk.ts, admit/decide.ts       |
 * | deliver to the provider of the channel, or to the sandbox     | pipeline.ts, deliveries.ts             |
 * | record the answer                                             | recorder.ts                            |
 * | end the tasks, or set when they run again                     | next-runs.ts, end-tasks.ts             |
 *
 * One bad dispatch does not delay the others of its round.
 */
export function createRound(deps: RoundDeps, wake: (lane: number) => void): Round {
  async function round(tasks: Task[], signal: AbortSignal): Promise<void> {
    const [first] = tasks;
    if (first?.isFatal === true) return endFatal(deps, first);
    const ended = new Set<number>();
    try {
      await work({ ...deps, finisher: noting(deps.finisher, ended) }, tasks, signal, wake);
    } catch (error) {
      const left = tasks.filter(({ id }) => !ended.has(id));
      if (tasks.length === 1) return tryLater(deps, left, error);
      const level = levelOf(error) === 'debug' ? 'debug' : 'warn';
      deps.log[level]({ err: error }, 'a round failed; its tasks are tried one by one');
      for (const task of left) await round([{ ...task, tries: task.tries + 1 }], signal);
    }
  }
  return round;
}

/** A finisher that adds each task to `ended`. What has ended may be in another round's hand, and is not this round's any more. */
function noting(finisher: Finisher, ended: Set<number>): Finisher {
  const end = async (one: TaskEnd) => {
    const result = await finisher(one);
    ended.add(one.taskId);
    return result;
  };
  return Object.assign(end, { idle: () => finisher.idle() });
}

/** A fatal task is leased alone. If this fails, its lease ends, and it is set aside by the next worker that leases it. */
async function endFatal(deps: RoundDeps, task: Task): Promise<void> {
  deps.log.error({ dispatch_id: task.dispatchId }, 'workers died while they held a task; its dispatch is set aside');
  if (await setAside(deps, task)) await deps.finisher({ taskId: task.id, runAt: null });
}

async function tryLater({ db, clock, log, worker }: RoundDeps, [task]: Task[], error: unknown): Promise<void> {
  if (task === undefined) return;
  log[levelOf(error)]({ err: error, dispatch_id: task.dispatchId }, 'a task failed; it waits and is tried again');
  const runAt = new Date(clock.now().getTime() + Math.min(1_000 * 2 ** Math.min(task.tries, 10), LONGEST_POSTPONE_MS));
  const failure = error instanceof Error ? error.message : String(error);
  await postpone(db, { taskId: task.id, worker }, { runAt, failure });
}

/** Works on tasks whose dispatches fit into memory together, then on the others. */
async function work(deps: RoundDeps, all: Task[], signal: AbortSignal, wake: (lane: number) => void): Promise<void> {
  const fires = all.filter(({ kind }) => kind === 'fire');
  if (fires.length > 0) await fireSchedules(deps, fires, wake);
  const tasks = all.filter(({ kind }) => kind !== 'fire');
  let ids = [...new Set(tasks.map(({ dispatchId }) => dispatchId))];
  while (ids.length > 0 && !signal.aborted) {
    const { dispatches, left } = await loadDispatches(deps.db, { ids, catalog: deps.catalog(), cache: deps.cache });
    const inWork = new Set(ids).difference(new Set(left));
    const ours = tasks.filter(({ dispatchId }) => inWork.has(dispatchId));
    await workTogether(deps, ours, dispatches, signal, wake);
    ids = left;
  }
}

async function workTogether(
  deps: RoundDeps,
  tasks: Task[],
  dispatches: Dispatches,
  signal: AbortSignal,
  wake: (lane: number) => void,
): Promise<void> {
  const { expanding, sending, over } = partition(tasks, dispatches);
  // All of them must end before an error is thrown, because the tasks are then tried again.
  const ends = await Promise.allSettled([
    ...over.map((task) => close(deps, task, dispatches)),
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

/** Ends a task of a stopped dispatch. First it resolves the ambiguous sends of the task's last holder. */
async function close({ db, finisher, clock }: RoundDeps, task: Task, dispatches: Dispatches): Promise<void> {
  const dispatch = dispatches.get(task.dispatchId);
  if (task.kind !== 'expand' && task.tries > 0 && dispatch !== undefined) {
    const isTriedAgain = dispatch.state === 'paused' && dispatch.plan.delivery === 'at_least_once';
    await resolveAmbiguous(db, task, isTriedAgain ? 'retry' : 'unknown', clock.now());
  }
  await finisher({ taskId: task.id, runAt: null });
}

async function send(deps: RoundDeps, tasks: Task[], dispatches: Dispatches, signal: AbortSignal): Promise<void> {
  await reviveAll(deps, tasks, dispatches);
  const blocked = await findBlocked(deps, dispatches);
  const due = await readDue(deps, tasks, dispatches, blocked);
  const runs = new NextRuns();
  for (const { taskId, at } of due.later) runs.again(taskId, at);
  const onAgain = (taskId: number, at: Date) => runs.again(taskId, at);
  const onWait = (taskId: number, at: Date) => runs.notBefore(taskId, at);
  const stops = deps.stops.begin(tasks);
  await sendInChunks(deps, { sends: due.sends, dispatches, signal, stops, onAgain, onWait }).finally(stops.end);
  if (signal.aborted) return; // the tasks keep their leases until the worker gives all of them back
  await explainPauses(deps.db, deps, dispatches);
  runAfterBlocks(runs, stillBlocked(deps, blocked, dispatches, deps.clock.now().getTime()), tasks);
  await endTasks(deps, { tasks, dispatches, due, runs });
}

async function reviveAll(deps: RoundDeps, tasks: Task[], dispatches: Dispatches): Promise<void> {
  for (const task of tasks) {
    const dispatch = dispatches.get(task.dispatchId);
    if (task.kind === 'revive' && dispatch !== undefined) await reviveTask(deps, task, dispatch);
  }
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
    const expandNext = dispatch.plan.list === undefined ? expandPiece : expandListed;
    const span = expandSpan(deps, dispatch, dispatch.plan.list === undefined ? 'filters' : 'list');
    const isDrainable = await within(span, () => expandNext({ db, worker, now: () => clock.now() }, dispatch, task));
    if (isDrainable) wake(lanes.broadcast);
  } catch (error) {
    if (!(error instanceof AudienceTooExpensive)) throw error;
    const now = clock.now();
    await failDispatch(db, { dispatchId: dispatch.id, failure: TOO_EXPENSIVE, category: AUDIENCE_ERRORS, now });
    await finisher({ taskId: task.id, runAt: null });
  }
}

import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Task } from '../queue/tasks.ts';
import { type AttemptDeps, attemptChunk } from './attempt.ts';
import { expandNamed } from './expand-named.ts';
import type { Finisher } from './finish.ts';
import { dueSends, nextDue, type PendingSend, settleAmbiguous } from './ledger.ts';
import type { LoadedDispatch } from './loaded.ts';

/** Most sends that are in hand at once in one round: after a crash, at most these are ambiguous. */
const CHUNK = 200;
/** Most sends of one task that are read at once. */
const PAGE = 1_000;

export interface DrainDeps extends AttemptDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  finisher: Finisher;
}

/** Tries what is due of these tasks and ends them: gone, or due again at the next retry. */
export async function drain(
  deps: DrainDeps,
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
  deps: DrainDeps,
  tasks: Task[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): Promise<PendingSend[]> {
  const opened = tasks.flatMap(({ dispatchId }) => dispatches.get(dispatchId) ?? []);
  const taskIds = new Map(tasks.map(({ dispatchId, id }) => [dispatchId, id]));
  return expandNamed(deps.db, opened, taskIds, deps.clock.now());
}

/** What the ledger says is due of tasks that were begun before, perhaps by a worker that died. */
async function resume(
  deps: DrainDeps,
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

import type { Database } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Task } from '../../queue/tasks.ts';
import { nextDue } from '../ledger/due-sends.ts';
import { hasOwnStarts } from '../plan/ages.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { BlockedChannels } from './blocked-channels.ts';
import type { Finisher } from './end-tasks.ts';
import { type Due, turnPages } from './read-due.ts';

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** When each task of a round runs again: the earliest of the times asked for. */
export class NextRuns {
  readonly #at = new Map<number, Date>();
  readonly #waits = new Map<number, Date>();

  again(taskId: number, at: Date): void {
    const earlier = this.#at.get(taskId);
    if (earlier === undefined || at < earlier) this.#at.set(taskId, at);
  }

  /** The task must not run before `at`, whatever of it is due: the earliest of the times given. */
  notBefore(taskId: number, at: Date): void {
    const earlier = this.#waits.get(taskId);
    if (earlier === undefined || at < earlier) this.#waits.set(taskId, at);
    this.again(taskId, at);
  }

  /** When the task runs again. null: never. */
  get(taskId: number): Date | null {
    const at = this.#at.get(taskId) ?? null;
    const wait = this.#waits.get(taskId);
    return at !== null && wait !== undefined && at < wait ? wait : at;
  }
}

/** A task with a blocked channel runs again when the channel is free. */
export function runAfterBlocks(runs: NextRuns, blocked: BlockedChannels, tasks: readonly Task[]): void {
  for (const task of tasks)
    for (const untilMs of blocked.get(task.dispatchId)?.values() ?? []) runs.again(task.id, new Date(untilMs));
}

export interface EndDeps {
  db: Database;
  clock: Clock;
  finisher: Finisher;
  pages: Map<number, number>;
}

/** Ends the tasks of a round. A task with more sends runs again when they are due. */
export async function endTasks(
  deps: EndDeps,
  { tasks, dispatches, due, runs }: { tasks: readonly Task[]; dispatches: Dispatches; due: Due; runs: NextRuns },
): Promise<void> {
  const { full, rest } = turnPages(deps, due);
  const now = deps.clock.now();
  for (const { id } of full) runs.again(id, now);
  for (const [id, at] of await nextDue(deps.db.byKey, rest, now)) runs.again(id, at);
  const isTimed = ({ dispatchId }: Task) => {
    const dispatch = dispatches.get(dispatchId);
    return dispatch !== undefined && hasOwnStarts(dispatch);
  };
  // After an error, too, it must be known of each whether it has ended.
  const ends = await Promise.allSettled(
    tasks.map((task) => deps.finisher({ taskId: task.id, runAt: runs.get(task.id), isTimed: isTimed(task) })),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

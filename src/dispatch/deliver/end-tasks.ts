import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { type Batcher, createBatcher } from '../../lib/batcher.ts';
import type { Clock } from '../../lib/clock.ts';
import { endingTasks, type HeldTask, postponeTask, type TaskEnd } from '../../queue/task-ends.ts';
import { countEndedTasks, noteFailure } from '../ledger/dispatches/dispatches.ts';

export type Finisher = Batcher<TaskEnd, null>;

/** Ends tasks in groups. The last task of a dispatch finishes it, in the same commit. */
export function createFinisher({ db, clock, worker }: { db: Database; clock: Clock; worker: string }): Finisher {
  return createBatcher<TaskEnd, null>({
    async run(ends) {
      // Everybody who locks several tasks locks them in order of id, to avoid deadlocks.
      const ordered = ends.toSorted((one, other) => one.taskId - other.taskId);
      await retry('tasks', () => endTasks(db, { worker, ends: ordered, now: clock.now() }));
      return ends.map(() => null);
    },
    maxItems: 500,
    maxWaiting: 10_000,
    whenFull: () => new Error('too many tasks are ending'),
  });
}

async function endTasks(
  db: Database,
  { worker, ends, now }: { worker: string; ends: readonly TaskEnd[]; now: Date },
): Promise<void> {
  await db.prepared('end_tasks', sql`with ${endingTasks({ worker, ends })} ${countEndedTasks(sql`gone`, now)}`);
}

/** Makes a failed task wait until `runAt`; it is never dropped. Its dispatch stores why. */
export async function postpone(
  db: Database,
  task: HeldTask,
  { runAt, failure }: { runAt: Date; failure: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    const dispatchId = await postponeTask(tx, task, runAt);
    if (dispatchId !== null) await noteFailure(tx, dispatchId, failure);
  });
}

import type { Database } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { makeDrainTask } from '../../queue/stopped-tasks.ts';
import type { Task } from '../../queue/tasks.ts';
import { reviveSends } from '../ledger/revived-sends.ts';
import { campaignPartOf, type LoadedDispatch } from '../plan/loaded-dispatch.ts';

export interface ReviveDeps {
  db: Database;
  clock: Clock;
  worker: string;
}

/** Turns a `revive` task into a drain task and applies a replay to the sends of its bucket, in one transaction. */
export async function reviveTask(
  { db, clock, worker }: ReviveDeps,
  task: Task,
  dispatch: LoadedDispatch,
): Promise<void> {
  await db.transaction(async (tx) => {
    const isOurs = await makeDrainTask(tx, { taskId: task.id, worker });
    if (isOurs && dispatch.replay !== null)
      await reviveSends(tx, task, dispatch.replay, {
        now: clock.now(),
        partOf: (send) => campaignPartOf(dispatch, send),
      });
  });
}

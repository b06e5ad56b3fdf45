import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { setExpansionAside, stopTasks } from '../../queue/stopped-tasks.ts';
import type { Task } from '../../queue/tasks.ts';
import { markCancelled } from '../ledger/dispatches/dispatch-moves.ts';
import { deliveryOf, noteFailure } from '../ledger/dispatches/dispatches.ts';
import { resolveAmbiguous } from '../ledger/stopped-sends.ts';

const SET_ASIDE = 'set aside: the server ended more than once while it worked on this dispatch; replay it to try again';

export interface SetAsideDeps {
  db: Database;
  clock: Clock;
  worker: string;
}

/**
 * Stops the dispatch of a task that took its workers down, as a cancellation does, and says so in `failure`. A replay
 * tries what is left. Nothing is loaded or rendered here, because that may be what ends the server. Returns whether the
 * task is over and must be ended.
 */
export async function setAside({ db, clock, worker }: SetAsideDeps, task: Task): Promise<boolean> {
  await cancel(db, task.dispatchId, clock.now());
  if (task.kind === 'expand') {
    await setExpansionAside(db, { taskId: task.id, worker });
    return false;
  }
  const delivery = await deliveryOf(db, task.dispatchId);
  await resolveAmbiguous(db, task, delivery === 'at_least_once' ? 'retry' : 'unknown', clock.now());
  return true;
}

async function cancel(db: Database, dispatchId: string, now: Date): Promise<void> {
  const isOver = new RequestError('wrong_state', ['the dispatch is over']);
  await db
    .transaction(async (tx) => {
      const ended = await stopTasks(tx, dispatchId);
      if ((await markCancelled(tx, { dispatchId, now }, ended)) === null) throw isOver;
      await noteFailure(tx, dispatchId, SET_ASIDE);
    })
    .catch((error: unknown) => {
      if (error !== isOver) throw error;
    });
}

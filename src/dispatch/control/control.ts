import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { RequestError } from '../../errors.ts';
import { addTasks, announceTasks } from '../../queue/new-tasks.ts';
import { stopTasks } from '../../queue/stopped-tasks.ts';
import { ONE_TASK } from '../expand/pieces.ts';
import {
  lockState,
  type Moved,
  markCancelled,
  markPaused,
  markReplayed,
  markResumed,
  stateOf,
} from '../ledger/dispatch-moves.ts';
import { addOpenTasks } from '../ledger/dispatches.ts';
import { filterFor, type ReplayFilter, type ReplayRequest } from '../plan/replay-filter.ts';
import { lanes } from '../plan/send-plan.ts';
import { type DispatchState, statesBefore } from '../plan/states.ts';

/** What an operator does to a dispatch, as src/dispatch/plan/states.ts draws it. */
export interface Control {
  db: Database;
  dispatchId: string;
  now: Date;
}

/** Nothing new is tried until it is resumed. Throws RequestError `wrong_state`. */
export function pauseDispatch(control: Control): Promise<Moved> {
  return transition(control, statesBefore('paused'), async (tx) =>
    markPaused(tx, control, await stopTasks(tx, control.dispatchId)),
  );
}

/** What is pending counts as cancelled from now on; what is being sent right now is sent. Throws `wrong_state`. */
export function cancelDispatch(control: Control): Promise<Moved> {
  return transition(control, statesBefore('cancelled'), async (tx) =>
    markCancelled(tx, control, await stopTasks(tx, control.dispatchId)),
  );
}

/** Goes on where it was paused. Throws `wrong_state`. */
export function resumeDispatch(control: Control): Promise<Moved> {
  return transition(control, ['paused'], async (tx) => {
    const moved = await markResumed(tx, control);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

/**
 * Tries again what `request` names of a dispatch that is over. Its rows are put in order bucket by bucket, by the tasks
 * that then drain them. Throws `wrong_state`, also where people of a cancelled broadcast have no rows yet and not all of
 * them are meant: those without would look like those who are.
 */
export function replayDispatch(control: Control, request: ReplayRequest): Promise<Moved> {
  return transition(control, ['finished', 'cancelled'], async (tx) => {
    const { state, isComplete } = await lockState(tx, control.dispatchId);
    const filter = filterFor(state, request);
    if (state === 'cancelled' && !isComplete && !meansAllCancelled(filter)) {
      const problem = 'its people are still being written down; try again, or replay all that was cancelled';
      throw new RequestError('wrong_state', [problem], 1);
    }
    const moved = await markReplayed(tx, control, filter);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

function meansAllCancelled({ statuses, channels, codes }: ReplayFilter): boolean {
  return statuses.includes('cancelled') && channels === null && codes === null;
}

async function transition(
  { db, dispatchId }: Control,
  from: readonly DispatchState[],
  move: (tx: Db) => Promise<Moved | null>,
): Promise<Moved> {
  return retry('dispatches', () =>
    db.transaction(async (tx) => {
      const moved = await move(tx);
      if (moved !== null) return moved;
      const state = await stateOf(tx, dispatchId);
      throw new RequestError('wrong_state', [`the dispatch is ${state}; expected ${from.join(' or ')}`]);
    }),
  );
}

/** Tasks for all that may be pending. Those of an audience that is not begun come with its pieces. */
async function startTasks(tx: Db, { lane, targeted, workspaceId }: Moved, { dispatchId, now }: Control): Promise<void> {
  if (lane === lanes.named || targeted !== null) {
    const isSmall = lane === lanes.named || (targeted ?? 0) <= ONE_TASK;
    const buckets = isSmall ? [null] : Array.from({ length: 256 }, (_, bucket) => bucket);
    await addTasks(tx, { dispatchId, workspaceId, lane, kind: 'revive', buckets, runAt: now });
    await addOpenTasks(tx, dispatchId, buckets.length);
  }
  await announceTasks(tx, lane);
}

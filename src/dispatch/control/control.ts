import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { RequestError } from '../../errors.ts';
import { addTasks, announceTasks } from '../../queue/new-tasks.ts';
import { stopTasks, takeUpExpansion } from '../../queue/stopped-tasks.ts';
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

/** An operator's action on a dispatch. src/dispatch/plan/states.ts has its states and moves. */
export interface Control {
  db: Database;
  dispatchId: string;
  now: Date;
}

/** Pauses a dispatch: nothing new is tried until it is resumed. Throws RequestError `wrong_state`. */
export function pauseDispatch(control: Control): Promise<Moved> {
  return transition(control, statesBefore('paused'), async (tx) =>
    markPaused(tx, control, await stopTasks(tx, control.dispatchId)),
  );
}

/** Cancels a dispatch: pending sends count as cancelled, and sends in hand still go out. Throws `wrong_state`. */
export function cancelDispatch(control: Control): Promise<Moved> {
  return transition(control, statesBefore('cancelled'), async (tx) =>
    markCancelled(tx, control, await stopTasks(tx, control.dispatchId)),
  );
}

/** Resumes a paused dispatch. Throws `wrong_state`. */
export function resumeDispatch(control: Control): Promise<Moved> {
  return transition(control, ['paused'], async (tx) => {
    const moved = await markResumed(tx, control);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

/**
 * Tries again the sends that `request` selects of a dispatch that is over. The `revive` tasks first update the rows
 * bucket by bucket and then drain them. Throws `wrong_state`, also if people of a cancelled broadcast have no rows yet
 * and the request does not select all of them: rows written later would look selected.
 */
export function replayDispatch(control: Control, request: ReplayRequest): Promise<Moved> {
  return transition(control, ['finished', 'cancelled'], async (tx) => {
    const { state, isComplete } = await lockState(tx, control.dispatchId);
    const filter = filterFor(state, request);
    if (state === 'cancelled' && !isComplete && !selectsAllCancelled(filter)) {
      const problem = 'its people are still being written down; try again, or replay all that was cancelled';
      throw new RequestError('wrong_state', [problem], 1);
    }
    const moved = await markReplayed(tx, control, filter);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

function selectsAllCancelled({ statuses, channels, codes }: ReplayFilter): boolean {
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

/** Adds tasks for all sends that may be pending. An audience that is not started gets its tasks with its pieces. */
async function startTasks(tx: Db, { lane, targeted, workspaceId }: Moved, { dispatchId, now }: Control): Promise<void> {
  if (lane === lanes.named || targeted !== null) {
    const isSmall = lane === lanes.named || (targeted ?? 0) <= ONE_TASK;
    const buckets = isSmall ? [null] : Array.from({ length: 256 }, (_, bucket) => bucket);
    await addTasks(tx, { dispatchId, workspaceId, lane, kind: 'revive', buckets, runAt: now });
    await addOpenTasks(tx, dispatchId, buckets.length);
  }
  await takeUpExpansion(tx, dispatchId, now);
  await announceTasks(tx, lane);
}

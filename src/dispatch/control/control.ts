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
} from '../ledger/dispatches/dispatch-moves.ts';
import { addOpenTasks } from '../ledger/dispatches/dispatches.ts';
import { countSelected, listSelectable, type Selectable } from '../ledger/revived-sends.ts';
import { filterFor, type ReplayFilter, type ReplayRequest } from '../plan/replay-filter.ts';
import { lanes, scheduleLane } from '../plan/send-plan.ts';
import { type DispatchState, statesBefore } from '../plan/states.ts';

/** An operator's action on a dispatch. src/dispatch/plan/states.ts has its states and moves. */
export interface Control {
  db: Database;
  dispatchId: string;
  now: Date;
}

/**
 * Pauses a dispatch: nothing new is tried until it is resumed. A paused one stays as it is. Throws RequestError
 * `wrong_state`.
 */
export function pauseDispatch(control: Control): Promise<Moved> {
  return pauseWith(control, async () => undefined);
}

/** Pauses a dispatch, and does something else in the same commit, unless it is paused already. */
export function pauseWith(control: Control, also: (tx: Db) => Promise<void>): Promise<Moved> {
  return transition(control, { from: statesBefore('paused'), already: ['paused'] }, async (tx) => {
    const moved = await markPaused(tx, control, await stopTasks(tx, control.dispatchId));
    if (moved !== null) await also(tx);
    return moved;
  });
}

/**
 * Cancels a dispatch: pending sends count as cancelled, and sends in hand still go out. A cancelled one stays as it is.
 * Throws `wrong_state`.
 */
export function cancelDispatch(control: Control): Promise<Moved> {
  return transition(control, { from: statesBefore('cancelled'), already: ['cancelled'] }, async (tx) =>
    markCancelled(tx, control, await stopTasks(tx, control.dispatchId)),
  );
}

/** Resumes a paused dispatch. One that runs stays as it is. Throws `wrong_state`. */
export function resumeDispatch(control: Control): Promise<Moved> {
  return transition(control, { from: ['paused'], already: ['scheduled', 'accepted', 'sending'] }, async (tx) => {
    const moved = await markResumed(tx, control);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

/** A dispatch after a replay. */
export interface Replayed extends Moved {
  /** How many sends are tried again. null: not all people are written down yet. */
  recipients: number | null;
  /** What could have been selected, if nothing was. */
  selectable?: readonly Selectable[];
  /** What the replay risks. */
  warnings?: readonly string[];
}

/**
 * Tries again the sends that `request` selects of a dispatch that is over. The `revive` tasks first update the rows
 * bucket by bucket and then drain them. If it selects nobody, nothing changes. Throws `wrong_state`, also if people of a
 * cancelled broadcast have no rows yet, or sends are still in hand, and the request does not select all that is cancelled:
 * what is written later would look selected.
 */
export function replayDispatch(
  control: Control,
  request: ReplayRequest,
  counted: number | null = null,
): Promise<Replayed> {
  return transact(control, ['finished', 'cancelled'], async (tx) => {
    const { state, isComplete, ...dispatch } = await lockState(tx, control.dispatchId);
    if (state !== 'finished' && state !== 'cancelled') return null;
    if (dispatch.firesAt !== null) {
      throw new RequestError('wrong_state', ['dispatch_id: its schedule was deleted before it fired; send it again']);
    }
    const filter = filterFor(state, request);
    if (state === 'cancelled' && !isComplete && !selectsAllCancelled(filter)) {
      const problem = 'its people are still being written down; try again, or replay all that was cancelled';
      throw new RequestError('wrong_state', [`dispatch_id: ${problem}`], 1);
    }
    const { inHand, inDoubt, ...found } = await countSelected(tx, { dispatchId: control.dispatchId, state }, filter);
    if (state === 'cancelled' && inHand > 0 && !selectsAllCancelled(filter)) {
      const problem = 'some of its sends have not ended yet; try again, or replay all that was cancelled';
      throw new RequestError('wrong_state', [`dispatch_id: ${problem}`], 1);
    }
    const recipients = isComplete || state === 'finished' ? found.recipients : null;
    if (counted !== null && recipients !== counted)
      throw new RequestError('wrong_state', [`set_id: ${counted} sends were counted, and now there are ${recipients}`]);
    if (recipients === 0) {
      const selectable = await listSelectable(tx, { dispatchId: control.dispatchId, state });
      return { state, ...dispatch, recipients, selectable };
    }
    const moved = await markReplayed(tx, control, filter, { ...found, recipients });
    if (moved === null) return null;
    await startTasks(tx, moved, control);
    return { ...moved, recipients, ...(inDoubt > 0 && { warnings: [mayGetItTwice(inDoubt)] }) };
  });
}

function mayGetItTwice(sends: number): string {
  return `statuses: ${sends} of these sends were unknown, so their people may have the message already and get it a second time`;
}

function selectsAllCancelled({ statuses, channels, codes }: ReplayFilter): boolean {
  return statuses.includes('cancelled') && channels === null && codes === null;
}

/**
 * Makes a move from one of the states `from`. In a state of `already`, the order has been carried out, perhaps by a request
 * whose answer was lost: everything is rolled back, and the dispatch returned as it is.
 */
function transition(
  control: Control,
  { from, already }: { from: readonly DispatchState[]; already: readonly DispatchState[] },
  move: (tx: Db) => Promise<Moved | null>,
): Promise<Moved> {
  return transact(control, from, move).catch((error: unknown) => {
    if (error instanceof WrongState && already.includes(error.found.state)) return error.found;
    throw error;
  });
}

/** Makes a move in one transaction. Throws WrongState, which rolls back, if the dispatch is in none of the states. */
function transact<Result extends Moved>(
  { db, dispatchId }: Control,
  from: readonly DispatchState[],
  move: (tx: Db) => Promise<Result | null>,
): Promise<Result> {
  return retry('dispatches', () =>
    db.transaction(async (tx) => {
      const moved = await move(tx);
      if (moved !== null) return moved;
      throw new WrongState(await lockState(tx, dispatchId), from);
    }),
  );
}

class WrongState extends RequestError {
  readonly found: Moved;

  constructor(found: Moved, from: readonly DispatchState[]) {
    super('wrong_state', [`dispatch_id: the dispatch is ${found.state}; expected ${from.join(' or ')}`]);
    this.found = found;
  }
}

const scheduled = { lane: scheduleLane, kind: 'fire', buckets: [null] } as const;

/** Adds tasks for all sends that may be pending. An audience that is not started gets its tasks with its pieces. */
async function startTasks(tx: Db, moved: Moved, { dispatchId, now }: Control): Promise<void> {
  const { lane, targeted, workspaceId, firesAt, isTimed } = moved;
  if (firesAt !== null) {
    await addTasks(tx, { ...scheduled, dispatchId, workspaceId, runAt: firesAt });
    await addOpenTasks(tx, dispatchId, 1);
    return announceTasks(tx, scheduleLane);
  }
  if (lane === lanes.named || targeted !== null) {
    const isSmall = lane === lanes.named || (targeted ?? 0) <= ONE_TASK;
    const buckets = isSmall ? [null] : Array.from({ length: 256 }, (_, bucket) => bucket);
    await addTasks(tx, { dispatchId, workspaceId, lane, kind: 'revive', buckets, runAt: now, isTimed });
    await addOpenTasks(tx, dispatchId, buckets.length);
  }
  await takeUpExpansion(tx, dispatchId, now);
  await announceTasks(tx, lane);
}

/**
 * The states of a dispatch:
 * - `scheduled`: it waits for its time. Nobody is evaluated, and the plan may still change.
 * - `accepted`: it is stored, and no recipient has a row in the ledger yet.
 * - `sending`: rows are written and tried. It becomes `finished` by itself when its last task ends.
 * - `paused`: rows may still be written, but nothing new is tried until it is resumed.
 * - `cancelled`: like `paused`, but over: each `pending` send counts and shows as cancelled. People of the audience
 *   without a row still get one, so that the counts add up and a replay knows everybody.
 * - `finished`: every send has its final verdict.
 * - `failed`: its audience cannot be evaluated. Pending sends count as cancelled.
 */
export type DispatchState = 'scheduled' | 'accepted' | 'sending' | 'paused' | 'finished' | 'cancelled' | 'failed';

export type SendStatus =
  | 'pending' // to be tried, now or at `due_at`
  | 'sending' // being tried; ambiguous after a crash
  | 'sent'
  | 'skipped' // refused by a gate
  | 'aborted' // stopped while its message was rendered
  | 'failed'
  | 'bounced'
  | 'expired'
  | 'unknown' // may have gone out
  | 'cancelled';

/**
 * The states that a dispatch may move to. Each move is one transaction that changes the row only if it is in a state
 * that the move starts from. Of two moves at once, the second is told the state it found. Tasks are locked before their
 * dispatch, in the same order as when tasks end. The database refuses every other move (migrations/0003).
 */
export const dispatchMoves: Readonly<Record<DispatchState, readonly DispatchState[]>> = {
  scheduled: ['accepted', 'paused', 'cancelled', 'failed'], // accepted: it fires
  accepted: ['sending', 'paused', 'finished', 'cancelled', 'failed'], // finished: a broadcast without recipients
  sending: ['paused', 'finished', 'cancelled', 'failed'],
  paused: ['scheduled', 'accepted', 'sending', 'cancelled', 'failed'], // resumed: to where it was
  finished: ['sending'], // a replay
  cancelled: ['accepted', 'sending'], // a replay: accepted if it had no rows yet
  failed: [],
};

/** The statuses that a send may move to. The database refuses every other move (migrations/0003). */
export const sendMoves: Readonly<Record<SendStatus, readonly SendStatus[]>> = {
  pending: ['sending', 'sent', 'skipped', 'aborted', 'expired', 'cancelled'], // sent: stopped when some devices already had it
  sending: ['pending', 'sent', 'failed', 'bounced', 'expired', 'unknown'], // pending: a retry
  sent: [],
  skipped: [],
  aborted: ['pending'], // a replay moves sends from these statuses back to `pending`
  failed: ['pending'],
  bounced: [],
  expired: ['pending'],
  unknown: ['pending'], // only if a replay names this status: the person may have the message
  cancelled: ['pending'],
};

/** The states from which a dispatch may move to this one. */
export function statesBefore(wanted: DispatchState): DispatchState[] {
  return dispatchStates.filter((state) => dispatchMoves[state].includes(wanted));
}

export const dispatchStates = Object.keys(dispatchMoves) as DispatchState[];
export const sendStatuses = Object.keys(sendMoves) as SendStatus[];

/** True: its sends may be tried. */
export function isLive(state: DispatchState): boolean {
  return state === 'accepted' || state === 'sending';
}

/** True: people of the audience without a row still get one. */
export function isExpandable(state: DispatchState): boolean {
  return isLive(state) || state === 'paused' || state === 'cancelled';
}

/** True: pending sends are not tried unless the dispatch is replayed. */
export function isGivenUp(state: DispatchState): boolean {
  return state === 'cancelled' || state === 'failed';
}

/**
 * A dispatch is
 * - `accepted`: stored; nobody it goes to has a row in the ledger yet.
 * - `sending`: rows are written and tried. From here it is `finished` by itself, when its last task ends.
 * - `paused`: rows may still be written, but nothing new is tried until it is resumed.
 * - `cancelled`: as paused, but over: each of its sends that is `pending` counts and shows as cancelled. Whoever of the
 *   audience has no row yet gets one all the same, so that the counts add up and a replay knows everybody.
 * - `finished`: every send has its final word.
 * - `failed`: its audience cannot be evaluated; what is pending counts as cancelled.
 */
export type DispatchState = 'accepted' | 'sending' | 'paused' | 'finished' | 'cancelled' | 'failed';

export type SendStatus =
  | 'pending' // to be tried, now or at `due_at`
  | 'sending' // being tried; after a crash: ambiguous
  | 'sent'
  | 'skipped' // refused by a gate
  | 'aborted' // stopped while it was rendered
  | 'failed'
  | 'bounced'
  | 'expired'
  | 'unknown' // may have gone out
  | 'cancelled';

/**
 * Where a dispatch may go next. Each move is one transaction that changes the row only in a state it starts from, so that
 * of two at once one comes second and is told the state it found. Tasks are locked before the dispatch they belong to, as
 * whoever ends them does. The database refuses every other move (migrations/0003).
 */
export const dispatchMoves: Readonly<Record<DispatchState, readonly DispatchState[]>> = {
  accepted: ['sending', 'paused', 'finished', 'cancelled', 'failed'], // finished: a broadcast that nobody is meant by
  sending: ['paused', 'finished', 'cancelled', 'failed'],
  paused: ['accepted', 'sending', 'cancelled', 'failed'], // resumed: accepted when there were no rows yet
  finished: ['sending'], // replayed
  cancelled: ['accepted', 'sending'], // replayed: accepted when there were no rows yet
  failed: [],
};

/** Where a send may go next. The database refuses every other move (migrations/0003). */
export const sendMoves: Readonly<Record<SendStatus, readonly SendStatus[]>> = {
  pending: ['sending', 'sent', 'skipped', 'aborted', 'expired', 'cancelled'], // sent: some devices had it when it was stopped
  sending: ['pending', 'sent', 'failed', 'bounced', 'expired', 'unknown'], // pending: to be tried again
  sent: [],
  skipped: [],
  aborted: ['pending'], // replayed, as all that come back
  failed: ['pending'],
  bounced: [],
  expired: ['pending'],
  unknown: [],
  cancelled: ['pending'],
};

/** The states from which a dispatch may be brought into this one. */
export function statesBefore(wanted: DispatchState): DispatchState[] {
  return dispatchStates.filter((state) => dispatchMoves[state].includes(wanted));
}

export const dispatchStates = Object.keys(dispatchMoves) as DispatchState[];
export const sendStatuses = Object.keys(sendMoves) as SendStatus[];

/** Sends may be tried. */
export function isLive(state: DispatchState): boolean {
  return state === 'accepted' || state === 'sending';
}

/** Whoever of the audience has no row yet is still to get one. */
export function isExpandable(state: DispatchState): boolean {
  return isLive(state) || state === 'paused' || state === 'cancelled';
}

/** What is pending will not be tried unless the dispatch is replayed. */
export function isGivenUp(state: DispatchState): boolean {
  return state === 'cancelled' || state === 'failed';
}

/**
 * A dispatch is
 * - `accepted`: stored; nobody it goes to has a row in the ledger yet.
 * - `sending`: rows are written and tried. From here it is `finished` by itself, when its last task ends.
 * - `paused`: rows may still be written, but nothing new is tried until it is resumed.
 * - `cancelled`: as paused, but over: each of its sends that is `pending` counts and shows as cancelled. Whoever of the
 *   audience has no row yet gets one all the same, so that the counts add up and a replay knows everybody.
 * - `finished`: every send has its final word.
 * - `failed`: its audience cannot be evaluated; what is pending counts as cancelled.
 *
 *     accepted ──▶ sending ──▶ finished
 *        │  ▲        │  ▲         │
 *  pause ▼  │ resume ▼  │         │ replay: back to sending
 *        paused ────────┘         │ (or accepted, when there were no rows yet)
 *        │                        │
 *  cancel▼ (also from accepted and sending)
 *     cancelled ──────────────────┘
 *
 * Each arrow is one transaction that changes the row only in a state it starts from, so that of two at once one comes
 * second and is told the state it found. Tasks are locked before the dispatch they belong to, as whoever ends them does.
 *
 * A send goes `pending → sending → sent | failed | bounced | expired | unknown`, back to `pending` to be tried again, or
 * from `pending` straight to `skipped | aborted | expired`. `failed`, `aborted`, `expired` and `cancelled` ones return to
 * `pending` by a replay; `sent`, `skipped`, `bounced` and `unknown` are never left.
 */
export type DispatchState = 'accepted' | 'sending' | 'paused' | 'finished' | 'cancelled' | 'failed';

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

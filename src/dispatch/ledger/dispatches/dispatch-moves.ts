import type { Db } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import type { PastReplay, ReplayFilter } from '../../plan/replay-filter.ts';
import { lanes } from '../../plan/send-plan.ts';
import { type DispatchState, statesBefore } from '../../plan/states.ts';

/** A dispatch after a move. */
export interface Moved {
  state: DispatchState;
  lane: number;
  workspaceId: number;
  /** Number of people targeted so far. null: nobody has a row yet. */
  targeted: number | null;
  /** When its schedule fires. null: it has none, or has fired. */
  firesAt: Date | null;
  /** True: its people have their own times. */
  isTimed: boolean;
}

/** A move of a dispatch. If the dispatch is in no state that the move starts from, it stays and the result is null. */
export interface Move {
  dispatchId: string;
  now: Date;
}

/** `endedTasks`: number of tasks that were deleted in the same transaction. */
export function markPaused(tx: Db, { dispatchId }: Move, endedTasks: number): Promise<Moved | null> {
  return move(
    tx,
    dispatchId,
    statesBefore('paused'),
    sql`
           state = 'paused', open_tasks = open_tasks - ${endedTasks}::integer`,
  );
}

/** `endedTasks`: number of tasks that were deleted in the same transaction. */
export function markCancelled(tx: Db, { dispatchId, now }: Move, endedTasks: number): Promise<Moved | null> {
  return move(
    tx,
    dispatchId,
    statesBefore('cancelled'),
    sql`
           state = 'cancelled', cancelled_at = ${now}, open_tasks = open_tasks - ${endedTasks}::integer`,
  );
}

/** When the schedule of a dispatch fires that has not fired yet, else null. */
const upcoming = sql`case when fired_at is null then fires_at end`;
const isTimed = sql`coalesce(schedule ->> 'kind' <> 'at', false)`;

/** The state in which a dispatch continues: `accepted` if nobody has a row yet, else `sending`. */
const reopened = sql`
           state = case when ${upcoming} is not null then 'scheduled' when targeted is null then 'accepted' else 'sending' end`;

export function markResumed(tx: Db, { dispatchId }: Move): Promise<Moved | null> {
  // What it says of itself is said anew if it still holds.
  return move(tx, dispatchId, ['paused'], sql`${reopened}, failure = null, waits_for = null`);
}

export function markReplayed(
  tx: Db,
  { dispatchId, now }: Move,
  filter: ReplayFilter,
  matched: Pick<PastReplay, 'recipients' | 'attempts'>,
): Promise<Moved | null> {
  const replay: PastReplay = { at: now.toISOString(), filter, ...matched };
  return move(
    tx,
    dispatchId,
    ['finished', 'cancelled'],
    sql`
           ${reopened}, replay = ${JSON.stringify(filter)}, replayed_at = ${now},
           replays = (replays::jsonb || ${JSON.stringify(replay)}::jsonb)::json, finished_at = null, cancelled_at = null,
           counts = null, failure = null, waits_for = null`,
  );
}

/** `endedTasks`: number of tasks that were deleted in the same transaction. */
export function markFailed(
  tx: Db,
  { dispatchId, now, failure }: Move & { failure: string },
  endedTasks: number,
): Promise<Moved | null> {
  return move(
    tx,
    dispatchId,
    statesBefore('failed'),
    sql`
           state = 'failed', failure = ${failure}, waits_for = null, finished_at = ${now},
           open_tasks = open_tasks - ${endedTasks}::integer`,
  );
}

function move(tx: Db, dispatchId: string, from: readonly DispatchState[], changes: Sql): Promise<Moved | null> {
  return tx.maybeOne<Moved & Record<string, unknown>>(sql`
    update dispatches
       set ${changes}
     where id = ${dispatchId} and state = any(${from}::text[])
    returning state, lane, workspace_id as "workspaceId", targeted, ${upcoming} as "firesAt", ${isTimed} as "isTimed"`);
}

/** A dispatch that is locked. `isComplete`: every recipient has a row. */
export interface Locked extends Moved {
  isComplete: boolean;
}

/**
 * Locks a dispatch in its state until this transaction ends. Named people have their rows as soon as one has; an audience
 * is complete after its last piece.
 */
export function lockState(tx: Db, dispatchId: string): Promise<Locked> {
  return tx.one<Locked & Record<string, unknown>>(sql`
    select state, lane, workspace_id as "workspaceId", targeted, ${upcoming} as "firesAt", ${isTimed} as "isTimed",
           targeted is not null and (lane = ${lanes.named} or expanded_at is not null) as "isComplete"
      from dispatches
     where id = ${dispatchId}
       for update`);
}

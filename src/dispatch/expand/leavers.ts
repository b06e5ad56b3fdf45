import { compileTargeting } from '../../audience/targeting.ts';
import { AudienceTooExpensive, TOO_EXPENSIVE, withinTimeLimit } from '../../audience/time-limit.ts';
import type { Database, Db } from '../../db/database.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { AUDIENCE_ERRORS, failDispatch } from '../ledger/dispatches/fail-dispatch.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isTimed } from '../plan/schedule.ts';
import { filtersOf } from '../plan/targeting.ts';
import { type MemberRow, membersQuery, type Outsider } from './outsiders.ts';

/** What became of the audiences of people whose own time has come. */
export interface Leavers {
  /** The sends whose person is no longer targeted, and why. */
  reasons: ReadonlyMap<PendingSend, Outsider['reason']>;
  /** The dispatches whose audience was too expensive. They have failed. */
  failed: ReadonlySet<string>;
}

/**
 * Evaluates segment and audience once more when a person's own time has come, up to 26 hours after the schedule fired, or
 * when quiet hours end that held the message.
 * Source: adjacent-endpoints.md §4.1: people must qualify at both times.
 */
export async function findLeavers(
  db: Database,
  {
    sends,
    dispatches,
    now,
  }: { sends: readonly PendingSend[]; dispatches: ReadonlyMap<string, LoadedDispatch>; now: Date },
): Promise<Leavers> {
  const reasons = new Map<PendingSend, Outsider['reason']>();
  const failed = new Set<string>();
  const asked = sends.filter((send) => send.attempts === 0 && isAsked(dispatches.get(send.dispatchId), send));
  for (const [dispatchId, group] of Map.groupBy(asked, (send) => send.dispatchId)) {
    const dispatch = dispatches.get(dispatchId);
    if (dispatch === undefined) continue;
    try {
      const outside = await leaversAmong(db, dispatch, group, now);
      for (const send of group) {
        const reason = outside.get(send.userId);
        if (reason !== undefined) reasons.set(send, reason);
      }
    } catch (error) {
      if (!(error instanceof AudienceTooExpensive)) throw error;
      await failDispatch(db, { dispatchId, failure: TOO_EXPENSIVE, category: AUDIENCE_ERRORS, now });
      failed.add(dispatchId);
    }
  }
  return { reasons, failed };
}

function isAsked(dispatch: LoadedDispatch | undefined, { isHeld = false }: PendingSend): boolean {
  return dispatch !== undefined && (isTimed(dispatch.schedule) || isHeld) && isTargeted(dispatch);
}

function isTargeted({ plan }: LoadedDispatch): boolean {
  return plan.segmentId !== null || plan.audience !== null;
}

/** The people among these who are not targeted, by user id. Throws AudienceTooExpensive. */
export async function leaversAmong(
  db: Database,
  dispatch: LoadedDispatch,
  named: readonly PersonKey[],
  now: Date,
): Promise<Map<number, Outsider['reason']>> {
  if (!isTargeted(dispatch)) return new Map();
  const people = [...new Map(named.map((person) => [person.userId, person])).values()];
  const targeting = compileTargeting(filtersOf(dispatch), { now, workspace: dispatch.workspace });
  const ask = (on: Db) => on.query<MemberRow>(membersQuery(targeting, people, dispatch.workspace.id));
  const rows = targeting.hasPattern ? await withinTimeLimit(db, people.length, ask) : await ask(db);
  const outside = rows.filter((row) => !row.in_segment || !row.in_audience);
  return new Map(outside.map((row) => [row.user_id, row.in_segment ? 'not_in_audience' : 'not_in_segment']));
}

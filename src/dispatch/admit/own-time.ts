import type { Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import { isPaced } from '../plan/ages.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isTimed, localTime } from '../plan/schedule.ts';
import type { OwnTime } from './send-facts.ts';

/** How late a pace may make a message, in milliseconds. Source: eligibility.md §4.6. */
const PACED_LATE_MS = 72 * 3_600_000;

/**
 * When this person is to get a message: by the clock of their zone as it is now, or at the time that was stored when the
 * schedule fired, or when quiet hours end that held it. null: at the time of the dispatch. Only a first attempt of a
 * schedule or by a pace may be too late: a retry goes on, and so does a message that was held, and a replay that came after the time.
 */
export function ownTimeOf(
  { attempts, scheduledAt = null, isHeld = false }: PendingSend,
  { schedule, replay, workspace, plan, triedSince }: LoadedDispatch,
  recipient: Recipient | null,
): OwnTime | null {
  if (isPaced(plan) && attempts === 0 && scheduledAt === null && !isTimed(schedule))
    return { at: triedSince, lateMs: PACED_LATE_MS };
  const byClock =
    schedule?.kind === 'local'
      ? localTime(schedule, recipient?.person.timeZone ?? null, workspace.timeZone)
      : scheduledAt;
  const at = byClock !== null && scheduledAt !== null && scheduledAt > byClock ? scheduledAt : byClock;
  if (at === null) return null;
  const mayExpire = schedule !== null && !isHeld && attempts === 0 && (replay === null || replay.at <= at);
  const lateMs = !mayExpire ? null : isPaced(plan) ? PACED_LATE_MS : workspace.settings.schedules.lateMs;
  return { at, lateMs, ...(schedule?.kind === 'optimal' && !isHeld && { isOptimal: true }) };
}

import type { Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { localTime } from '../plan/schedule.ts';
import type { OwnTime } from './send-facts.ts';

/**
 * When this person is to get a message: by the clock of their zone as it is now, or at the time that was stored when the
 * schedule fired, or when quiet hours end that held it. null: at the time of the dispatch. Only a first attempt of a
 * schedule may be too late: a retry goes on, and so does a message that was held, and a replay that came after the time.
 */
export function ownTimeOf(
  { attempts, scheduledAt = null, isHeld = false }: PendingSend,
  { schedule, replay, workspace }: LoadedDispatch,
  recipient: Recipient | null,
): OwnTime | null {
  const byClock =
    schedule?.kind === 'local'
      ? localTime(schedule, recipient?.person.timeZone ?? null, workspace.timeZone)
      : scheduledAt;
  const at = byClock !== null && scheduledAt !== null && scheduledAt > byClock ? scheduledAt : byClock;
  if (at === null) return null;
  const mayExpire = schedule !== null && !isHeld && attempts === 0 && (replay === null || replay.at <= at);
  const lateMs = mayExpire ? workspace.settings.schedules.lateMs : null;
  return { at, lateMs, ...(schedule?.kind === 'optimal' && !isHeld && { isOptimal: true }) };
}

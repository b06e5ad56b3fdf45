import type { Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { localTime } from '../plan/schedule.ts';
import type { OwnTime } from './send-facts.ts';

/**
 * When this person is to get a scheduled message: by the clock of their zone as it is now, or at the time that was stored
 * when the schedule fired. null: at the time of the dispatch. Only a first attempt may be too late: a retry goes on, and
 * so does a replay that came after the time.
 */
export function ownTimeOf(
  { attempts, scheduledAt = null }: PendingSend,
  { schedule, replay, workspace }: LoadedDispatch,
  recipient: Recipient | null,
): OwnTime | null {
  if (schedule === null) return null;
  const at =
    schedule.kind === 'local'
      ? localTime(schedule, recipient?.person.timeZone ?? null, workspace.timeZone)
      : scheduledAt;
  if (at === null) return null;
  const mayExpire = attempts === 0 && (replay === null || replay.at <= at);
  return { at, lateMs: mayExpire ? workspace.settings.schedules.lateMs : null };
}

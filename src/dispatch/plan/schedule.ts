import { isTimeZone, zonedTime } from '../../lib/time/time-zone.ts';

/**
 * When a dispatch goes out.
 * - `at`: at one instant.
 * - `local`: for each person when the clocks of their zone show it.
 * - `optimal`: for each person on that day of their zone, at the hour at which they are most active.
 */
export interface Schedule {
  kind: 'at' | 'local' | 'optimal';
  /** ISO 8601, with Z. For `local` and `optimal` it is what local clocks show, written as if they showed UTC. */
  time: string;
}

const HOUR_MS = 3_600_000;
/** The first zone of a day is UTC+14, the last one UTC-12. */
const FIRST_ZONE_MS = 14 * HOUR_MS;
const LAST_ZONE_MS = 12 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** The local hour for people whose activity says nothing. */
export const usualHour = 12;

/** When the schedule fires: for a local time, when it is that time in the first zone. At the earliest `now`. */
export function firingTime({ kind, time }: Schedule, now: Date): Date {
  const at = Date.parse(time) - (kind === 'at' ? 0 : FIRST_ZONE_MS);
  return new Date(Math.max(at, now.getTime()));
}

/** From when on nobody can be sent to in time: for a local time, when it is later in every zone. */
export function lastTime({ kind, time }: Schedule): Date {
  const afterMs = { at: 0, local: LAST_ZONE_MS, optimal: DAY_MS + LAST_ZONE_MS }[kind];
  return new Date(Date.parse(time) + afterMs);
}

/** Whether people have their own times. */
export function isTimed(schedule: Schedule | null): schedule is Schedule {
  return schedule !== null && schedule.kind !== 'at';
}

const localTimes = new WeakMap<Schedule, Map<string, Date>>();

/** When the clocks of a zone show the time of a `local` schedule. `zone`: null, or one that is unknown: that of the workspace. */
export function localTime(schedule: Schedule, zone: string | null, workspaceZone: string): Date {
  const known = localTimes.get(schedule) ?? new Map<string, Date>();
  localTimes.set(schedule, known);
  const key = zone ?? workspaceZone;
  const at = known.get(key) ?? timeIn(new Date(schedule.time), zone, workspaceZone);
  known.set(key, at);
  return at;
}

/** When each hour of the day of an `optimal` schedule begins in a zone. The element after the last is the end of the day. */
export function hoursOf({ time }: Schedule, zone: string | null, workspaceZone: string): Date[] {
  return Array.from({ length: 25 }, (_, hour) =>
    timeIn(new Date(Date.parse(time) + hour * HOUR_MS), zone, workspaceZone),
  );
}

/** When an hour of such a day begins. If it has passed: at once, as long as the day lasts. */
export function timeOnDay(begins: readonly Date[], hour: number, now: Date): Date {
  const [at, end] = [begins[hour], begins.at(-1)];
  if (at === undefined || end === undefined) throw new Error('a day has 24 hours');
  return at < now && now < end ? now : at;
}

function timeIn(wall: Date, zone: string | null, workspaceZone: string): Date {
  return zonedTime(wall, zone !== null && isTimeZone(zone) ? zone : workspaceZone);
}

/** The time as a request writes it: a local time has no zone. */
export function timeText({ kind, time }: Schedule): string {
  return kind === 'at' ? time : time.slice(0, -1);
}

import { type Sql, sql } from '../../db/sql.ts';
import { isTimeZone } from '../../lib/time/time-zone.ts';
import { activeHours } from '../../people/track/active-hours.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { nearestEdge, quietZone } from '../plan/quiet-hours.ts';
import { hoursOf, isTimed, localTime, type Schedule, timeOnDay, usualHour } from '../plan/schedule.ts';

/** Whether the sends of a dispatch are written with times: people have their own, or the schedule fires too late. */
export function hasOwnTimes(dispatch: LoadedDispatch, now: Date): boolean {
  return isTimed(dispatch.schedule) || firesLate(dispatch, now);
}

/** A server that was down fires schedules late. What is late by more than the workspace allows expires. */
function firesLate({ schedule, firesAt, workspace }: LoadedDispatch, now: Date): boolean {
  if (schedule?.kind !== 'at' || firesAt === null) return false;
  return now.getTime() > firesAt.getTime() + workspace.settings.schedules.lateMs;
}

export interface OwnTimes {
  /** A query of people: bucket, user_id and time_zone. */
  people: Sql;
  /** The time zones that these people have. One that is missing counts as the workspace's. */
  zones: readonly string[];
  now: Date;
}

/**
 * Fragment: a query of bucket, user_id, `due_at` (null: at once) and `scheduled_at`, the time to store with the sends
 * (null: that of the dispatch, or by the person's clock).
 */
export function ownTimes(dispatch: LoadedDispatch, { people, zones, now }: OwnTimes): Sql {
  const { schedule, firesAt } = dispatch;
  if (!isTimed(schedule)) {
    return sql`
      select t.bucket, t.user_id, null::timestamptz as due_at, ${firesAt}::timestamptz as scheduled_at from (${people}) as t`;
  }
  const known = zones.filter(isTimeZone);
  return schedule.kind === 'local'
    ? localTimes(dispatch, schedule, { people, zones: known })
    : optimalTimes(dispatch, schedule, { people, zones: known, now });
}

function localTimes(
  { workspace }: LoadedDispatch,
  schedule: Schedule,
  { people, zones }: Pick<OwnTimes, 'people' | 'zones'>,
): Sql {
  const times = zones.map((zone) => localTime(schedule, zone, workspace.timeZone));
  return sql`
    select t.bucket, t.user_id, coalesce(z.at, ${localTime(schedule, null, workspace.timeZone)}) as due_at,
           null::timestamptz as scheduled_at
      from (${people}) as t
      left join unnest(${zones}::text[], ${times}::timestamptz[]) as z(zone, at) on z.zone = t.time_zone`;
}

function optimalTimes(
  { workspace, messages }: LoadedDispatch,
  schedule: Schedule,
  { people, zones, now }: OwnTimes,
): Sql {
  const all = [...new Set([workspace.timeZone, ...zones])];
  // A person has one optimal time for all channels of a dispatch, outside of the quiet hours of each.
  const quiet = [...messages.values()].flatMap(({ gate }) => gate.quiet?.rules ?? []);
  const slots = all.flatMap((zone) => {
    const begins = hoursOf(schedule, zone, workspace.timeZone);
    const at = (hour: number) =>
      nearestEdge(quiet, quietZone(zone, workspace.timeZone), timeOnDay(begins, hour, now), now);
    return Array.from({ length: 24 }, (_, hour) => ({ zone, hour, at: at(hour) }));
  });
  const placed = sql`
    select x.bucket, x.user_id,
           case when x.time_zone = any(${zones}::text[]) then x.time_zone else ${workspace.timeZone} end as zone
      from (${people}) as x`;
  return sql`
    select t.bucket, t.user_id, s.at as due_at, s.at as scheduled_at
      from (${placed}) as t
      left join (${activeHours({ people: placed, zones: all, now })}) as h on h.bucket = t.bucket and h.user_id = t.user_id
      join unnest(${slots.map(({ zone }) => zone)}::text[], ${slots.map(({ hour }) => hour)}::integer[],
                  ${slots.map(({ at }) => at)}::timestamptz[]) as s(zone, hour, at)
        on s.zone = t.zone and s.hour = coalesce(h.hour, ${usualHour})`;
}

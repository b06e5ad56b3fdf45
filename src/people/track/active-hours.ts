import { type Sql, sql } from '../../db/sql.ts';
import { offsetPeriods } from '../../lib/time/time-zone.ts';

const DAY_MS = 86_400_000;
/** How far back a person's activity tells when they are active. */
const LOOK_BACK_DAYS = 60;

export interface ActiveHours {
  /** A query of people: bucket, user_id, and `zone`, which is among `zones`. */
  people: Sql;
  zones: readonly string[];
  now: Date;
}

/**
 * Fragment: a query of bucket, user_id and `hour`, the hour of the day, 0 to 23 by the clocks of their zone, in which
 * each person was most often active lately: by events, purchases, and the times of the first and last session. Of hours
 * that are as good the earliest is taken. People without activity are missing. The offsets of zones are computed here,
 * because PostgreSQL may know other rules of clock changes than this process does.
 */
export function activeHours({ people, zones, now }: ActiveHours): Sql {
  const since = new Date(now.getTime() - LOOK_BACK_DAYS * DAY_MS);
  const periods = zones.flatMap((zone) => offsetPeriods(zone, since, now).map((period) => ({ zone, ...period })));
  const sessions = (column: Sql) => sql`
    select s.bucket, s.user_id, ${column} as at from profiles s where ${column} >= ${since} and ${column} <= ${now}`;
  return sql`
    select distinct on (bucket, user_id) bucket, user_id, hour
      from (select w.bucket, w.user_id, extract(hour from (a.at + o.ahead) at time zone 'UTC')::integer as hour,
                   count(*) as times
              from (${people}) as w
              join (select bucket, user_id, at from events where at >= ${since} and at <= ${now}
                    union all
                    select bucket, user_id, at from purchases where at >= ${since} and at <= ${now}
                    union all ${sessions(sql`first_session_at`)}
                    union all ${sessions(sql`last_session_at`)}
                   ) as a on a.bucket = w.bucket and a.user_id = w.user_id
              join unnest(${periods.map(({ zone }) => zone)}::text[], ${periods.map(({ from }) => from)}::timestamptz[],
                          ${periods.map(({ until }) => until)}::timestamptz[],
                          ${periods.map(({ aheadMs }) => `${aheadMs} ms`)}::interval[]) as o(zone, starts, ends, ahead)
                on o.zone = w.zone and a.at >= o.starts and (a.at < o.ends or o.ends = ${now})
             group by w.bucket, w.user_id, 3) as counted
     order by bucket, user_id, times desc, hour`;
}

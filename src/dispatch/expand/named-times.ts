import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isTimed } from '../plan/schedule.ts';
import { hasOwnTimes, ownTimes } from './own-times.ts';

/** When the sends to a person are due, and the time to store with them, as in `ownTimes`. */
export interface NamedTime {
  dueAt: Date | null;
  scheduledAt: Date | null;
}

/** The times of these people, by user id. null: all are sent to at once. */
export async function namedTimes(
  db: Db,
  dispatch: LoadedDispatch,
  people: readonly PersonKey[],
  now: Date,
): Promise<ReadonlyMap<number, NamedTime> | null> {
  if (people.length === 0 || !hasOwnTimes(dispatch, now)) return null;
  const named = sql`
    select p.bucket, p.user_id, p.time_zone
      from unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[])
             as n(bucket, user_id)
      join profiles p on p.bucket = n.bucket and p.user_id = n.user_id`;
  const found = isTimed(dispatch.schedule)
    ? await db.query<{ time_zone: string }>(
        sql`select distinct time_zone from (${named}) as p where time_zone is not null`,
      )
    : [];
  const zones = found.map(({ time_zone }) => time_zone);
  const rows = await db.query<{ user_id: number; due_at: Date | null; scheduled_at: Date | null }>(
    ownTimes(dispatch, { people: named, zones, now }),
  );
  return new Map(rows.map((row) => [row.user_id, { dueAt: row.due_at, scheduledAt: row.scheduled_at }]));
}

import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { PersonKey } from '../profile/identify.ts';

const DAY_MS = 86_400_000;
/**
 * Filters look back at most 30 days from the acceptance of a dispatch. The other month is for dispatches that were paused
 * before their audience was read.
 */
const KEPT_DAYS = 62;

/** The session times that `/users/track` sets. null: there is none. undefined: unchanged. */
interface SessionTimes {
  first_session_at?: Date | null;
  last_session_at?: Date | null;
}

/**
 * The sessions that a change tells of. A session is counted whenever the time of the last session moves forward. The time
 * of the first session is counted if no session is known. Source: audience.md §6.6.
 */
export function newSessions(known: SessionTimes, change: SessionTimes): Date[] {
  const sessions: Date[] = [];
  let latest = known.last_session_at ?? known.first_session_at ?? null;
  const first = latest === null ? change.first_session_at : null;
  for (const at of [first, change.last_session_at]) {
    if (at === null || at === undefined || (latest !== null && at <= latest)) continue;
    sessions.push(at);
    latest = at;
  }
  return sessions;
}

/** Adds new sessions to the person's days. Days that no filter looks back on are not stored. */
export async function saveSessionDays(
  tx: Db,
  people: readonly { key: PersonKey; sessions: readonly Date[] }[],
  now: Date,
): Promise<void> {
  const since = oldestKept(now);
  const rows = people.flatMap(({ key, sessions }) =>
    sessions.map((at) => ({ ...key, day: dayOf(at) })).filter(({ day }) => day >= since),
  );
  if (rows.length === 0) return;
  await tx.run(sql`
    insert into session_days as s (bucket, user_id, day, count)
    select bucket, user_id, day, count(*)
      from unnest(${rows.map(({ bucket }) => bucket)}::integer[], ${rows.map(({ userId }) => userId)}::bigint[],
                  ${rows.map(({ day }) => day)}::date[]) as x(bucket, user_id, day)
     group by bucket, user_id, day
        on conflict (bucket, user_id, day) do update set count = s.count + excluded.count`);
}

/** Drops the days that no filter looks back on any more. */
export async function forgetSessionDays(db: Db, now: Date): Promise<void> {
  await db.run(sql`delete from session_days where day < ${oldestKept(now)}::date`);
}

function oldestKept(now: Date): string {
  return dayOf(new Date(now.getTime() - KEPT_DAYS * DAY_MS));
}

/** YYYY-MM-DD in UTC. Sessions lie in the years 1 to 3000, so that these texts sort as their days do. */
function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { addReceived } from '../../people/profile/received.ts';
import { type DailyTable, dailyTables, daysBefore, dropDay, isDayOver, isOfDay } from '../ledger/days.ts';

const DAY_MS = 86_400_000;
/** Dropping a partition waits for all users of its table, and later users wait for it. So it gives up soon. */
const LOCK_TIMEOUT = '500ms';

export interface Retention {
  /** Number of whole days of dispatches that are kept. 0: all. */
  days: number;
  now: Date;
}

/** Days that were dropped, and old days that were kept because something in them is not finished. */
export interface Forgotten {
  dropped: string[];
  kept: string[];
}

/**
 * Drops the ledger of each day past its time, oldest first. A day with a dispatch that is not over, that still has tasks,
 * or whose schedule fired within the time, is kept as a whole. Facts that only the sends hold are summed up first, in the
 * same commit. It may be stopped at any point and called again. Throws a lock timeout (55P03) if a table is too busy.
 */
export async function forgetOldDays(db: Database, { days, now }: Retention): Promise<Forgotten> {
  const forgotten: Forgotten = { dropped: [], kept: [] };
  if (days === 0) return forgotten;
  const kept = firstKept({ days, now });
  for (const day of await daysBefore(db, kept)) {
    const fate = await forgetDay(db, day, kept);
    if (fate === 'locked elsewhere') break;
    forgotten[fate].push(day);
  }
  return forgotten;
}

function firstKept({ days, now }: Retention): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - days * DAY_MS);
}

/** The beginning of the oldest day that may still have dispatches. `days`: not 0. */
export async function oldestDay(db: Db, retention: Retention): Promise<Date> {
  const [oldest] = await daysBefore(db, firstKept(retention));
  return oldest === undefined ? firstKept(retention) : new Date(oldest.replace(/^(....)(..)(..)$/, '$1-$2-$3'));
}

type Fate = keyof Forgotten | 'locked elsewhere';

/** Drops one table at a time, so that none is locked for longer than its own part takes. */
async function forgetDay(db: Database, day: string, firstKept: Date): Promise<Fate> {
  for (const table of dailyTables) {
    const fate = await db.transaction((tx) => dropFrom(tx, table, day, firstKept));
    if (fate !== 'dropped') return fate;
  }
  return 'dropped';
}

async function dropFrom(tx: Db, table: DailyTable, day: string, firstKept: Date): Promise<Fate> {
  await tx.run(sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`);
  // Two processes at once would count a day twice.
  const { ours } = await tx.one<{ ours: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtext('cresset retention')) as ours`);
  if (!ours) return 'locked elsewhere';
  if (!(await isDayOver(tx, day, firstKept))) return 'kept';
  if (table === 'sends') await sumUp(tx, day);
  await dropDay(tx, table, day);
  return 'dropped';
}

/** Leaves out people who were deleted. Pending sends of a dispatch that was given up count as cancelled. */
async function sumUp(tx: Db, day: string): Promise<void> {
  await tx.run(
    addReceived(sql`
    select s.bucket, s.user_id, s.channel, coalesce(d.campaign_id, ''), max(s.updated_at)
      from sends s
      join dispatches d on d.id = s.dispatch_id
      join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
     where ${isOfDay(sql`s.dispatch_id`, day)} and s.status = 'sent'
     group by 1, 2, 3, 4
     order by 1, 2, 3, 4`),
  );
  await tx.run(sql`
    insert into send_totals (workspace_id, day, campaign_id, channel, status, reason, sends, attempts)
    select d.workspace_id, ${day}::date, coalesce(d.campaign_id, ''), s.channel, o.status,
           case when o.status = s.status then coalesce(s.reason, '') when o.status = 'sent' then '' else o.status::text end,
           count(*), sum(s.attempts)
      from sends s
      join dispatches d on d.id = s.dispatch_id
     cross join lateral (
       select case when s.status = 'pending' then stopped_status(s.devices, 'cancelled') else s.status end as status
     ) as o
     where ${isOfDay(sql`s.dispatch_id`, day)}
     group by 1, 3, 4, 5, 6
        on conflict (workspace_id, day, campaign_id, channel, status, reason) do update
       set sends = send_totals.sends + excluded.sends, attempts = send_totals.attempts + excluded.attempts`);
}

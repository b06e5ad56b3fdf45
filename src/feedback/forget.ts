import type { Database, Db } from '../db/database.ts';
import { raw, sql } from '../db/sql.ts';

/** Dropping a partition waits for all users of its table, and later users wait for it. So it gives up soon. */
const LOCK_TIMEOUT = '500ms';

/**
 * Drops the events of each day of which all were received before `before` and are applied. Throws a lock timeout (55P03) if
 * the table is too busy.
 */
export async function forgetFeedback(db: Database, before: Date): Promise<void> {
  const days = await db.query<{ partition: string }>(sql`
    select inhrelid::regclass::text as partition
      from pg_inherits
     where inhparent = 'feedback_events'::regclass and inhrelid::regclass::text ~ '_[0-9]{8}$'
       and right(inhrelid::regclass::text, 8) < to_char(${before}::timestamptz at time zone 'UTC', 'YYYYMMDD')
     order by 1`);
  for (const { partition } of days) await db.transaction((tx) => dropIfOver(tx, partition, before));
  await db.run(sql`delete from feedback_events_default where received_at < ${before} and place is not null`);
}

async function dropIfOver(tx: Db, partition: string, before: Date): Promise<void> {
  await tx.run(sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`);
  // Of two servers at once, the second would wait for a table and find it dropped.
  const { ours } = await tx.one<{ ours: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtext('cresset feedback retention')) as ours`);
  if (!ours) return;
  const { exists } = await tx.one<{ exists: boolean }>(sql`select to_regclass(${partition}) is not null as exists`);
  if (!exists) return; // another server has dropped it since the days were listed
  await tx.run(sql`lock table ${raw(partition)}`);
  const kept = await tx.query(sql`
    select 1 from ${raw(partition)} where received_at >= ${before} or place is null limit 1`);
  if (kept.length === 0) await tx.run(sql`drop table ${raw(partition)}`);
}

import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { Clock } from '../lib/clock.ts';

const HOUR = 3_600_000;

/** Makes room for the coming days and forgets what its time has passed for. Safe in several processes at once. */
export async function keepHouse(db: Database, now: Date): Promise<void> {
  const ago = (hours: number) => new Date(now.getTime() - hours * HOUR);
  await db.transaction(async (tx) => {
    // Two processes making the same partition at once would stop each other.
    await tx.run(sql`select pg_advisory_xact_lock(hashtext('cresset housekeeping'))`);
    await tx.run(sql`select make_daily_partitions((${now}::timestamptz at time zone 'UTC')::date, 3)`);
  });
  await db.run(sql`delete from rate_windows where started_at < ${ago(2)}`);
  await db.run(sql`delete from idempotency_keys where created_at < ${ago(24)}`);
  await db.run(sql`delete from activity_log where occurred_at < ${ago(60)}`);
}

/** Keeps house now and then every hour, until the returned function is called. */
export async function startHousekeeping({
  db,
  clock,
  log,
}: {
  db: Database;
  clock: Clock;
  log: Logger;
}): Promise<() => void> {
  await keepHouse(db, clock.now());
  let cancel = clock.after(HOUR, again);
  function again(): void {
    keepHouse(db, clock.now()).catch((error: unknown) => log.error({ err: error }, 'housekeeping failed'));
    cancel = clock.after(HOUR, again);
  }
  return () => cancel();
}

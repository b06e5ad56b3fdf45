import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/**
 * The first time after `after` (null: the earliest of all) and not after `until` at which a free task of any lane is due.
 * null: there is none. It reads all tasks, so it is not for servers, whose lanes ask `nextDueAt`.
 */
export async function firstDueBetween(
  db: Db,
  { after, until }: { after: Date | null; until: Date },
): Promise<Date | null> {
  const { due } = await db.one<{ due: Date | null }>(sql`
    select min(run_at) as due
      from tasks
     where run_at > coalesce(${after}::timestamptz, '-infinity') and run_at <= ${until}
       and leased_until is null and deaths = 0`);
  return due;
}

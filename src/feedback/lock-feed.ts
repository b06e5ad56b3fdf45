import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** Lets no other transaction of any server add to the feed until this one ends, so that places become visible in their order. */
export async function lockFeed(tx: Db): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtext('cresset feedback'))`);
}

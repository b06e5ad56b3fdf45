import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/**
 * Stops a dispatch: what is pending is cancelled, what is being sent right now is sent, what was sent stays sent.
 * The number of sends cancelled; null when the dispatch is over already.
 */
export function cancelDispatch(db: Database, dispatchId: string, now: Date): Promise<number | null> {
  return db.transaction(async (tx) => {
    const stopped = await tx.run(sql`
      update dispatches
         set state = 'cancelled', cancelled_at = ${now}
       where id = ${dispatchId} and state in ('accepted', 'sending', 'paused')`);
    if (stopped === 0) return null;
    await tx.run(sql`delete from tasks where dispatch_id = ${dispatchId}`);
    return tx.run(sql`
      update sends s
         set status = 'cancelled', reason = 'cancelled', due_at = null, updated_at = ${now}
        from generate_series(0, 255) as b(bucket)
       where s.bucket = b.bucket and s.dispatch_id = ${dispatchId} and s.status = 'pending'`);
  });
}

import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { v7 } from '../../lib/uuid.ts';
import { statesBefore } from '../plan/states.ts';

/** The log's category for what is wrong with an audience. Source: send.md 15. */
export const AUDIENCE_ERRORS = 'REST API connected audience errors';

export interface DispatchFailure {
  dispatchId: string;
  /** A word that stays the same: `audience_too_expensive`. */
  failure: string;
  /** Of the developer console's log. */
  category: string;
  now: Date;
}

/**
 * Ends a dispatch as a whole: it is `failed` and says why, what is pending is cancelled, and the log has an entry. Its tasks
 * find nothing left to do. False when it was over already.
 */
export async function failDispatch(db: Db, { dispatchId, failure, category, now }: DispatchFailure): Promise<boolean> {
  const failed = await db.run(sql`
    with failed as (
      update dispatches
         set state = 'failed', failure = ${failure}, finished_at = ${now}
       where id = ${dispatchId} and state = any(${statesBefore('failed')}::text[])
      returning id, workspace_id
    ), stopped as (
      update sends s
         set status = 'cancelled', reason = 'cancelled', due_at = null, updated_at = ${now}
        from failed, generate_series(0, 255) as b(bucket)
       where s.bucket = b.bucket and s.dispatch_id = failed.id and s.status = 'pending'
    )
    insert into activity_log (id, workspace_id, occurred_at, category, dispatch_id, record)
    select ${v7(now)}::uuid, workspace_id, ${now}::timestamptz, ${category}, id, ${JSON.stringify({ error: failure })}::json
      from failed`);
  return failed > 0;
}

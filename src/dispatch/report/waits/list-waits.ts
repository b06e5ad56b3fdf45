import { textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';

/** What all that is left of a dispatch waits for. */
export interface ListedWait {
  channel: null;
  /** One sentence. */
  why: string;
  /** When the first of it may go. */
  until: Date;
}

interface WaitRow extends Record<string, unknown> {
  dispatch_id: string;
  until: Date;
  reason: string | null;
  attempts: number;
}

/**
 * Finds the dispatches of a page of which nothing can be done before a later time, and why, by id. It looks at the pending
 * sends of one bucket of each: those whose turn is first.
 */
export async function findListedWaits(db: Db, ids: readonly string[], now: Date): Promise<Map<string, ListedWait>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<WaitRow>(sql`
    select w.dispatch_id, w.until, s.reason, s.attempts
      from (select dispatch_id, min(run_at) as until
              from tasks
             where dispatch_id = any(${textArray(ids)}::uuid[])
             group by dispatch_id
            having min(run_at) > ${now} and count(*) filter (where leased_until > ${now}) = 0) as w
     cross join lateral (
       select bucket from tasks where dispatch_id = w.dispatch_id and run_at = w.until order by id limit 1
     ) as t
     cross join lateral (
       select one.reason, one.attempts
         from generate_series(coalesce(t.bucket, 0), coalesce(t.bucket, 255)) as b(bucket)
        cross join lateral (
          select reason, attempts, due_at
            from sends
           where bucket = b.bucket and dispatch_id = w.dispatch_id and status = 'pending'
           order by due_at nulls first
           limit 1
        ) as one
        order by one.due_at nulls first
        limit 1
     ) as s`);
  return new Map(
    rows.map(({ dispatch_id: id, until, reason, attempts }) => [
      id,
      { channel: null, why: whyOf(reason, attempts), until },
    ]),
  );
}

function whyOf(reason: string | null, attempts: number): string {
  if (reason === 'quiet_hours') return 'held by quiet hours';
  return attempts > 0 ? 'waiting for another attempt' : 'waiting for the time of the next messages';
}

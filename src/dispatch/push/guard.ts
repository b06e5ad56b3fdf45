import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export const GUARD_WINDOW_MS = 600_000;
const AMBIGUOUS_CALLS = 100;
const AMBIGUOUS_SHARE = 0.2;

export interface AppCalls {
  appId: string;
  calls: number;
  ambiguous: number;
}

/**
 * True: so many of an app's tokens were called bad that our settings must be wrong, not the tokens. Pure.
 * Source: messaging-objects.md §1.11.
 */
export function guardTrips({ calls, ambiguous }: Pick<AppCalls, 'calls' | 'ambiguous'>): boolean {
  return ambiguous >= AMBIGUOUS_CALLS && ambiguous > AMBIGUOUS_SHARE * calls;
}

/** Adds calls to the counts of the current minute. */
export async function addCalls(tx: Db, counts: readonly AppCalls[], now: Date): Promise<void> {
  if (counts.length === 0) return;
  const given = JSON.stringify(counts.map(({ appId, ...rest }) => ({ app_id: appId, ...rest })));
  await tx.run(sql`
    insert into app_calls (app_id, minute, calls, ambiguous)
    select app_id, date_trunc('minute', ${now}::timestamptz), calls, ambiguous
      from json_to_recordset(${given}::json) as x(app_id text, calls integer, ambiguous integer)
     order by app_id
        on conflict (app_id, minute) do update
       set calls = app_calls.calls + excluded.calls, ambiguous = app_calls.ambiguous + excluded.ambiguous`);
}

/** The calls of the last ten minutes, of all processes. */
export async function recentCalls(db: Db, appIds: readonly string[], now: Date): Promise<AppCalls[]> {
  return db.query<AppCalls & Record<string, unknown>>(sql`
    select app_id as "appId", sum(calls) as calls, sum(ambiguous) as ambiguous
      from app_calls
     where app_id = any(${appIds}::text[]) and minute > ${new Date(now.getTime() - GUARD_WINDOW_MS)}
     group by app_id`);
}

/** Resets the counts of an app after the guard has tripped. */
export async function forgetCalls(tx: Db, appId: string): Promise<void> {
  await tx.run(sql`delete from app_calls where app_id = ${appId}`);
}

/** Deletes counts that are older than every window. */
export async function forgetOldCalls(db: Db, now: Date): Promise<void> {
  await db.run(sql`delete from app_calls where minute < ${new Date(now.getTime() - 6 * GUARD_WINDOW_MS)}`);
}

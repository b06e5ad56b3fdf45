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

/** The calls of one app with the same settings. */
export interface CallCounts extends AppCalls {
  /** Digest of the settings. */
  settings: string;
  accepted: number;
}

/** Adds calls to the counts of the current minute. */
export async function addCalls(tx: Db, counts: readonly CallCounts[], now: Date): Promise<void> {
  if (counts.length === 0) return;
  const given = JSON.stringify(counts.map(({ appId, ...rest }) => ({ app_id: appId, ...rest })));
  await tx.run(sql`
    insert into app_calls (app_id, settings, minute, calls, accepted, ambiguous)
    select app_id, settings, date_trunc('minute', ${now}::timestamptz), calls, accepted, ambiguous
      from json_to_recordset(${given}::json)
             as x(app_id text, settings text, calls integer, accepted integer, ambiguous integer)
     order by app_id, settings
        on conflict (app_id, settings, minute) do update
       set calls = app_calls.calls + excluded.calls, accepted = app_calls.accepted + excluded.accepted,
           ambiguous = app_calls.ambiguous + excluded.ambiguous`);
}

/** The calls of the last ten minutes, of all processes. */
export async function recentCalls(db: Db, appIds: readonly string[], now: Date): Promise<AppCalls[]> {
  return db.query<AppCalls & Record<string, unknown>>(sql`
    select app_id as "appId", sum(calls) as calls, sum(ambiguous) as ambiguous
      from app_calls
     where app_id = any(${appIds}::text[]) and minute > ${new Date(now.getTime() - GUARD_WINDOW_MS)}
     group by app_id`);
}

/** Settings of an app with which more calls were accepted than called a token bad. */
export interface ProvenSettings {
  appId: string;
  settings: string;
}

/**
 * The settings that have proven good around a suspicion which is ten minutes old: in the ten minutes before it and since.
 * A token that is called bad under other settings may be good, however few the calls are. Source: messaging-objects.md
 * §1.11.
 */
export async function provenSettings(db: Db, now: Date): Promise<ProvenSettings[]> {
  return db.query<ProvenSettings & Record<string, unknown>>(sql`
    select app_id as "appId", settings
      from app_calls
     where minute > ${new Date(now.getTime() - 2 * GUARD_WINDOW_MS)}
     group by app_id, settings
    having sum(accepted) > sum(ambiguous)`);
}

/** Resets the counts of an app after the guard has tripped. */
export async function forgetCalls(tx: Db, appId: string): Promise<void> {
  await tx.run(sql`delete from app_calls where app_id = ${appId}`);
}

/** Deletes counts that are older than every window. */
export async function forgetOldCalls(db: Db, now: Date): Promise<void> {
  await db.run(sql`delete from app_calls where minute < ${new Date(now.getTime() - 6 * GUARD_WINDOW_MS)}`);
}

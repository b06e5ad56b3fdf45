import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { isSqlstate } from '../db/sqlstates.ts';
import { RequestError } from '../errors.ts';

const MS_PER_100_000_PROFILES = 5_000;
/** The limit for few people, because a busy database may be slow for any query. */
const SHORTEST_MS = 5_000;
const LONGEST_MS = 2_000_000_000; // statement_timeout is a 32-bit number of milliseconds

/** The error's name in `failure`, in the log and in answers. */
export const TOO_EXPENSIVE = 'audience_too_expensive';

/** The database took longer than allowed for an audience. Nobody receives a message. Source: audience.md §2.2. */
export class AudienceTooExpensive extends Error {
  constructor(cause: unknown) {
    super(TOO_EXPENSIVE, { cause });
    this.name = 'AudienceTooExpensive';
  }
}

/** How long a statement over this many profiles may take: 5 s per 100,000, and at least 5 s. */
export function timeLimitMs(profiles: number): number {
  const proportional = Math.ceil((profiles / 100_000) * MS_PER_100_000_PROFILES);
  return Math.min(Math.max(proportional, SHORTEST_MS), LONGEST_MS);
}

/** The planner's estimate of the number of profiles in all workspaces. It is free, and right to a few per cent. */
export async function estimateProfiles(db: Db): Promise<number> {
  const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    sql`explain (format json) select from profiles`,
  );
  return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
}

/**
 * Runs `work` inside the transaction `tx`, each statement limited to `limitMs`. Afterwards there is no limit.
 * Throws AudienceTooExpensive when the time is up. The transaction can then only be rolled back.
 */
export async function limited<T>(tx: Db, limitMs: number, work: () => Promise<T>): Promise<T> {
  await tx.run(sql`select set_config('statement_timeout', ${String(limitMs)}, true)`);
  try {
    const result = await work();
    await tx.run(sql`select set_config('statement_timeout', '0', true)`);
    return result;
  } catch (error) {
    throw isTimeUp(error) ? new AudienceTooExpensive(error) : error;
  }
}

/** Runs `work` in its own transaction, with a time limit for this many profiles. Throws AudienceTooExpensive. */
export function withinTimeLimit<T>(db: Database, profiles: number, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction((tx) => limited(tx, timeLimitMs(profiles), () => work(tx)));
}

/** Runs `work` for an API request: throws RequestError `audience_too_expensive` instead of AudienceTooExpensive. */
export async function refusingExpensive<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AudienceTooExpensive)) throw error;
    throw new RequestError(TOO_EXPENSIVE, ['simplify its patterns, or describe fewer people']);
  }
}

/** Includes patterns that the database refuses: `readPattern` limits them, but some systems have lower limits. */
function isTimeUp(error: unknown): boolean {
  return isSqlstate(error, 'query_canceled', 'invalid_regular_expression');
}

import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { isSqlstate } from '../db/sqlstates.ts';
import { RequestError } from '../errors.ts';

const MS_PER_100_000_PROFILES = 5_000;
/** However few people there are: a busy database may be slow all by itself. */
const SHORTEST_MS = 5_000;
const LONGEST_MS = 2_000_000_000; // statement_timeout is a 32-bit number of milliseconds

/** The word for it in `failure`, in the log and in answers. */
export const TOO_EXPENSIVE = 'audience_too_expensive';

/** An audience that took the database longer than it may: nobody is sent to. Source: audience.md §2.2. */
export class AudienceTooExpensive extends Error {
  constructor(cause: unknown) {
    super(TOO_EXPENSIVE, { cause });
    this.name = 'AudienceTooExpensive';
  }
}

/** How long a statement may look at so many profiles: 5 s per 100,000, and never less than 5 s. */
export function timeLimitMs(profiles: number): number {
  const proportional = Math.ceil((profiles / 100_000) * MS_PER_100_000_PROFILES);
  return Math.min(Math.max(proportional, SHORTEST_MS), LONGEST_MS);
}

/** How many profiles of all workspaces are stored, as the planner sees it; free, and right to within a few per cent. */
export async function estimateProfiles(db: Db): Promise<number> {
  const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    sql`explain (format json) select from profiles`,
  );
  return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
}

/**
 * Runs `work` inside the transaction `tx` with its statements limited to `limitMs` each; afterwards there is no limit.
 * Throws AudienceTooExpensive when the time was up: the transaction is then good for nothing but to be rolled back.
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

/** `work` in a transaction of its own, limited by how many profiles it looks at. Throws AudienceTooExpensive. */
export function withinTimeLimit<T>(db: Database, profiles: number, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction((tx) => limited(tx, timeLimitMs(profiles), () => work(tx)));
}

/** For those who wait for an answer: throws RequestError `audience_too_expensive` in the place of AudienceTooExpensive. */
export async function refusingExpensive<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AudienceTooExpensive)) throw error;
    throw new RequestError(TOO_EXPENSIVE, ['simplify its patterns, or describe fewer people']);
  }
}

/** `readPattern` keeps out patterns that are too complex, but the database has lower limits on some systems. */
function isTimeUp(error: unknown): boolean {
  return isSqlstate(error, 'query_canceled', 'invalid_regular_expression');
}

import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { isSqlstate } from '../../../db/sqlstates.ts';
import type { Clock } from '../../../lib/clock.ts';
import { reasonIn, statusIn } from '../../ledger/status-now.ts';
import type { SendStatus } from '../../plan/states.ts';

/** The sends of one channel with one outcome, of dispatches that were accepted since midnight UTC. */
export interface TodayRow {
  channel: string;
  status: SendStatus;
  reason: string | null;
  count: number;
}

export interface Today {
  since: Date;
  /** When they were counted. null: there are too many to count in time. */
  countedAt: Date | null;
  rows: readonly TodayRow[];
}

/** How long a count may take, and the largest share of the time that counting takes while somebody looks. */
const LIMIT_MS = 3_000;
const SHARE = 0.05;
const NEWEST_MS = 2_000;

/** Counts what was sent today, at most now and then and one count at a time, so that watching costs little. */
export function createTodayCounter({
  db,
  clock,
}: {
  db: Database;
  clock: Clock;
}): (workspaceId: number) => Promise<Today> {
  const kept = new Map<number, { today: Promise<Today>; untilMs: number }>();
  return (workspaceId) => {
    const nowMs = clock.now().getTime();
    const known = kept.get(workspaceId);
    if (known !== undefined && nowMs < known.untilMs) return known.today;
    const startedAt = performance.now();
    const entry = { today: count(db, workspaceId, clock.now()), untilMs: Number.POSITIVE_INFINITY };
    kept.set(workspaceId, entry);
    const ended = () => {
      const tookMs = performance.now() - startedAt;
      entry.untilMs = clock.now().getTime() + Math.max(NEWEST_MS, tookMs / SHARE);
    };
    entry.today.then(ended, () => kept.delete(workspaceId));
    return entry.today;
  };
}

async function count(db: Database, workspaceId: number, now: Date): Promise<Today> {
  const since = new Date(now.getTime() - (now.getTime() % 86_400_000));
  try {
    const rows = await db.transaction(async (tx) => {
      await tx.run(sql`
        select set_config('statement_timeout', ${String(LIMIT_MS)}, true),
               set_config('max_parallel_workers_per_gather', '0', true)`);
      return tx.query<TodayRow & Record<string, unknown>>(sql`
        select channel, ${statusIn(sql`state`)} as status, ${reasonIn(sql`state`)} as reason, count(*) as count
          from dispatches d
          join sends s on s.dispatch_id = d.id
         where d.workspace_id = ${workspaceId} and d.accepted_at >= ${since} and d.id >= first_dispatch_id(${since})
               and s.dispatch_id >= first_dispatch_id(${since})
         group by 1, 2, 3
         order by 1, 2, 3`);
    });
    return { since, countedAt: now, rows };
  } catch (error) {
    if (!isSqlstate(error, 'query_canceled')) throw error;
    return { since, countedAt: null, rows: [] };
  }
}

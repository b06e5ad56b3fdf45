import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { isSqlstate } from '../../../db/sqlstates.ts';
import type { Clock } from '../../../lib/clock.ts';
import { reasonIn, statusIn } from '../../ledger/status-now.ts';
import { lanes } from '../../plan/send-plan.ts';
import type { SendStatus } from '../../plan/states.ts';
import { type CountedDispatch, type Counter, FEW, soon } from '../counts.ts';
import { corrected } from '../verdicts.ts';

const DAY_MS = 86_400_000;

/** The sends of one channel with one outcome, of dispatches that were accepted since midnight UTC. */
export interface TodayRow {
  channel: string;
  status: SendStatus;
  reason: string | null;
  count: number;
}

export interface Today {
  since: Date;
  /** When they were counted. null: there are too many to count in time, or they are being counted for the first time. */
  countedAt: Date | null;
  isCounting: boolean;
  rows: readonly TodayRow[];
}

/** How long a count may take, and the largest share of the time that counting takes while somebody looks. */
const LIMIT_MS = 3_000;
const SHARE = 0.01;
const NEWEST_MS = 2_000;

interface Kept {
  /** The count that is made, or was made last. */
  counting: Promise<Today>;
  untilMs: number;
  /** null: none of this day is made yet. */
  last: Today | null;
}

/**
 * Counts what was sent today, at most now and then and one count at a time, so that watching costs little. A count that takes
 * longer than a moment is made in the background; until then it answers the one before, or that it counts.
 */
export function createTodayCounter({
  db,
  clock,
  counter,
}: {
  db: Database;
  clock: Clock;
  counter: Counter;
}): (workspaceId: number) => Promise<Today> {
  const kept = new Map<number, Kept>();

  function begin(workspaceId: number, since: Date, before: Today | null): Kept {
    const startedAt = performance.now();
    const counting = count({ db, workspaceId, since, now: clock.now() }, counter);
    const last = before?.since.getTime() === since.getTime() ? before : null;
    const entry: Kept = { counting, untilMs: Number.POSITIVE_INFINITY, last };
    counting.then(
      (today) => {
        entry.last = today;
        entry.untilMs = clock.now().getTime() + Math.max(NEWEST_MS, (performance.now() - startedAt) / SHARE);
      },
      () => kept.delete(workspaceId),
    );
    return entry;
  }

  return async (workspaceId) => {
    const nowMs = clock.now().getTime();
    const since = new Date(nowMs - (nowMs % DAY_MS));
    const known = kept.get(workspaceId);
    const entry = known !== undefined && nowMs < known.untilMs ? known : begin(workspaceId, since, known?.last ?? null);
    kept.set(workspaceId, entry);
    const none = { since, countedAt: null, isCounting: true, rows: [] };
    return (await soon(entry.counting, clock)) ?? entry.last ?? none;
  };
}

interface Counting {
  db: Database;
  workspaceId: number;
  since: Date;
  now: Date;
}

/** Dispatches to many have counts of their own. The sends of all others are counted here. */
async function count(counting: Counting, counter: Counter): Promise<Today> {
  const { db, workspaceId, since, now } = counting;
  const large = await db.query<CountedDispatch & Record<string, unknown>>(sql`
    select id, state, lane, accepted_at, open_tasks, targeted, counts
      from dispatches
     where workspace_id = ${workspaceId} and accepted_at >= ${since} and id >= first_dispatch_id(${since})
           and lane = ${lanes.broadcast} and targeted > ${FEW}
     order by id`);
  try {
    const totals = new Totals(await countSmall(counting, large));
    for (const dispatch of large) {
      const { rows } = await counter(dispatch, 'any');
      totals.add(rows.map((row) => corrected(row, dispatch.state)));
    }
    return { since, countedAt: now, isCounting: false, rows: totals.rows() };
  } catch (error) {
    if (!isSqlstate(error, 'query_canceled')) throw error;
    return { since, countedAt: null, isCounting: false, rows: [] };
  }
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * In each bucket, the sends of a dispatch lie side by side, in the order of the dispatches' ids. So it reads what lies between
 * those of the large ones.
 */
function countSmall({ db, workspaceId, since }: Counting, large: readonly { id: string }[]): Promise<TodayRow[]> {
  const ids = large.map(({ id }) => id);
  return db.transaction(async (tx) => {
    await tx.run(sql`
      select set_config('statement_timeout', ${String(LIMIT_MS)}, true),
             set_config('max_parallel_workers_per_gather', '0', true)`);
    return tx.query<TodayRow & Record<string, unknown>>(sql`
      select s.channel, ${statusIn(sql`d.state`)} as status, ${reasonIn(sql`d.state`)} as reason, count(*) as count
        from generate_series(0, 255) as b(bucket)
       cross join unnest(${[FIRST_ID, ...ids]}::uuid[], ${[...ids, LAST_ID]}::uuid[]) as gap(after, before)
       cross join lateral (
         select dispatch_id, channel, sends.status, reason, devices
           from sends
          where sends.bucket = b.bucket and dispatch_id >= first_dispatch_id(${since})
                and dispatch_id > gap.after and dispatch_id < gap.before
       ) as s
        join dispatches d on d.id = s.dispatch_id
       where d.workspace_id = ${workspaceId} and d.accepted_at >= ${since} and d.id >= first_dispatch_id(${since})
       group by 1, 2, 3
       order by 1, 2, 3`);
  });
}

/** Adds up counts by channel, status and reason. */
class Totals {
  readonly #rows = new Map<string, TodayRow>();

  constructor(first: readonly TodayRow[]) {
    this.add(first);
  }

  add(rows: readonly TodayRow[]): void {
    for (const { channel, status, reason, count: many } of rows) {
      const key = JSON.stringify([channel, status, reason]);
      this.#rows.set(key, { channel, status, reason, count: (this.#rows.get(key)?.count ?? 0) + many });
    }
  }

  /** In order of channels, statuses and reasons. */
  rows(): TodayRow[] {
    return [...this.#rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
  }
}

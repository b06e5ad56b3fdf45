import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { Clock } from '../../../lib/clock.ts';
import { reasonNow, statusNow } from '../../ledger/status-now.ts';
import type { DispatchRow } from '../verdicts.ts';

/** People of a dispatch, each counted once, by the best of their channels. */
export interface PeopleCounts {
  /** A provider has a message for them. */
  reached: number;
  /** Pending, or being handed over. */
  waiting: number;
  /** Nobody knows whether the message went out. */
  unclear: number;
  failed: number;
  /** The rules, the template or a cancellation kept it back. Includes named people who were no recipients. */
  kept: number;
}

export interface CountedPeople extends PeopleCounts {
  countedAt: Date;
}

const families = ['reached', 'waiting', 'unclear', 'failed', 'kept'] as const;
/** A count is made anew after this time, or after ten times what it took. */
const NEWEST_MS = 1_000;
const SHARE = 0.1;
const MOST_KEPT = 200;

/** Counts at most one dispatch at a time, and keeps each count as long as it is worth its cost. */
export function createPeopleCounter({
  db,
  clock,
}: {
  db: Database;
  clock: Clock;
}): (dispatch: DispatchRow) => Promise<CountedPeople> {
  const kept = new Map<string, { counts: Promise<CountedPeople>; untilMs: number }>();
  let last: Promise<unknown> = Promise.resolve();
  return (dispatch) => {
    const key = `${dispatch.id} ${dispatch.state} ${dispatch.replays.length}`;
    const known = kept.get(key);
    if (known !== undefined && clock.now().getTime() < known.untilMs) return known.counts;
    const counting = last.then(() => count(db, dispatch, clock.now()));
    last = counting.catch(() => undefined);
    const entry = { counts: counting.then(({ counts }) => counts), untilMs: Number.POSITIVE_INFINITY };
    kept.delete(key);
    kept.set(key, entry);
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
    counting.then(
      ({ tookMs }) => {
        entry.untilMs = clock.now().getTime() + Math.max(NEWEST_MS, tookMs / SHARE);
      },
      () => kept.delete(key),
    );
    return entry.counts;
  };
}

/** One scan in the order of the key, where the rows of a person lie side by side. */
async function count(
  db: Database,
  { id, state, refusals }: DispatchRow,
  now: Date,
): Promise<{ counts: CountedPeople; tookMs: number }> {
  const startedAt = performance.now();
  const rows = await db.transaction(async (tx) => {
    await tx.run(sql`select set_config('max_parallel_workers_per_gather', '0', true)`);
    return tx.query<{ best: number; people: number }>(sql`
      select best, count(*) as people
        from (select min(case when status = 'sent' then 0
                              when status in ('pending', 'sending') then 1
                              when status = 'unknown' then 2
                              when status in ('failed', 'bounced', 'expired')
                                   or reason in ('render_error', 'payload_too_large') then 3
                              else 4 end) as best
                from (select sends.bucket, user_id, ${statusNow(state)} as status, ${reasonNow(state)} as reason
                        from generate_series(0, 255) as b(bucket)
                        join sends on sends.bucket = b.bucket and dispatch_id = ${id}) as s
               group by bucket, user_id) as people
       group by best`);
  });
  const of = (family: number) => rows.find(({ best }) => best === family)?.people ?? 0;
  const counts = Object.fromEntries(families.map((family, index) => [family, of(index)])) as Record<
    keyof PeopleCounts,
    number
  >;
  return {
    counts: { ...counts, kept: counts.kept + refusals.length, countedAt: now },
    tookMs: performance.now() - startedAt,
  };
}

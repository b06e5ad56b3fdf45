import type { Database } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { Clock } from '../../../lib/clock.ts';
import { reasonNow, statusNow } from '../../ledger/status-now.ts';
import { type DispatchState, isGivenUp } from '../../plan/states.ts';
import { type Counter, type CountRow, soon } from '../counts.ts';
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
/** A count is made anew after this time, or after fifty times what it took. */
const NEWEST_MS = 1_000;
const SHARE = 0.02;
const MOST_KEPT = 200;

interface PeopleCounterDeps {
  db: Database;
  clock: Clock;
  counter: Counter;
}

interface Kept {
  /** The count that is made, or was made last. */
  counting: Promise<CountedPeople | null>;
  untilMs: number;
  /** null: none is made yet. */
  last: CountedPeople | null;
}

/**
 * Counts at most one dispatch at a time, and keeps each count as long as it is worth its cost. A count that takes longer
 * than a moment is made in the background; until then it answers the one before, or null. A dispatch with one channel has
 * no counts of its own: its people are its sends.
 */
export function createPeopleCounter({
  db,
  clock,
  counter,
}: PeopleCounterDeps): (dispatch: DispatchRow) => Promise<CountedPeople | null> {
  const kept = new Map<string, Kept>();
  let last: Promise<unknown> = Promise.resolve();

  function begin(dispatch: DispatchRow, before: CountedPeople | null): Kept {
    const startedAt = performance.now();
    const counting = last.then(() => count(db, dispatch, clock.now()));
    last = counting.catch(() => undefined);
    const entry: Kept = { counting, untilMs: Number.POSITIVE_INFINITY, last: before };
    counting.then(
      (counts) => {
        entry.last = counts;
        const tookMs = performance.now() - startedAt;
        entry.untilMs = clock.now().getTime() + Math.max(NEWEST_MS, tookMs / SHARE);
      },
      () => {
        entry.untilMs = 0;
      },
    );
    return entry;
  }

  return async (dispatch) => {
    const { rows, countedAt } = await counter(dispatch, 'little');
    if (rows.length === 0 && countedAt !== null) return null;
    const [channel] = rows;
    if (rows.every((row) => row.channel === channel?.channel))
      return { ...peopleOf(rows, dispatch), countedAt: countedAt ?? clock.now() };
    const key = `${dispatch.id} ${dispatch.state} ${dispatch.replays.length}`;
    const known = kept.get(key);
    const isFresh = known !== undefined && clock.now().getTime() < known.untilMs;
    const entry = isFresh ? known : begin(dispatch, known?.last ?? null);
    kept.delete(key);
    kept.set(key, entry);
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
    return (await soon(entry.counting, clock)) ?? entry.last;
  };
}

/** The people of a dispatch with one channel, by the outcomes of their sends. */
function peopleOf(rows: readonly CountRow[], { refusals, state }: DispatchRow): PeopleCounts {
  const counts = { reached: 0, waiting: 0, unclear: 0, failed: 0, kept: refusals.length };
  for (const row of rows) counts[familyOf(row, state)] += row.count;
  return counts;
}

/** Counts may be older than the moment when the dispatch was given up. */
function familyOf({ status, reason }: CountRow, state: DispatchState): keyof PeopleCounts {
  if (status === 'sent') return 'reached';
  if (status === 'pending' || status === 'sending')
    return isGivenUp(state) && status === 'pending' ? 'kept' : 'waiting';
  if (status === 'unknown') return 'unclear';
  const isFailure = status === 'failed' || status === 'bounced' || status === 'expired';
  return isFailure || reason === 'render_error' || reason === 'payload_too_large' ? 'failed' : 'kept';
}

/** One scan in the order of the key, where the rows of a person lie side by side. */
async function count(db: Database, { id, state, refusals }: DispatchRow, now: Date): Promise<CountedPeople> {
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
  return { ...counts, kept: counts.kept + refusals.length, countedAt: now };
}

import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { troubleOf } from '../../db/trouble.ts';
import type { Clock } from '../../lib/clock.ts';
import { keepCounts } from '../ledger/dispatches/dispatches.ts';
import { reasonNow, statusNow } from '../ledger/status-now.ts';
import { lanes } from '../plan/send-plan.ts';
import type { DispatchState, SendStatus } from '../plan/states.ts';

/** The number of a dispatch's sends on one channel that have one outcome. */
export interface CountRow {
  channel: string;
  status: SendStatus;
  reason: string | null;
  count: number;
  attempts: number;
  attempts_failed: number;
  /** Calls that have not ended yet. */
  attempts_in_flight: number;
  /** Pending sends: when the first and the last of them are due. Absent or null: at once, or they are over. */
  first_due?: Date | string | null;
  last_due?: Date | string | null;
}

/** Counts as stored with the dispatch, in its column `counts`. */
export interface StoredCounts {
  rows: CountRow[];
  at: string;
  tookMs: number;
  isFinal: boolean;
}

export interface Counts {
  rows: CountRow[];
  /** When the sends were counted. null: just now. */
  countedAt: Date | null;
}

export interface CountedDispatch {
  id: string;
  state: DispatchState;
  lane: number;
  accepted_at: Date;
  open_tasks: number;
  targeted: number | null;
  counts: StoredCounts | null;
}

/**
 * How long to wait for a count. `exact`: of a dispatch that is over, for exact counts; of one that runs, a moment. `little`: a
 * moment in either case. `any`: until there are counts, which may be those of before. Who does not wait may get none: no rows,
 * and the time of the acceptance.
 */
export type Patience = 'exact' | 'little' | 'any';

export type Counter = (dispatch: CountedDispatch, patience?: Patience) => Promise<Counts>;

/** An audience of up to this many people is counted at every request, because that is quick. */
export const FEW = 20_000;
/** Largest share of the time that counting takes while somebody asks. It keeps a processor from what is sent. */
const SHARE = 0.02;
const NEWEST_MS = 1_000;
const PATIENCE_MS = 50;

/**
 * Counts the sends of a dispatch by outcome. The counts of a large running dispatch may be some seconds old, and say
 * so. They are renewed in the background, one count at a time. The counts of a dispatch that is over are exact and
 * stored. (Counting a million rows takes half a second. Adding every change to a table of sums was tried instead: it
 * made every change of a send cost 1.5 times as much.)
 */
export function createCounter({ db, clock }: { db: Database; clock: Clock }): Counter {
  const running = new Map<string, Promise<StoredCounts>>();

  function recount(dispatch: CountedDispatch, isFinal: boolean): Promise<StoredCounts> {
    // A count that was begun while the dispatch ran is not exact.
    const key = `${dispatch.id} ${isFinal}`;
    const known = running.get(key);
    if (known !== undefined) return known;
    const counting = countAndKeep(db, dispatch, { isFinal, now: clock.now() }).finally(() => running.delete(key));
    running.set(key, counting);
    return counting;
  }

  return async (dispatch, patience = 'exact') => {
    if (dispatch.lane === lanes.named || (dispatch.targeted ?? 0) <= FEW)
      return { rows: await countSends(db, dispatch), countedAt: null };
    const kept = dispatch.counts;
    const isOver = dispatch.open_tasks === 0 && dispatch.state !== 'paused';
    if (isOver && kept?.isFinal) return exactly(kept);
    if (!isOver && kept !== null && isFresh(kept, clock.now())) return asOf(kept);
    const counting = recount(dispatch, isOver);
    const waits = patience === 'any' ? isOver || kept === null : isOver && patience === 'exact';
    const counted = await (waits ? counting : soon(counting, clock));
    if (counted?.isFinal) return exactly(counted);
    return asOf(counted ?? kept ?? { rows: [], at: dispatch.accepted_at.toISOString() });
  };
}

function exactly({ rows }: StoredCounts): Counts {
  return { rows, countedAt: null };
}

function asOf({ rows, at }: Pick<StoredCounts, 'rows' | 'at'>): Counts {
  return { rows, countedAt: new Date(at) };
}

/** Whether counts are not made anew yet, as they cost too much for their age. */
export function isFresh({ at, tookMs }: Pick<StoredCounts, 'at' | 'tookMs'>, now: Date): boolean {
  return now.getTime() - Date.parse(at) < Math.max(NEWEST_MS, tookMs / SHARE);
}

/** The counts, if they are there after a short wait. null: they are not. */
export function soon<T>(counting: Promise<T>, clock: Clock): Promise<T | null> {
  const patience = new Promise<null>((over) => clock.after(PATIENCE_MS, () => over(null)));
  return Promise.race([counting, patience]);
}

async function countAndKeep(
  db: Database,
  dispatch: CountedDispatch,
  { isFinal, now }: { isFinal: boolean; now: Date },
): Promise<StoredCounts> {
  const start = performance.now();
  const rows = await db.transaction(async (tx) => {
    // Runs beside delivery, so it must not use every processor.
    if (!isFinal) await tx.run(sql`select set_config('max_parallel_workers_per_gather', '0', true)`);
    return countSends(tx, dispatch);
  });
  const counts = { rows, at: now.toISOString(), tookMs: Math.round(performance.now() - start), isFinal };
  // They are kept to save time. A database that refuses writes still lets everybody read.
  await keepCounts(db, dispatch, counts).catch((error: unknown) => {
    if (troubleOf(error) === null) throw error;
  });
  return counts;
}

function countSends(db: Db, { id, state }: Pick<CountedDispatch, 'id' | 'state'>): Promise<CountRow[]> {
  return db.query<CountRow & Record<string, unknown>>(sql`
    select s.channel, s.status, s.reason, count(*) as count, sum(s.attempts) as attempts,
           count(*) filter (where s.status = 'sending') as attempts_in_flight,
           sum(greatest(s.attempts - accepted_devices(s.status, s.devices) - (s.status = 'sending')::integer, 0))
             as attempts_failed,
           min(s.due_at) filter (where s.status = 'pending') as first_due,
           max(s.due_at) filter (where s.status = 'pending') as last_due
      from (select channel, attempts, devices, due_at, ${statusNow(state)} as status, ${reasonNow(state)} as reason
              from generate_series(0, 255) as b(bucket)
              join sends on sends.bucket = b.bucket and dispatch_id = ${id}) as s
     group by s.channel, s.status, s.reason
     order by s.channel, s.status, s.reason`);
}

import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { type TroubleKind, troubleOf } from '../../db/trouble.ts';
import {
  type Charge,
  type CountedWindow,
  chargesOf,
  countWindows,
  type RateWindow,
  tally,
} from '../../dispatch/accept/rate-windows.ts';
import { RequestError } from '../../errors.ts';
import { createBatcher } from '../../lib/batcher.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RateBucket } from '../route.ts';

export interface RateLimiter {
  /** The window of a request that comes now. */
  windowOf(workspaceId: number, bucket: RateBucket): RateWindow;
  charge(window: RateWindow): Promise<Charge>;
  /** Remembers that a request of this window was refused. */
  noteUsedUp(window: RateWindow): void;
  /** Whether the next request of this window will be refused, too. */
  isUsedUp(window: RateWindow): boolean;
}

/**
 * Counts requests per workspace and bucket in fixed windows, exactly and across all processes.
 * Requests that arrive while a statement counts are counted together by the next one.
 * A refused request uses nothing up. While the database answers but refuses writes, each process counts by itself, so that
 * requests that only read are answered.
 */
export function createRateLimiter({ db, clock }: { db: Database; clock: Clock }): RateLimiter {
  const local = new LocalCounts();
  const submit = createBatcher<RateWindow, Charge>({
    async run(windows) {
      const nowMs = clock.now().getTime();
      try {
        return await count(db, windows, nowMs);
      } catch (error) {
        if (!refusesOnlyWrites(error)) throw error;
        return local.count(windows, nowMs);
      }
    },
    maxItems: 1_000,
    maxWaiting: 20_000,
    whenFull: () => new RequestError('unavailable', ['too many requests are waiting; try again'], 1),
  });
  const usedUp = new BoundedCache<string, RateWindow>({ mostBytes: MOST_USED_UP });
  return {
    windowOf(workspaceId, { name, apart, limit, windowMs }) {
      const now = clock.now().getTime();
      const startedAt = now - (now % windowMs);
      const bucket = apart === undefined ? name : `${name} ${apart}`;
      return { workspaceId, bucket, startedAt, endsAt: startedAt + windowMs, limit };
    },
    charge: submit,
    noteUsedUp(window) {
      usedUp.set(keyOf(window), window, 1);
    },
    isUsedUp(window) {
      const known = usedUp.get(keyOf(window));
      return known !== undefined && known.startedAt === window.startedAt && known.limit >= window.limit;
    },
  };
}

/** Most used-up windows that are remembered. */
const MOST_USED_UP = 1_000;

function keyOf({ workspaceId, bucket }: RateWindow): string {
  return `${workspaceId}/${bucket}`;
}

async function count(db: Database, windows: RateWindow[], now: number): Promise<Charge[]> {
  const asked = tally(windows);
  // The commit does not wait for the disk, because a count is not worth the time: if the database crashes within a second,
  // its windows may allow as many requests again.
  const counted = await db.prepared<CountedWindow & Record<string, unknown>>(
    'count_rate_windows',
    sql`
    with counted as (${countWindows(asked)})
    select counted.*, set_config('synchronous_commit', 'off', true) from counted`,
  );
  return chargesOf(asked, counted, now);
}

/** What counts requests in the memory of this process. */
class LocalCounts {
  #used = new Map<string, { endsAt: number; used: number }>();

  count(windows: readonly RateWindow[], nowMs: number): Charge[] {
    this.#used = new Map([...this.#used].filter(([, { endsAt }]) => endsAt > nowMs));
    const asked = tally(windows);
    const rows = asked.counts.map(({ window, asked: more }): CountedWindow => {
      const key = `${window.workspaceId}/${window.bucket}/${window.startedAt}`;
      const prior = this.#used.get(key)?.used ?? 0;
      this.#used.set(key, { endsAt: window.endsAt, used: Math.max(prior, Math.min(window.limit, prior + more)) });
      const { workspaceId, bucket, startedAt } = window;
      return { workspace_id: workspaceId, bucket, started_at: new Date(startedAt), prior };
    });
    return chargesOf(asked, rows, nowMs);
  }
}

const readable = new Set<TroubleKind>(['read_only', 'disk_full', 'out_of_memory', 'short_of_resources', 'io_error']);

function refusesOnlyWrites(error: unknown): boolean {
  const trouble = troubleOf(error);
  return trouble !== null && readable.has(trouble.kind);
}

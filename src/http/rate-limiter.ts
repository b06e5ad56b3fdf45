import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import { createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import type { RateBucket } from './route.ts';

/** What is left of a window after one request. `resetAt` is its end, in Unix seconds. */
export interface Charge {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetAt: number;
  /** Seconds until then, at least one. */
  resetsInS: number;
}

export interface RateLimiter {
  charge(workspaceId: number, bucket: RateBucket): Promise<Charge>;
}

interface Item {
  workspaceId: number;
  bucket: RateBucket;
  startedAt: number;
}

/**
 * Counts requests per workspace and bucket in fixed windows, exactly, across all processes: the database's row is the
 * only counter. Requests that arrive while a count is under way are counted together in the next statement.
 * A refused request does not consume.
 */
export function createRateLimiter({ db, clock }: { db: Database; clock: Clock }): RateLimiter {
  const submit = createBatcher<Item, Charge>({
    run: (items) => count(db, items, clock.now().getTime()),
    maxItems: 1_000,
    maxWaiting: 20_000,
    whenFull: () => new RequestError('unavailable', ['too many requests are waiting; try again'], 1),
  });
  return {
    charge(workspaceId, bucket) {
      const now = clock.now().getTime();
      return submit({ workspaceId, bucket, startedAt: now - (now % bucket.windowMs) });
    },
  };
}

async function count(db: Database, items: Item[], now: number): Promise<Charge[]> {
  const windows = new Map<string, { item: Item; asked: number; prior: number }>();
  for (const item of items) {
    const window = windows.get(windowKey(item));
    if (window) window.asked += 1;
    else windows.set(windowKey(item), { item, asked: 1, prior: 0 });
  }
  // In key order, so that two processes cannot wait for each other.
  const ordered = [...windows].sort(([one], [other]) => (one < other ? -1 : 1));
  const asked = ordered.map(([, { item, asked }]) => ({
    workspace_id: item.workspaceId,
    bucket: item.bucket.name,
    started_at: new Date(item.startedAt).toISOString(),
    asked,
    most: item.bucket.limit,
  }));
  const rows = await db.prepared<{ workspace_id: number; bucket: string; started_at: Date; prior: number }>(
    'charge_rate_windows',
    sql`
    insert into rate_windows as w (workspace_id, bucket, started_at, most, prior, used)
    select workspace_id, bucket, started_at, most, 0, least(asked, most)
      from json_to_recordset(${JSON.stringify(asked)}::json)
        as x(workspace_id integer, bucket text, started_at timestamptz, asked bigint, most bigint)
     order by workspace_id, bucket, started_at
        on conflict (workspace_id, bucket, started_at) do update
       set most = excluded.most, prior = w.used, used = greatest(w.used, least(excluded.most, w.used + excluded.used))
    returning workspace_id, bucket, started_at, prior`,
  );
  for (const row of rows) {
    const window = windows.get(
      windowKey({ workspaceId: row.workspace_id, bucket: { name: row.bucket }, startedAt: row.started_at.getTime() }),
    );
    if (window) window.prior = row.prior;
  }
  return items.map((item) => take(item, windows.get(windowKey(item)), now));
}

function windowKey(item: { workspaceId: number; bucket: { name: string }; startedAt: number }): string {
  return `${item.workspaceId}/${item.bucket.name}/${item.startedAt}`;
}

function take(item: Item, window: { prior: number } | undefined, now: number): Charge {
  if (window === undefined) throw new Error('a rate window was not counted');
  const { limit, windowMs } = item.bucket;
  const allowed = window.prior < limit;
  if (allowed) window.prior += 1;
  const ends = item.startedAt + windowMs;
  return {
    allowed,
    limit,
    remaining: Math.max(0, limit - window.prior),
    resetAt: ends / 1000,
    resetsInS: Math.max(1, Math.ceil((ends - now) / 1000)),
  };
}

import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

/** Requests of one workspace that are counted together until the window ends. Instants are Unix milliseconds. */
export interface RateWindow {
  workspaceId: number;
  bucket: string;
  startedAt: number;
  endsAt: number;
  /** Most requests in the window, as configured now. */
  limit: number;
}

/** The state of a window after one request. `resetAt`: the end of the window, in Unix seconds. */
export interface Charge {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetAt: number;
  /** Seconds until `resetAt`, at least 1. */
  resetsInS: number;
}

interface WindowCount {
  window: RateWindow;
  asked: number;
}

/** Requests that one statement counts: each window once, and the ordinal of each request within its window. */
export interface Tally {
  counts: readonly WindowCount[];
  /** One element for each request, in order. The first request of a window has `place` 1. */
  places: readonly { window: RateWindow; place: number }[];
}

/** A row that `countWindows` returns. */
export interface CountedWindow {
  workspace_id: number;
  bucket: string;
  started_at: Date | string;
  prior: number;
}

export function tally(windows: readonly RateWindow[]): Tally {
  const counts = new Map<string, WindowCount>();
  const places = windows.map((window) => {
    const key = keyOf(window);
    const count = counts.get(key) ?? { window, asked: 0 };
    counts.set(key, count);
    count.asked += 1;
    // The window that is counted, because its limit may have changed between two requests.
    return { window: count.window, place: count.asked };
  });
  // Sorted by key, so that two processes cannot deadlock.
  const ordered = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  return { counts: ordered.map(([, count]) => count), places };
}

/**
 * Fragment: counts requests and returns each window with `prior`, the number used before them. A request is allowed if
 * its `place` is at most `most - prior`. The others are refused and use nothing. The row is the only counter, so the
 * count is exact across all processes.
 */
export function countWindows({ counts }: Tally): Sql {
  const asked = counts.map(({ window, asked }) => ({
    workspace_id: window.workspaceId,
    bucket: window.bucket,
    started_at: new Date(window.startedAt).toISOString(),
    asked,
    most: window.limit,
  }));
  return sql`
    insert into rate_windows as w (workspace_id, bucket, started_at, most, prior, used)
    select workspace_id, bucket, started_at, most, 0, least(asked, most)
      from json_to_recordset(${JSON.stringify(asked)}::json)
        as x(workspace_id integer, bucket text, started_at timestamptz, asked bigint, most bigint)
     order by workspace_id, bucket, started_at
        on conflict (workspace_id, bucket, started_at) do update
       set most = excluded.most, prior = w.used, used = greatest(w.used, least(excluded.most, w.used + excluded.used))
    returning workspace_id, bucket, started_at, most, prior`;
}

/** Deletes windows that began before an instant. */
export async function forgetWindows(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from rate_windows where started_at < ${before}`);
}

/** The charge of each request, in order. */
export function chargesOf({ places }: Tally, counted: readonly CountedWindow[], now: number): Charge[] {
  const priors = new Map(
    counted.map((row) => [
      keyOf({ workspaceId: row.workspace_id, bucket: row.bucket, startedAt: new Date(row.started_at).getTime() }),
      row.prior,
    ]),
  );
  return places.map(({ window, place }) => {
    const prior = priors.get(keyOf(window));
    if (prior === undefined) throw new Error('a rate window was not counted');
    return chargeOf(window, prior + place, now);
  });
}

function chargeOf({ limit, endsAt }: RateWindow, used: number, now: number): Charge {
  return {
    allowed: used <= limit,
    limit,
    remaining: Math.max(0, limit - used),
    resetAt: endsAt / 1000,
    resetsInS: Math.max(1, Math.ceil((endsAt - now) / 1000)),
  };
}

function keyOf({ workspaceId, bucket, startedAt }: Pick<RateWindow, 'workspaceId' | 'bucket' | 'startedAt'>): string {
  return `${workspaceId}/${bucket}/${startedAt}`;
}

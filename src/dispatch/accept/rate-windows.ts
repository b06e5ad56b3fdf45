import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

/** Requests of one workspace that are counted together until the window ends. Instants are Unix milliseconds. */
export interface RateWindow {
  workspaceId: number;
  bucket: string;
  startedAt: number;
  endsAt: number;
  /** Most requests, as it stands now. */
  limit: number;
}

/** What is left of a window after one request. `resetAt` is its end, in Unix seconds. */
export interface Charge {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetAt: number;
  /** Seconds until then, at least one. */
  resetsInS: number;
}

interface WindowCount {
  window: RateWindow;
  asked: number;
}

/** Requests that are counted in one statement: each window once, and the place of each request among those of its own. */
export interface Tally {
  counts: readonly WindowCount[];
  /** By index of the request; the first of a window has place 1. */
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
    // The window as counted: its limit may have been changed between two requests.
    return { window: count.window, place: count.asked };
  });
  // In key order, so that two processes cannot wait for each other.
  const ordered = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  return { counts: ordered.map(([, count]) => count), places };
}

/**
 * Counts requests; returns each window with `prior`, what was used before these. Of them those are allowed whose place is
 * at most `most - prior`; the others are refused and consume nothing. The row is the only counter, so this is exact
 * across all processes.
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

/** Windows that began before an instant and are over. */
export async function forgetWindows(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from rate_windows where started_at < ${before}`);
}

/** What each request is told, by its index. */
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

import type { ChannelKey } from '../../../channels/channel.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { grantStarts, type Pace } from '../../plan/pace.ts';

/** What becomes of the first part of a channel. */
export const canaryStates = ['running', 'passed', 'stopped'] as const;
export type CanaryState = 'none' | (typeof canaryStates)[number];

/** Messages of one channel of a dispatch that are to be begun. */
export interface WantedStarts {
  dispatchId: string;
  channel: ChannelKey;
  count: number;
  /** The buckets of their people. */
  buckets: readonly number[];
  /** null: they may be begun at any pace. */
  pace: Pace | null;
  /** Most messages while the canary is watched. null: there is none. */
  canaryMost: number | null;
}

export interface GrantedStarts {
  granted: number;
  /** Time that each takes of the pace, in milliseconds. */
  intervalMs: number;
  /** When to ask for the rest. null: all was granted. */
  again: Date | null;
  /** The canary has had its messages, so that the rest waits until it is judged. */
  waitsForCanary: boolean;
}

interface Row extends Record<string, unknown> {
  beganMs: number;
  nextMs: number;
  lineMs: number;
  started: number;
  canary: CanaryState;
}

/** Takes what may be begun now, across all processes. The row is locked meanwhile. */
export function takeStarts(db: Db & Transacting, wanted: WantedStarts, now: Date): Promise<GrantedStarts> {
  const { dispatchId, channel, count, buckets, pace, canaryMost } = wanted;
  const nowMs = now.getTime();
  return db.transaction(async (tx) => {
    await tx.run(sql`
      insert into dispatch_starts (dispatch_id, channel, began_at, next_ms, line_ms, last_at, canary)
      values (${dispatchId}, ${channel}, ${now}, ${nowMs}, ${nowMs}, ${now}, ${canaryMost === null ? 'none' : 'running'})
          on conflict do nothing`);
    const row = await tx.one<Row>(sql`
      select extract(epoch from began_at)::double precision * 1000 as "beganMs", next_ms as "nextMs", line_ms as "lineMs",
             started, canary
        from dispatch_starts
       where dispatch_id = ${dispatchId} and channel = ${channel}
         for update`);
    const isWatched = row.canary === 'running' && canaryMost !== null;
    const left = isWatched ? Math.max(0, canaryMost - row.started) : count;
    const asked = Math.min(count, left);
    const free = { granted: asked, intervalMs: 0, nextMs: nowMs, lineMs: row.lineMs, againMs: null };
    const { granted, intervalMs, nextMs, lineMs, againMs } =
      pace === null ? free : grantStarts(row, pace, asked, nowMs);
    await tx.run(sql`
      update dispatch_starts
         set next_ms = ${nextMs}, line_ms = ${lineMs}, started = started + ${granted},
             last_at = case when ${granted} > 0 then ${now}::timestamptz else last_at end,
             buckets = case when ${isWatched && granted > 0}
                            then array(select distinct unnest(buckets || ${buckets}::integer[]) order by 1) else buckets end
       where dispatch_id = ${dispatchId} and channel = ${channel}`);
    const waitsForCanary = isWatched && left < count;
    return { granted, intervalMs, again: againMs === null ? null : new Date(Math.ceil(againMs)), waitsForCanary };
  });
}

interface Transacting {
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
}

/** Gives back what was granted and not begun. */
export async function giveBackStarts(
  db: Db,
  { dispatchId, channel }: Pick<WantedStarts, 'dispatchId' | 'channel'>,
  { count, intervalMs }: { count: number; intervalMs: number },
): Promise<void> {
  await db.run(sql`
    update dispatch_starts
       set started = greatest(started - ${count}, 0), next_ms = next_ms - ${count * intervalMs}::double precision
     where dispatch_id = ${dispatchId} and channel = ${channel}`);
}

/** What became of the messages of a channel that were begun while its canary was watched. */
export interface CanaryCounts {
  channel: ChannelKey;
  begun: number;
  /** Being sent, so that nothing is known of them. */
  open: number;
  bounced: number;
  failed: number;
  /** They failed, and are to be tried again. */
  retrying: number;
  complained: number;
}

export interface WatchedCanary {
  /** When the last message was begun. */
  lastAt: Date;
  counts: CanaryCounts[];
}

/**
 * Reads what became of the first part of a dispatch: only buckets in which a message was begun. null: there is nothing to
 * judge, or another worker has just looked.
 */
export async function lookAtCanary(
  db: Db,
  dispatchId: string,
  { now, everyMs }: { now: Date; everyMs: number },
): Promise<WatchedCanary | null> {
  const rows = await db.query<{ buckets: number[]; last_at: Date }>(sql`
    update dispatch_starts
       set canary_looked_at = ${now}
     where dispatch_id = ${dispatchId} and canary = 'running'
       and (canary_looked_at is null or canary_looked_at <= ${new Date(now.getTime() - everyMs)})
    returning buckets, last_at`);
  if (rows.length === 0) return null;
  const buckets = [...new Set(rows.flatMap((row) => row.buckets))];
  const lastAt = new Date(Math.max(...rows.map(({ last_at }) => last_at.getTime())));
  const counts = await db.query<CanaryCounts & Record<string, unknown>>(sql`
    select s.channel, count(*) as begun, count(*) filter (where s.status = 'sending') as open,
           count(*) filter (where s.status = 'bounced' or f.bounced_at is not null) as bounced,
           count(*) filter (where s.status in ('failed', 'unknown')
                               or (f.failed_at is not null and f.bounced_at is null)) as failed,
           count(*) filter (where s.status = 'pending') as retrying,
           count(*) filter (where f.complained_at is not null) as complained
      from unnest(${buckets}::integer[]) as b(bucket)
     cross join lateral (
       select * from sends where bucket = b.bucket and dispatch_id = ${dispatchId} and attempts > 0
     ) as s
      left join send_feedback f
        on f.bucket = s.bucket and f.dispatch_id = s.dispatch_id and f.user_id = s.user_id and f.channel = s.channel
     group by s.channel`);
  return { lastAt, counts };
}

/** Ends the watch of a canary: the rest may go out, now or once the dispatch is resumed. */
export async function endCanary(
  tx: Db,
  {
    dispatchId,
    channels,
    state,
    now,
  }: { dispatchId: string; channels: readonly ChannelKey[]; state: CanaryState; now: Date },
): Promise<void> {
  await tx.run(sql`
    insert into dispatch_starts (dispatch_id, channel, began_at, next_ms, line_ms, last_at, canary)
    select ${dispatchId}, channel, ${now}, ${now.getTime()}, ${now.getTime()}, ${now}, ${state}
      from unnest(${channels}::text[]) as c(channel)
        on conflict (dispatch_id, channel) do update set canary = excluded.canary`);
}

/** The canary of each channel of a dispatch. Empty: it has none, or nothing was begun. */
export function canariesOf(
  db: Db,
  dispatchId: string,
): Promise<{ channel: ChannelKey; canary: CanaryState; started: number }[]> {
  return db.query(sql`
    select channel, canary, started
      from dispatch_starts
     where dispatch_id = ${dispatchId} and canary <> 'none'
     order by channel`);
}

/** A channel of a dispatch with a pace, as far as its messages were begun. Times in milliseconds since 1970. */
export interface PacedChannel {
  channel: ChannelKey;
  beganMs: number;
  /** When the next message may be begun. */
  nextMs: number;
  pace: Pace;
}

/** Empty: the dispatch has no pace, or has begun nothing. */
export function pacedChannels(db: Db, dispatchId: string): Promise<PacedChannel[]> {
  return db.query<PacedChannel & Record<string, unknown>>(sql`
    select s.channel, extract(epoch from s.began_at)::double precision * 1000 as "beganMs", s.next_ms as "nextMs",
           d.request -> 'pace' as pace
      from dispatch_starts s
      join dispatches d on d.id = s.dispatch_id
     where s.dispatch_id = ${dispatchId} and d.request -> 'pace' is not null`);
}

/** Deletes the rows of dispatches that began nothing since `before`. */
export async function forgetStarts(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from dispatch_starts where last_at < ${before}`);
}

import { type ProviderKind, type ProviderOf, providerKinds } from '../../channels/providers.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { App, SubscriptionGroup } from '../../workspace/catalog.ts';

/** How often a provider may be called. All accounts whose quotas have the same key share it. */
export interface Quota {
  key: string;
  perMinute: number;
}

/** Unused calls of this time may be made up for, in milliseconds. */
const CATCH_UP_MS = 1_000;
/** A reservation further ahead than this came from a wrong clock and is forgotten. Milliseconds. */
const TOO_FAR_MS = 10_000;

/** The quota of an app. null: none is known. Apps with different numbers do not share one. */
export function quotaOf({ id, provider }: App): Quota | null {
  return provider === undefined ? null : quotaOfProvider(provider, `app ${id}`);
}

/** The same for the account of a subscription group. */
export function quotaOfGroup({ id, provider }: Pick<SubscriptionGroup, 'id' | 'provider'>): Quota | null {
  return provider === undefined ? null : quotaOfProvider(provider, `group ${id}`);
}

function quotaOfProvider<K extends ProviderKind>({ kind, settings }: ProviderOf<K>, owner: string): Quota | null {
  const { callsPerMinute, countedBy } = providerKinds[kind];
  const perMinute = settings.calls_per_minute ?? callsPerMinute;
  if (perMinute === null) return null;
  return { key: `${kind} ${countedBy?.(settings) ?? owner} ${perMinute}/min`, perMinute };
}

export interface Wanted {
  quota: Quota;
  calls: number;
  nowMs: number;
  /** How far ahead of now the first call may be, in milliseconds. */
  reachMs: number;
}

/**
 * Calls that nobody else may make, one interval after the other. 0 calls: the next is free at `beginsMs`, too far
 * ahead.
 */
export interface Reservation {
  beginsMs: number;
  calls: number;
}

/** When a call may be made that nobody has reserved, in milliseconds since 1970. */
export function nextFreeMs({ beginsMs, calls }: Reservation, intervalMs: number): number {
  return beginsMs + calls * intervalMs;
}

/** Whether a free call is so far ahead that a wrong clock reserved those before it. */
export function isTooFar(freeMs: number, quota: Quota, nowMs: number): boolean {
  return freeMs > nowMs + TOO_FAR_MS + 3 * intervalMsOf(quota);
}

export function intervalMsOf({ perMinute }: Quota): number {
  return 60_000 / perMinute;
}

/** Reserves the next calls of a quota, across all processes: all that are wanted, or none. */
export async function reserveCalls(db: Db, { quota, calls, nowMs, reachMs }: Wanted): Promise<Reservation> {
  const intervalMs = intervalMsOf(quota);
  const earliestMs = nowMs - Math.ceil(Math.max(0, CATCH_UP_MS - intervalMs));
  const farthestMs = nowMs + TOO_FAR_MS + 3 * intervalMs;
  const free = sql`q.begins_ms + q.calls * ${intervalMs}::double precision`;
  const begins = sql`greatest(${earliestMs}::double precision, case when ${free} <= ${farthestMs} then ${free} end)`;
  const [row] = await db.prepared<Reservation & Record<string, unknown>>(
    'reserve_calls',
    sql`
    insert into call_quotas as q (key, begins_ms, calls)
    values (${quota.key}, ${earliestMs}, ${calls})
        on conflict (key) do update
       set begins_ms = ${begins},
           calls = case when ${begins} <= ${nowMs + reachMs} then excluded.calls else 0 end
    returning begins_ms as "beginsMs", calls`,
  );
  if (row === undefined) throw new Error('a reservation returned no row');
  return row;
}

/** Deletes quotas that nobody has used since `before`. */
export async function forgetQuotas(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from call_quotas where begins_ms < ${before.getTime()}`);
}

import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { releasePlaces } from '../ledger/ledger.ts';
import type { PendingSend } from '../ledger/send.ts';
import { CapSlots } from './cap-slots.ts';
import type { CapSlot } from './caps.ts';

const LONGEST_WINDOW_MS = 31 * 86_400_000; // 30 days, and one for the time zones

/**
 * Locks these people (in key order, so that two workers cannot wait for each other) and reads their slots, so that nobody
 * else takes one meanwhile. `tx` must be a transaction: the locks end with it.
 */
export async function lockSlots(tx: Db, people: readonly PersonKey[], now: Date): Promise<CapSlots> {
  await tx.run(sql`
    select 1
      from ${asked(people)}
      join profiles p on p.bucket = x.bucket and p.user_id = x.user_id
     order by p.bucket, p.user_id
       for no key update of p`);
  return readSlots(tx, people, now);
}

/** The slots as they stand. */
export async function readSlots(db: Db, people: readonly PersonKey[], now: Date): Promise<CapSlots> {
  const rows = await db.query<CapSlot & { userId: number } & Record<string, unknown>>(sql`
    select c.user_id as "userId", c.dispatch_id as "dispatchId", c.channel, c.campaign_id as "campaignId",
           c.taken_at as "takenAt"
      from ${asked(people)}
      join cap_places c on c.bucket = x.bucket and c.user_id = x.user_id
     where c.taken_at >= ${new Date(now.getTime() - LONGEST_WINDOW_MS)}`);
  return new CapSlots(
    Map.groupBy(rows, ({ userId }) => userId),
    now,
  );
}

/** Each person once. */
function asked(people: readonly PersonKey[]): Sql {
  const buckets = new Map(people.map(({ bucket, userId }) => [userId, bucket]));
  return sql`unnest(${[...buckets.values()]}::integer[], ${[...buckets.keys()]}::bigint[]) as x(bucket, user_id)`;
}

/**
 * Writes the slots taken by sends that go out, and gives back those of earlier attempts whose send no longer does.
 * `goingOn`: the sends that go out or wait.
 */
export async function saveSlots(
  tx: Db,
  slots: CapSlots,
  { sends, goingOn }: { sends: readonly PendingSend[]; goingOn: ReadonlySet<PendingSend> },
): Promise<void> {
  const dropped = sends.filter((send) => send.attempts > 0 && !goingOn.has(send) && slots.holds(send));
  if (dropped.length > 0) await releasePlaces(tx, dropped);
  const kept = slots.taken.filter(({ send }) => goingOn.has(send));
  if (kept.length === 0) return;
  await tx.run(sql`
    insert into cap_places (bucket, user_id, dispatch_id, channel, campaign_id, taken_at)
    select bucket, user_id, dispatch_id, channel, campaign_id, taken_at
      from unnest(${kept.map(({ send }) => send.bucket)}::integer[], ${kept.map(({ send }) => send.userId)}::bigint[],
                  ${kept.map(({ slot }) => slot.dispatchId)}::uuid[], ${kept.map(({ slot }) => slot.channel)}::text[],
                  ${kept.map(({ slot }) => slot.campaignId)}::text[],
                  ${kept.map(({ slot }) => slot.takenAt)}::timestamptz[])
        as x(bucket, user_id, dispatch_id, channel, campaign_id, taken_at)
        on conflict do nothing`);
}

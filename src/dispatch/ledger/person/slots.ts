import type { ChannelKey } from '../../../channels/channel.ts';
import type { Db } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';
import type { SendKey } from '../send.ts';

/** A slot used under the frequency caps: one send of one channel of one dispatch. */
export interface CapSlot {
  dispatchId: string;
  channel: ChannelKey;
  campaignId: string | null;
  takenAt: Date;
}

/** Length of the longest window, in milliseconds: 30 days, and one day for time zones. */
const LONGEST_WINDOW_MS = 31 * 86_400_000;

/**
 * Locks these people, so that nobody else takes a slot of theirs until this transaction ends. It locks in key order, so
 * that two workers cannot deadlock.
 */
export async function lockForCaps(tx: Db, people: readonly PersonKey[]): Promise<void> {
  await tx.run(sql`
    select 1
      from ${keysOf(people)}
      join profiles p on p.bucket = x.bucket and p.user_id = x.user_id
     order by p.bucket, p.user_id
       for no key update of p`);
}

/** The slots of these people that may still count, by user id. */
export async function loadSlots(db: Db, people: readonly PersonKey[], now: Date): Promise<Map<number, CapSlot[]>> {
  const rows = await db.query<CapSlot & { userId: number } & Record<string, unknown>>(sql`
    select c.user_id as "userId", c.dispatch_id as "dispatchId", c.channel, c.campaign_id as "campaignId",
           c.taken_at as "takenAt"
      from ${keysOf(people)}
      join cap_slots c on c.bucket = x.bucket and c.user_id = x.user_id
     where c.taken_at >= ${new Date(now.getTime() - LONGEST_WINDOW_MS)}`);
  return Map.groupBy(rows, ({ userId }) => userId);
}

/** Takes a slot for each of these sends. A send that has a slot keeps it. */
export async function takeSlots(tx: Db, taken: readonly { send: SendKey; slot: CapSlot }[]): Promise<void> {
  if (taken.length === 0) return;
  await tx.run(sql`
    insert into cap_slots (bucket, user_id, dispatch_id, channel, campaign_id, taken_at)
    select bucket, user_id, dispatch_id, channel, campaign_id, taken_at
      from unnest(${taken.map(({ send }) => send.bucket)}::integer[], ${taken.map(({ send }) => send.userId)}::bigint[],
                  ${taken.map(({ slot }) => slot.dispatchId)}::uuid[], ${taken.map(({ slot }) => slot.channel)}::text[],
                  ${taken.map(({ slot }) => slot.campaignId)}::text[],
                  ${taken.map(({ slot }) => slot.takenAt)}::timestamptz[])
        as x(bucket, user_id, dispatch_id, channel, campaign_id, taken_at)
        on conflict do nothing`);
}

/** Gives back the slots that these sends hold. */
export async function releaseSlots(tx: Db, sends: readonly SendKey[]): Promise<void> {
  if (sends.length === 0) return;
  await tx.run(sql`
    delete from cap_slots c
     using unnest(${sends.map(({ bucket }) => bucket)}::integer[], ${sends.map(({ dispatchId }) => dispatchId)}::uuid[],
                  ${sends.map(({ userId }) => userId)}::bigint[], ${sends.map(({ channel }) => channel)}::text[])
        as x(bucket, dispatch_id, user_id, channel)
     where ${isIn(sends)}
       and c.bucket = x.bucket and c.user_id = x.user_id and c.dispatch_id = x.dispatch_id and c.channel = x.channel`);
}

/** Deletes the slots of deleted people. */
export async function forgetSlotsOf(tx: Db, people: readonly PersonKey[]): Promise<void> {
  await tx.run(sql`
    delete from cap_slots c
     using ${keysOf(people)}
     where ${isIn(people)} and c.bucket = x.bucket and c.user_id = x.user_id`);
}

/** Deletes slots that are older than every window. */
export async function forgetOldSlots(db: Db, now: Date): Promise<void> {
  await db.run(sql`delete from cap_slots where taken_at < ${new Date(now.getTime() - LONGEST_WINDOW_MS)}`);
}

function keysOf(people: readonly PersonKey[]): Sql {
  return sql`
    unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[])
      as x(bucket, user_id)`;
}

/** Fragment: names the buckets beside the join. With the join alone, every node of a cluster would be asked. */
function isIn(people: readonly { bucket: number }[]): Sql {
  return sql`c.bucket = any(${[...new Set(people.map(({ bucket }) => bucket))]}::integer[])`;
}

import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import { releasePlaces } from '../ledger/ledger.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { type CapPlace, capChannelOf, isCapped } from './caps.ts';

/** The places under the frequency caps of some people, locked so that nobody else takes one meanwhile. */
export interface CapLedger {
  isFull(send: PendingSend, dispatch: LoadedDispatch, recipient: Recipient): boolean;
  take(send: PendingSend, dispatch: LoadedDispatch): void;
  /** Writes the places of the sends that go out, and gives back those of earlier attempts whose send no longer does. */
  save(tx: Db, goingOut: ReadonlySet<PendingSend>): Promise<void>;
}

const LONGEST_WINDOW_MS = 31 * 86_400_000; // 30 days, and one for the time zones

/**
 * Locks the people of these sends (in key order, so that two workers cannot wait for each other) and reads their places.
 * `tx` must be a transaction: the locks end with it.
 */
export async function openCapLedger(tx: Db, sends: PendingSend[], now: Date): Promise<CapLedger> {
  const people = new Map(sends.map(({ bucket, userId }) => [userId, bucket]));
  const buckets = [...people.values()];
  const ids = [...people.keys()];
  await tx.run(sql`
    select 1
      from unnest(${buckets}::integer[], ${ids}::bigint[]) as x(bucket, user_id)
      join profiles p on p.bucket = x.bucket and p.user_id = x.user_id
     order by p.bucket, p.user_id
       for no key update of p`);
  const rows = await tx.query<CapPlace & { userId: number } & Record<string, unknown>>(sql`
    select c.user_id as "userId", c.dispatch_id as "dispatchId", c.channel, c.campaign_id as "campaignId",
           c.taken_at as "takenAt"
      from unnest(${buckets}::integer[], ${ids}::bigint[]) as x(bucket, user_id)
      join cap_places c on c.bucket = x.bucket and c.user_id = x.user_id
     where c.taken_at >= ${new Date(now.getTime() - LONGEST_WINDOW_MS)}`);
  const places = Map.groupBy(rows, ({ userId }) => userId);
  return new LockedPlaces(sends, new Map(places), now);
}

class LockedPlaces implements CapLedger {
  readonly #places: Map<number, CapPlace[]>;
  readonly #sends: PendingSend[];
  readonly #now: Date;
  readonly #taken: { send: PendingSend; campaignId: string | null }[] = [];

  constructor(sends: PendingSend[], places: Map<number, CapPlace[]>, now: Date) {
    this.#sends = sends;
    this.#places = places;
    this.#now = now;
  }

  isFull(send: PendingSend, { workspace, plan, campaign }: LoadedDispatch, { person }: Recipient): boolean {
    if (!plan.obeysCaps || this.#holdsPlace(send)) return false;
    const question = {
      dispatchId: send.dispatchId,
      channel: send.channel,
      campaignTags: campaign?.tags ?? null,
      timeZone: person.timeZone ?? workspace.timeZone,
      now: this.#now,
    };
    const tagsOf = (id: string) => workspace.campaigns.get(id)?.tags ?? [];
    return isCapped(question, workspace.frequencyCaps, this.#placesOf(send), tagsOf);
  }

  take(send: PendingSend, { workspace, plan, campaign }: LoadedDispatch): void {
    if (!plan.countsTowardCaps || workspace.frequencyCaps.length === 0) return;
    if (capChannelOf(send.channel) === null || this.#holdsPlace(send)) return;
    const { dispatchId, channel, userId } = send;
    const place = { dispatchId, channel, campaignId: campaign?.id ?? null, takenAt: this.#now };
    this.#places.set(userId, [...this.#placesOf(send), place]);
    this.#taken.push({ send, campaignId: place.campaignId });
  }

  async save(tx: Db, goingOut: ReadonlySet<PendingSend>): Promise<void> {
    const dropped = this.#sends.filter((send) => send.attempts > 0 && !goingOut.has(send) && this.#holdsPlace(send));
    if (dropped.length > 0) await releasePlaces(tx, dropped);
    const kept = this.#taken.filter(({ send }) => goingOut.has(send));
    if (kept.length === 0) return;
    await tx.run(sql`
      insert into cap_places (bucket, user_id, dispatch_id, channel, campaign_id, taken_at)
      select bucket, user_id, dispatch_id, channel, campaign_id, ${this.#now}
        from unnest(${kept.map(({ send }) => send.bucket)}::integer[], ${kept.map(({ send }) => send.userId)}::bigint[],
                    ${kept.map(({ send }) => send.dispatchId)}::uuid[], ${kept.map(({ send }) => send.channel)}::text[],
                    ${kept.map(({ campaignId }) => campaignId)}::text[])
          as x(bucket, user_id, dispatch_id, channel, campaign_id)
          on conflict do nothing`);
  }

  #placesOf({ userId }: PendingSend): CapPlace[] {
    return this.#places.get(userId) ?? [];
  }

  /** A send that is tried again keeps the place it has. */
  #holdsPlace(send: PendingSend): boolean {
    return this.#placesOf(send).some(
      ({ dispatchId, channel }) => dispatchId === send.dispatchId && channel === send.channel,
    );
  }
}

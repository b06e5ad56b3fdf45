import type { Db } from '../../db/database.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import { type CapSlot, loadSlots, lockForCaps, releaseSlots, takeSlots } from '../ledger/slots.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { capChannelOf, isCapped } from './caps.ts';

/** The places under the frequency caps of some people, locked so that nobody else takes one meanwhile. */
export interface CapLedger {
  isFull(send: PendingSend, dispatch: LoadedDispatch, recipient: Recipient): boolean;
  take(send: PendingSend, dispatch: LoadedDispatch): void;
  /** Writes the places of the sends that go out, and gives back those of earlier attempts whose send no longer does. */
  save(tx: Db, goingOut: ReadonlySet<PendingSend>): Promise<void>;
}

/**
 * Locks the people of these sends (in key order, so that two workers cannot wait for each other) and reads their places.
 * `tx` must be a transaction: the locks end with it.
 */
export async function openCapLedger(tx: Db, sends: PendingSend[], now: Date): Promise<CapLedger> {
  const people = [...new Map(sends.map(({ bucket, userId }) => [userId, { bucket, userId }])).values()];
  await lockForCaps(tx, people);
  return new LockedPlaces(sends, await loadSlots(tx, people, now), now);
}

class LockedPlaces implements CapLedger {
  readonly #places: Map<number, CapSlot[]>;
  readonly #sends: PendingSend[];
  readonly #now: Date;
  readonly #taken: { send: PendingSend; slot: CapSlot }[] = [];

  constructor(sends: PendingSend[], places: Map<number, CapSlot[]>, now: Date) {
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
    this.#taken.push({ send, slot: place });
  }

  async save(tx: Db, goingOut: ReadonlySet<PendingSend>): Promise<void> {
    const dropped = this.#sends.filter((send) => send.attempts > 0 && !goingOut.has(send) && this.#holdsPlace(send));
    await releaseSlots(tx, dropped);
    await takeSlots(
      tx,
      this.#taken.filter(({ send }) => goingOut.has(send)),
    );
  }

  #placesOf({ userId }: PendingSend): CapSlot[] {
    return this.#places.get(userId) ?? [];
  }

  /** A send that is tried again keeps the place it has. */
  #holdsPlace(send: PendingSend): boolean {
    return this.#placesOf(send).some(
      ({ dispatchId, channel }) => dispatchId === send.dispatchId && channel === send.channel,
    );
  }
}

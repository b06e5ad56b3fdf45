import type { Db } from '../../db/database.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { loadSlots, lockForCaps, releaseSlots, takeSlots } from '../ledger/person/slots.ts';
import type { PendingSend } from '../ledger/send.ts';
import { CapSlots } from './cap-slots.ts';

/**
 * Locks these people (in key order, so that two workers cannot deadlock) and reads their slots, so that nobody else
 * takes one meanwhile. `tx` must be a transaction, because the locks end with it.
 */
export async function lockSlots(tx: Db, people: readonly PersonKey[], now: Date): Promise<CapSlots> {
  const once = eachOnce(people);
  await lockForCaps(tx, once);
  return new CapSlots(await loadSlots(tx, once, now), now);
}

/**
 * Reads the slots of these people without locking anything, for sends that are decided at `from` or later. The function
 * returned gives the slots as they count at a moment, the same ones for the same moment.
 */
export async function readSlots(db: Db, people: readonly PersonKey[], from: Date): Promise<(at: Date) => CapSlots> {
  const held = await loadSlots(db, eachOnce(people), from);
  const known = new Map<number, CapSlots>();
  return (at) => {
    const slots = known.get(at.getTime()) ?? new CapSlots(held, at);
    known.set(at.getTime(), slots);
    return slots;
  };
}

function eachOnce(people: readonly PersonKey[]): PersonKey[] {
  return [...new Map(people.map(({ bucket, userId }) => [userId, { bucket, userId }])).values()];
}

/**
 * Writes the slots taken by sends that go out, and releases the slots of retried sends that no longer go out.
 * `goingOn`: the sends that go out or wait.
 */
export async function saveSlots(
  tx: Db,
  slots: CapSlots,
  { sends, goingOn }: { sends: readonly PendingSend[]; goingOn: ReadonlySet<PendingSend> },
): Promise<void> {
  const dropped = sends.filter((send) => send.attempts > 0 && !goingOn.has(send) && slots.holds(send));
  await releaseSlots(tx, dropped);
  const kept = slots.taken.filter(({ send }) => goingOn.has(send));
  await takeSlots(tx, kept);
}

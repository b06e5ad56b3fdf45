import type { Db } from '../../db/database.ts';
import type { SendOrigins } from '../ledger/feedback/send-origins.ts';
import { firstOwnersOf } from '../ledger/person/first-owners.ts';
import { type SendKey, sendKey } from '../ledger/send.ts';

/** A send whose variation is asked for. */
export interface VariedSend extends SendKey {
  /** null: its dispatch belongs to no campaign. */
  campaignId: string | null;
  reason: string | null;
}

/**
 * Finds which message variation each send has, by `sendKey`, as its dispatch was accepted with it. Sends without one are
 * missing: those of no campaign, and those of the control group, who get none.
 */
export async function findVariations(
  db: Db,
  origins: SendOrigins,
  sends: readonly VariedSend[],
): Promise<ReadonlyMap<string, string>> {
  const varied = sends.filter(({ campaignId, reason }) => campaignId !== null && reason !== 'control_group');
  if (varied.length === 0) return new Map();
  const usual = await origins.read(db, varied);
  // People are divided by their ids, and a merge gave some of these sends to another person.
  const divided = varied.filter((send) => usual.get(sendKey(send))?.isDivided === true);
  const firstOwners = await firstOwnersOf(db, divided);
  const moved = await origins.read(db, [...firstOwners.values()]);
  return new Map(
    varied.flatMap((send) => {
      const key = sendKey(send);
      const owner = firstOwners.get(key);
      const id = (owner === undefined ? usual.get(key) : moved.get(sendKey(owner)))?.variationId ?? null;
      return id === null ? [] : [[key, id] as const];
    }),
  );
}

import type { Db } from '../../db/database.ts';
import { type Address, flagAddresses, heldAmong, remember } from './deleted-addresses.ts';

/** How an address is marked as dead: an email address as hard bounced, a phone number as invalid. */
export type DeadMark = 'hard_bounced' | 'invalid_phone';

export interface Dead {
  workspaceId: number;
  mark: DeadMark;
  /** The address that the message was sent to. null: unknown. */
  address: string | null;
}

/**
 * Marks addresses as dead that a provider refused. An address that is marked already keeps its first date. The mark
 * belongs to the address: it applies to everybody who has the address, and no longer to a person whose address changes.
 * Of an address that nobody has any more, only its hash is kept.
 */
export async function markDead(tx: Db, dead: readonly Dead[], now: Date): Promise<void> {
  for (const [workspaceId, ofWorkspace] of Map.groupBy(dead, ({ workspaceId }) => workspaceId)) {
    const flagged = ofWorkspace.flatMap(({ mark, address }) => (address === null ? [] : [flagOf(mark, address, now)]));
    const distinct = [...new Map(flagged.map((one) => [`${one.kind} ${one.address}`, one])).values()];
    const held = await heldAmong(tx, workspaceId, distinct);
    const { here = [], gone = [] } = Object.groupBy(distinct, ({ address }) => (held.has(address) ? 'here' : 'gone'));
    await flagAddresses(tx, workspaceId, here);
    await remember(tx, workspaceId, gone);
  }
}

function flagOf(mark: DeadMark, address: string, now: Date): Address & Record<string, unknown> {
  if (mark === 'hard_bounced') return { kind: 'email', address: address.toLowerCase(), hard_bounced_at: now };
  return { kind: 'phone', address, invalid_at: now, invalid_reason: 'provider_error' };
}

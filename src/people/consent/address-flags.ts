import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { raw, sql } from '../../db/sql.ts';
import { type Address, flagAddresses, hashesOf, heldAmong, remember } from './deleted-addresses.ts';
import { setAddressStates } from './email-state.ts';
import type { ConsentSource } from './record/source.ts';

/** Email addresses in lower case, or phone numbers in E.164. */
interface Named {
  workspaceId: number;
  addresses: readonly string[];
}

/** Unsubscribes email addresses and marks them as hard bounced, also those that nobody has. */
export async function blockAddresses(
  db: Database,
  { workspaceId, addresses, source, now }: Named & { source: ConsentSource; now: Date },
): Promise<void> {
  const distinct = [...new Set(addresses)];
  await retry('people', () =>
    db.transaction(async (tx) => {
      await setAddressStates(tx, { workspaceId, emails: distinct, state: 'unsubscribed', source, now });
      const flagged = distinct.map((address) => ({ kind: 'email' as const, address, hard_bounced_at: now }));
      await flagAddresses(tx, workspaceId, flagged);
    }),
  );
}

/** The flags that a request can take from an address, and the columns that hold them. */
const removable = {
  hard_bounced: { kind: 'email', columns: ['hard_bounced_at'] },
  marked_spam: { kind: 'email', columns: ['marked_spam_at'] },
  invalid_phone: { kind: 'phone', columns: ['invalid_at', 'invalid_reason'] },
} as const satisfies Record<string, { kind: Address['kind']; columns: readonly string[] }>;

/** Takes a flag from addresses, also from those that are only remembered. Unknown addresses are no error. */
export async function removeFlag(db: Database, removal: Named & { flag: keyof typeof removable }): Promise<void> {
  await retry('addresses', () => db.transaction((tx) => clearFlag(tx, removal)));
}

export async function clearFlag(
  tx: Db,
  { workspaceId, addresses, flag }: Named & { flag: keyof typeof removable },
): Promise<void> {
  const { kind, columns } = removable[flag];
  const cleared = raw(columns.map((column) => `${column} = null`).join(', '));
  const bytes = hashesOf(workspaceId, kind, addresses);
  await tx.run(sql`
    update addresses
       set ${cleared}
     where workspace_id = ${workspaceId} and kind = ${kind} and address = any(${addresses}::text[])`);
  await tx.run(sql`
    update deleted_addresses
       set ${cleared}
     where workspace_id = ${workspaceId} and kind = ${kind} and hash = any(${bytes}::bytea[])`);
}

/** Marks email addresses as reported for spam and unsubscribes them. Of those that nobody has, a hash is kept, too. */
export async function noteComplaints(
  tx: Db,
  { workspaceId, addresses, source, now }: Named & { source: ConsentSource; now: Date },
): Promise<void> {
  await setAddressStates(tx, { workspaceId, emails: addresses, state: 'unsubscribed', source, now });
  const marked = addresses.map((address) => ({ kind: 'email' as const, address, marked_spam_at: now }));
  const held = await heldAmong(tx, workspaceId, marked);
  const { here = [], gone = [] } = Object.groupBy(marked, ({ address }) => (held.has(address) ? 'here' : 'gone'));
  await flagAddresses(tx, workspaceId, here);
  await remember(tx, workspaceId, gone);
}

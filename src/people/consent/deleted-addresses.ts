import { hash } from 'node:crypto';
import { textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { raw, sql } from '../../db/sql.ts';

/** An email address in lower case, or a phone number in E.164. */
export interface Address {
  kind: 'email' | 'phone';
  address: string;
}

/** What is remembered of an address that nobody has any more. */
export interface Remembered extends Address {
  /** When its last owner unsubscribed. null: the owner had not. */
  unsubscribedAt: Date | null;
}

/**
 * The hash under which an address is remembered. It hides the address from readers of the database, not from somebody
 * who guesses the address and compares.
 */
export function hashOf(workspaceId: number, { kind, address }: Address): Buffer {
  return Buffer.from(hexHashOf(workspaceId, { kind, address }), 'hex');
}

function hexHashOf(workspaceId: number, { kind, address }: Address): string {
  return hash('sha256', `${workspaceId}\u0000${kind}\u0000${address}`, 'hex');
}

/** Those of the addresses that somebody in the workspace has. */
export async function heldAmong(tx: Db, workspaceId: number, addresses: readonly Address[]): Promise<Set<string>> {
  if (addresses.length === 0) return new Set();
  const of = (kind: Address['kind']) => addresses.filter((one) => one.kind === kind).map(({ address }) => address);
  const rows = await tx.query<{ address: string }>(sql`
    select lower(email) as address
      from profiles
     where workspace_id = ${workspaceId} and email is not null and lower(email) = any(${of('email')}::text[])
     union
    select phone
      from profiles
     where workspace_id = ${workspaceId} and phone = any(${of('phone')}::text[])`);
  return new Set(rows.map(({ address }) => address));
}

/** The columns of flags, which `addresses` and `deleted_addresses` both have. */
const flagColumns = [
  'hard_bounced_at',
  'marked_spam_at',
  'invalid_at',
  'invalid_reason',
  'suppressed_at',
  'suppressed_reason',
] as const;
const allFlags = raw(flagColumns.join(', '));
const flagTypes = raw(flagColumns.map((name) => `${name} ${name.endsWith('_at') ? 'timestamptz' : 'text'}`).join(', '));
/** Fragment for `on conflict`: what is known already, in the table with the alias `t`, stays. */
const keptFlags = raw(flagColumns.map((name) => `${name} = coalesce(t.${name}, excluded.${name})`).join(', '));

export type Flags = { [Column in (typeof flagColumns)[number]]?: Date | string | null };

/**
 * Replaces the stored addresses that nobody has any more by hashes, with all that must be known if somebody gets them
 * again. The caller holds the locks of the addresses. Source: adjacent-endpoints.md §2.6.
 */
export async function hideAddresses(
  tx: Db,
  workspaceId: number,
  { addresses, unsubscribedAt }: { addresses: readonly Address[]; unsubscribedAt: ReadonlyMap<string, Date> },
): Promise<void> {
  const held = await heldAmong(tx, workspaceId, addresses);
  const unheld = addresses.filter(({ address }) => !held.has(address));
  if (unheld.length === 0) return;
  const flagged = await tx.query<Address & Flags & Record<string, unknown>>(sql`
    delete from addresses a
     using unnest(${unheld.map(({ kind }) => kind)}::text[], ${unheld.map(({ address }) => address)}::text[])
           as gone(kind, address)
     where a.workspace_id = ${workspaceId} and a.kind = gone.kind and a.address = gone.address
    returning a.*`);
  const rows = unheld.flatMap((one) => {
    const flags = flagged.find(({ kind, address }) => kind === one.kind && address === one.address);
    const unsubscribed_at = one.kind === 'email' ? unsubscribedAt.get(one.address) : undefined;
    const isFlagged = flagColumns.some((name) => flags !== undefined && flags[name] !== null);
    return isFlagged || unsubscribed_at !== undefined ? [{ ...flags, ...one, unsubscribed_at }] : [];
  });
  await remember(tx, workspaceId, rows);
}

/** Notes flags of addresses that nobody has. What is known already stays. */
export async function remember(
  tx: Db,
  workspaceId: number,
  found: readonly (Address & Flags & { unsubscribed_at?: Date | undefined })[],
): Promise<void> {
  if (found.length === 0) return;
  const rows = found.map(({ kind, address, ...noted }) => ({
    ...noted,
    kind,
    hash: hashOf(workspaceId, { kind, address }).toString('hex'),
  }));
  await tx.run(sql`
    insert into deleted_addresses as t (workspace_id, kind, hash, unsubscribed_at, ${allFlags})
    select ${workspaceId}, kind, decode(hash, 'hex'), unsubscribed_at, ${allFlags}
      from json_to_recordset(${JSON.stringify(rows)}::json)
        as x(kind text, hash text, unsubscribed_at timestamptz, ${flagTypes})
     order by kind, hash
        on conflict (workspace_id, kind, hash) do update
       set unsubscribed_at = coalesce(t.unsubscribed_at, excluded.unsubscribed_at), ${keptFlags}`);
}

/** Workspaces that have remembered an address at some time of this process. Asking them again would cost a trip. */
const remembering = new Set<number>();

/**
 * Whether the workspace remembers no address at all, as before its first deletion. Then no hash need be made. The caller
 * holds the locks of the addresses it asks for, so that they stay forgotten until it commits.
 */
async function remembersNothing(tx: Db, workspaceId: number): Promise<boolean> {
  if (remembering.has(workspaceId)) return false;
  // The order is that of the key, so that a kept plan reads one entry of it, however many there are later.
  const rows = await tx.prepared(
    'remembers_any',
    sql`select 1 from deleted_addresses where workspace_id = ${workspaceId} order by kind, hash limit 1`,
  );
  if (rows.length > 0) remembering.add(workspaceId);
  return rows.length === 0;
}

/** Those of the addresses that are remembered. Nearly always none. */
export async function findRemembered(
  tx: Db,
  workspaceId: number,
  addresses: readonly Address[],
): Promise<Remembered[]> {
  if (addresses.length === 0 || (await remembersNothing(tx, workspaceId))) return [];
  const byHash = hashed(workspaceId, addresses);
  const rows = await tx.prepared<{ hash: string; unsubscribed_at: Date | null }>(
    'find_remembered',
    sql`
    select encode(hash, 'hex') as hash, unsubscribed_at
      from deleted_addresses
     where workspace_id = ${workspaceId} and kind in ('email', 'phone') and hash = any(${bytesOf(byHash)}::bytea[])`,
  );
  return rows.flatMap(({ hash: hex, unsubscribed_at }) => {
    const address = byHash.get(hex);
    return address === undefined ? [] : [{ ...address, unsubscribedAt: unsubscribed_at }];
  });
}

/** Gives the flags back to addresses that somebody has got again. */
export async function recallAddresses(tx: Db, workspaceId: number, addresses: readonly Address[]): Promise<void> {
  if (addresses.length === 0) return;
  const byHash = hashed(workspaceId, addresses);
  const rows = await tx.query<{ kind: Address['kind']; hash: string } & Flags>(sql`
    delete from deleted_addresses
     where workspace_id = ${workspaceId} and kind in ('email', 'phone') and hash = any(${bytesOf(byHash)}::bytea[])
    returning kind, encode(hash, 'hex') as hash, ${allFlags}`);
  const flagged = rows.map((row) => ({ ...row, address: byHash.get(row.hash)?.address ?? '' }));
  await flagAddresses(tx, workspaceId, flagged);
}

/** Notes flags of addresses that somebody has, or that the operator named. What is known already stays. */
export async function flagAddresses(tx: Db, workspaceId: number, flagged: readonly (Address & Flags)[]): Promise<void> {
  if (flagged.length === 0) return;
  await tx.run(sql`
    insert into addresses as t (workspace_id, kind, address, ${allFlags})
    select ${workspaceId}, kind, address, ${allFlags}
      from json_to_recordset(${JSON.stringify(flagged)}::json) as x(kind text, address text, ${flagTypes})
     order by kind, address
        on conflict (workspace_id, kind, address) do update set ${keptFlags}`);
}

function hashed(workspaceId: number, addresses: readonly Address[]): Map<string, Address> {
  return new Map(addresses.map((one) => [hexHashOf(workspaceId, one), one]));
}

/** An array of bytes in PostgreSQL's text form. */
function bytesOf(byHash: ReadonlyMap<string, unknown>): string {
  return textArray([...byHash.keys()].map((hex) => `\\x${hex}`));
}

/** The hashes of addresses of one kind, for statements that change what is remembered of them. */
export function hashesOf(workspaceId: number, kind: Address['kind'], addresses: readonly string[]): Buffer[] {
  return addresses.map((address) => hashOf(workspaceId, { kind, address }));
}

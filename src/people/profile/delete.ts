import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import { type Address, hideAddresses } from '../consent/deleted-addresses.ts';
import { lockAddresses } from '../track/lock.ts';
import { dropTokens } from '../track/saving/save-tokens.ts';
import type { PersonKey, PersonName } from './identify.ts';
import { resolveNames } from './identify.ts';
import { askedFor, inBucketsOf } from './person-keys.ts';
import { type Prioritization, pickByAddress } from './prioritization.ts';

export interface DeleteRequest {
  names: PersonName[];
  brazeIds: { bucket: number; userId: number; createdAtS: number }[];
  emails: { address: string; prioritization: Prioritization }[];
  phones: { address: string; prioritization: Prioritization }[];
}

/**
 * Deletes people and all that is stored about them. An unsubscribed, bounced or complaining address must not be used
 * again after a new import, so of an address that nobody else has a hash stays, with its flags. Aggregated counts stay,
 * too. Source: adjacent-endpoints.md §2.6.
 */
export async function deletePeople(
  db: Database,
  {
    workspaceId,
    request,
    alsoForget,
    now,
  }: { workspaceId: number; request: DeleteRequest; alsoForget: Forget; now: Date },
): Promise<void> {
  await retry('people', () =>
    db.transaction(async (tx) => {
      const people = await lockForDeletion(tx, { workspaceId, request, now });
      if (people.length === 0) return;
      await alsoForget(tx, people);
      await deleteLocked(tx, people);
      await hideAddresses(tx, workspaceId, addressesOf(people));
    }),
  );
}

/** Deletes, within the transaction, what other modules store about the deleted people. The people are locked. */
export type Forget = (tx: Db, people: readonly PersonKey[]) => Promise<void>;

/** A locked person, with what is remembered of their addresses. */
interface Doomed extends PersonKey {
  addresses: readonly Address[];
  /** When the person unsubscribed from mails. null: the person had not. */
  unsubscribedAt: Date | null;
}

async function lockForDeletion(
  tx: Db,
  { workspaceId, request, now }: { workspaceId: number; request: DeleteRequest; now: Date },
): Promise<Doomed[]> {
  const named = await resolveNames(tx, workspaceId, request.names);
  const candidates = [
    ...named.values(),
    ...request.brazeIds,
    ...(await pickByAddress(tx, { workspaceId, kind: 'email', addresses: request.emails })),
    ...(await pickByAddress(tx, { workspaceId, kind: 'phone', addresses: request.phones })),
  ];
  if (candidates.length === 0) return [];
  const locked = await addressesToLock(tx, workspaceId, candidates);
  await lockAddresses(tx, workspaceId, [...locked]);
  // Names are locked before profiles, each in key order: the order of every writer of people (see track/lock.ts).
  await tx.run(sql`
    select from user_names n
     where (n.bucket, n.user_id) in (${keysOf(candidates)}) and n.workspace_id = ${workspaceId}
     order by n.label, n.name
       for update`);
  const rows = await tx.query<DoomedRow>(sql`
    select bucket, user_id, created_at, lower(email) as email, phone, email_state, email_state_changed_at
      from profiles
     where ${inBucketsOf(candidates, sql`bucket`)} and (bucket, user_id) in (${keysOf(candidates)})
       and workspace_id = ${workspaceId}
     order by bucket, user_id
       for update`);
  const createdAtS = new Map(request.brazeIds.map((id) => [id.userId, id.createdAtS]));
  const known = new Set([...named.values()].map(({ userId }) => userId));
  const doomed = rows
    .filter((row) => {
      const expected = createdAtS.get(row.user_id);
      return (
        known.has(row.user_id) || expected === undefined || expected === Math.floor(row.created_at.getTime() / 1000)
      );
    })
    .map((row) => doomedFrom(row, now));
  const isLocked = doomed.every(({ addresses }) => addresses.every(({ address }) => locked.has(address)));
  if (!isLocked) throw new Outdated('the address of a person changed');
  return doomed;
}

interface DoomedRow extends Record<string, unknown> {
  bucket: number;
  user_id: number;
  created_at: Date;
  email: string | null;
  phone: string | null;
  email_state: GlobalState;
  email_state_changed_at: Date | null;
}

function doomedFrom(
  { bucket, user_id, email, phone, email_state, email_state_changed_at }: DoomedRow,
  now: Date,
): Doomed {
  return {
    bucket,
    userId: user_id,
    addresses: [
      ...(email === null ? [] : [{ kind: 'email' as const, address: email }]),
      ...(phone === null ? [] : [{ kind: 'phone' as const, address: phone }]),
    ],
    unsubscribedAt: email_state === 'unsubscribed' ? (email_state_changed_at ?? now) : null,
  };
}

/** The addresses of the candidates as they are before anything is locked. */
async function addressesToLock(tx: Db, workspaceId: number, candidates: readonly PersonKey[]): Promise<Set<string>> {
  const rows = await tx.query<{ email: string | null; phone: string | null }>(sql`
    select lower(email) as email, phone
      from profiles
     where ${inBucketsOf(candidates, sql`bucket`)} and (bucket, user_id) in (${keysOf(candidates)})
       and workspace_id = ${workspaceId}`);
  return new Set(rows.flatMap(({ email, phone }) => [email, phone].filter((address) => address !== null)));
}

function addressesOf(people: readonly Doomed[]): Parameters<typeof hideAddresses>[2] {
  const unsubscribedAt = new Map<string, Date>();
  for (const { addresses, unsubscribedAt: at } of people) {
    if (at === null) continue;
    for (const { kind, address } of addresses) if (kind === 'email') unsubscribedAt.set(address, at);
  }
  const addresses = people.flatMap((person) => person.addresses);
  return {
    addresses: [...new Map(addresses.map((one) => [`${one.kind} ${one.address}`, one])).values()],
    unsubscribedAt,
  };
}

function keysOf(people: readonly PersonKey[]): Sql {
  return sql`select * from ${askedFor(people)}`;
}

/** Deletes locked people with everything about them that `people` stores. */
export async function deleteLocked(tx: Db, people: readonly PersonKey[]): Promise<void> {
  await dropTokens(tx, people);
  await tx.run(sql`delete from user_names where (bucket, user_id) in (${keysOf(people)})`);
  const these = sql`${inBucketsOf(people, sql`bucket`)} and (bucket, user_id) in (${keysOf(people)})`;
  await tx.run(sql`
    with states as (delete from subscription_states where ${these}),
         consent as (delete from consent_changes where ${these}),
         their_events as (delete from events where ${these}),
         their_purchases as (delete from purchases where ${these}),
         totals as (delete from activity_totals where ${these}),
         sessions as (delete from session_days where ${these}),
         active as (delete from active_people where ${these}),
         uninstalls as (delete from app_uninstalls where ${these}),
         received as (delete from received_totals where ${these})
    delete from profiles where ${these}`);
}

import type { Db } from '../../db/database.ts';
import { Outdated } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { nameKey, type PersonKey, type PersonName, resolveNames } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { lockAddresses } from '../track/lock.ts';
import type { Address } from './deleted-addresses.ts';
import { type LockedHolder, lockHolders } from './holders.ts';
import type { ConsentSource } from './record/source.ts';
import { type ConsentChange, recordConsent } from './record/write.ts';
import { type GroupState, groupStateKey, saveGroupStates } from './save-group-states.ts';
import { storeWaitingGroups, type WaitingGroup } from './waiting-groups.ts';

/** Sets one state in one subscription group. */
export interface GroupOrder {
  groupId: string;
  /** The kind of address to which the messages of the group go. */
  kind: Address['kind'];
  state: WaitingGroup['state'];
  externalIds: readonly PersonName[];
  /** Email addresses in lower case or phone numbers in E.164, as `kind` says. */
  addresses: readonly string[];
  source: ConsentSource;
  /** Whether the request asks that people confirm first (double opt-in), which is not done. */
  asksToConfirm: boolean;
}

interface Orders {
  workspaceId: number;
  /** Applied in order, so that the last one counts. */
  orders: readonly GroupOrder[];
  now: Date;
}

/**
 * Sets group states of people. An order that names an address applies to everybody who has it. In an email group, one
 * that names a person applies to everybody with the person's address, too. For an address that nobody has, the state
 * waits for the next person who gets it. Unknown external ids are passed over. `tx` must be run again when it throws
 * Outdated. Source: adjacent-endpoints.md §3.2.
 */
export async function setGroupStates(tx: Db, { workspaceId, orders, now }: Orders): Promise<void> {
  const names = orders.flatMap(({ externalIds }) => externalIds);
  const sharing = orders.filter(({ kind }) => kind === 'email');
  const seen = await resolveNames(tx, workspaceId, names);
  const of = (kind: Address['kind']) => orders.flatMap((order) => (order.kind === kind ? order.addresses : []));
  const emails = new Set([...of('email'), ...(await emailsOf(tx, workspaceId, keysOf(sharing, seen)))]);
  const phones = new Set(of('phone'));
  await lockAddresses(tx, workspaceId, [...emails, ...phones]);
  const also = [...seen.values()];
  const holders = await lockHolders(tx, workspaceId, { emails: [...emails], phones: [...phones], also });
  const people = new Map(holders.map((holder) => [holder.userId, holder]));
  // Somebody may have been deleted, merged or made, or may have changed the address, before the locks were taken.
  const known = await resolveNames(tx, workspaceId, names);
  for (const { userId } of known.values())
    if (!people.has(userId)) throw new Outdated('an external id names another person');
  for (const { userId } of keysOf(sharing, known)) {
    const email = people.get(userId)?.email ?? null;
    if (email !== null && !emails.has(email)) throw new Outdated('the address of a person changed');
  }
  const { states, waiting } = outcomeOf(orders, known, people);
  const previous = await saveGroupStates(tx, states, now);
  const changes = states.flatMap((one): ConsentChange[] => {
    const before = previous.get(groupStateKey(one));
    return before === undefined ? [] : [{ ...one, subject: 'group', previous: before }];
  });
  await recordConsent(tx, { workspaceId, changes, now });
  await storeWaitingGroups(tx, { workspaceId, waiting, now });
}

interface NewState extends GroupState {
  /** The person's address for the messages of the group. null: none. */
  address: string | null;
  source: ConsentSource;
}

/** What to store: of two orders for the same person or address, the later one. */
function outcomeOf(
  orders: readonly GroupOrder[],
  known: ReadonlyMap<string, PersonKey>,
  people: ReadonlyMap<number, LockedHolder>,
): { states: NewState[]; waiting: WaitingGroup[] } {
  const byAddress = Map.groupBy(
    [...people.values()].flatMap((person) =>
      [person.email, person.phone].flatMap((address) => (address === null ? [] : [{ address, person }])),
    ),
    ({ address }) => address,
  );
  const holdersOf = (address: string) => (byAddress.get(address) ?? []).map(({ person }) => person);
  const states = new Map<string, NewState>();
  const waiting = new Map<string, WaitingGroup>();
  for (const order of orders) {
    const { groupId, state, kind, source } = order;
    const named = keysOf([order], known).flatMap(({ userId }) => people.get(userId) ?? []);
    const shared = kind === 'email' ? named.flatMap(({ email }) => (email === null ? [] : holdersOf(email))) : [];
    for (const { bucket, userId, [kind]: address } of [...named, ...shared, ...order.addresses.flatMap(holdersOf)])
      states.set(groupStateKey({ userId, groupId }), { bucket, userId, groupId, state, address, source });
    if (order.asksToConfirm) continue; // there is nobody who could confirm
    for (const address of order.addresses)
      if (!byAddress.has(address)) waiting.set(`${groupId} ${address}`, { kind, address, groupId, state });
  }
  return { states: [...states.values()], waiting: [...waiting.values()] };
}

function keysOf(orders: readonly GroupOrder[], known: ReadonlyMap<string, PersonKey>): PersonKey[] {
  return orders.flatMap(({ externalIds }) =>
    externalIds.flatMap(({ label, name }) => known.get(nameKey(label, name)) ?? []),
  );
}

/** The email addresses of people in lower case. */
async function emailsOf(tx: Db, workspaceId: number, people: readonly PersonKey[]): Promise<string[]> {
  if (people.length === 0) return [];
  const rows = await tx.query<{ email: string }>(sql`
    select lower(p.email) as email
      from ${askedFor(people)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(people, sql`p.bucket`)} and p.workspace_id = ${workspaceId} and p.email is not null`);
  return rows.map(({ email }) => email);
}

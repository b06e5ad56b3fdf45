import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { nameKey, type PersonKey, type PersonName, resolveNames } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import type { Address } from './deleted-addresses.ts';
import type { WaitingGroup } from './waiting-groups.ts';

type GroupState = WaitingGroup['state'];

/** The stored states in a group by external id. Who is unknown or has no state is missing. */
export async function groupStatesOf(
  db: Db,
  { workspaceId, groupId, names }: { workspaceId: number; groupId: string; names: readonly PersonName[] },
): Promise<Map<string, GroupState>> {
  const known = await resolveNames(db, workspaceId, names);
  const people = [...known.values()];
  const rows = await statesOf(db, people, groupId);
  const byPerson = new Map(rows.map(({ user_id, state }) => [user_id, state]));
  return new Map(
    names.flatMap(({ label, name }) => {
      const state = byPerson.get(known.get(nameKey(label, name))?.userId ?? -1);
      return state === undefined ? [] : [[name, state] as const];
    }),
  );
}

/**
 * The stored states in a group by address: email addresses in lower case, or phone numbers in E.164. If the people who
 * have an address differ, the state that changed last counts. Addresses without a state are missing.
 */
export async function groupStatesOfAddresses(
  db: Db,
  {
    workspaceId,
    groupId,
    kind,
    addresses,
  }: { workspaceId: number; groupId: string; kind: Address['kind']; addresses: readonly string[] },
): Promise<Map<string, GroupState>> {
  const has =
    kind === 'email' ? sql`p.email is not null and lower(p.email) = asked.address` : sql`p.phone = asked.address`;
  const rows = await db.query<{ address: string; state: GroupState }>(sql`
    select asked.address, latest.state
      from (select distinct address from unnest(${addresses}::text[]) as address) as asked
     cross join lateral (
           select s.state
             from profiles p
             join subscription_states s on s.bucket = p.bucket and s.user_id = p.user_id
            where p.workspace_id = ${workspaceId} and ${has} and s.group_id = ${groupId}
            order by s.changed_at desc, s.user_id desc
            limit 1) as latest`);
  return new Map(rows.map(({ address, state }) => [address, state]));
}

export interface Asked {
  workspaceId: number;
  names: readonly PersonName[];
  /** Email addresses in lower case. */
  emails: readonly string[];
  /** Phone numbers in E.164. */
  phones: readonly string[];
  limit: number;
  offset: number;
}

export interface GroupsOfPerson {
  email: string | null;
  phone: string | null;
  externalId: string | null;
  /** The groups in which a state was set, by id. */
  states: { groupId: string; state: GroupState }[];
}

/** The people who are asked for, oldest first, each once, with their groups. `total`: how many there are on all pages. */
export async function listGroupsOfPeople(
  db: Db,
  { workspaceId, names, emails, phones, limit, offset }: Asked,
): Promise<{ people: GroupsOfPerson[]; total: number }> {
  const keys = [...(await resolveNames(db, workspaceId, names)).values()];
  const found = sql`
    (select bucket, user_id, email, phone, external_id
       from profiles
      where workspace_id = ${workspaceId} and email is not null and lower(email) = any(${emails}::text[])
      union
     select bucket, user_id, email, phone, external_id
       from profiles
      where workspace_id = ${workspaceId} and phone = any(${phones}::text[])
      union
     select p.bucket, p.user_id, p.email, p.phone, p.external_id
       from ${askedFor(keys)}
       join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
      where ${inBucketsOf(keys, sql`p.bucket`)} and p.workspace_id = ${workspaceId})`;
  const { total } = await db.one<{ total: number }>(sql`select count(*) as total from ${found} as found`);
  const page = await db.query<PersonRow>(
    sql`select * from ${found} as found order by user_id limit ${limit} offset ${offset}`,
  );
  const states = await statesOf(
    db,
    page.map(({ bucket, user_id }) => ({ bucket, userId: user_id })),
    null,
  );
  const byPerson = Map.groupBy(states, ({ user_id }) => user_id);
  const people = page.map(({ user_id, email, phone, external_id }) => ({
    ...{ email, phone, externalId: external_id },
    states: (byPerson.get(user_id) ?? []).map(({ group_id, state }) => ({ groupId: group_id, state })),
  }));
  return { people, total };
}

interface PersonRow extends Record<string, unknown> {
  bucket: number;
  user_id: number;
  email: string | null;
  phone: string | null;
  external_id: string | null;
}

/** The states of people in one group, or in all of them (null). */
async function statesOf(db: Db, people: readonly PersonKey[], groupId: string | null) {
  if (people.length === 0) return [];
  return db.query<{ user_id: number; group_id: string; state: GroupState }>(sql`
    select s.user_id, s.group_id, s.state
      from ${askedFor(people)}
      join subscription_states s on s.bucket = asked.bucket and s.user_id = asked.user_id
     where ${inBucketsOf(people, sql`s.bucket`)} and (${groupId}::text is null or s.group_id = ${groupId})
     order by s.group_id`);
}

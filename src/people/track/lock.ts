import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { nameKey, type PersonKey, type PersonName } from '../profile/identify.ts';
import { emailKey } from './roster.ts';
import type { Wanted } from './wanted.ts';

/*
 * Locks are taken in one order by everybody who writes people: addresses (advisory), names, profiles, tokens, each kind
 * in key order. So two requests never wait for each other in a ring.
 */

/**
 * Addresses belong to nobody, so that there is no row to lock: who changes who has one, or its state, waits for whoever
 * else does. Emails in lower case, phone numbers in E.164.
 */
export async function lockAddresses(tx: Db, workspaceId: number, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return;
  // The separator of a token's key is no character of a PostgreSQL text.
  const texts = addresses.map((address) => address.replace('\u0000', ' '));
  await tx.run(sql`
    select pg_advisory_xact_lock(key)
      from (select distinct hashtextextended(address, ${workspaceId}) as key
              from unnest(${texts}::text[]) as address
             order by key) as keys`);
}

/**
 * Reserves these names for people of ours to come; the keys of those we got, by `nameKey`. When somebody else is about
 * to make one of them, this waits for the outcome.
 */
export async function holdNames(
  tx: Db,
  workspaceId: number,
  names: readonly PersonName[],
): Promise<Map<string, PersonKey>> {
  if (names.length === 0) return new Map();
  const rows = await tx.query<{ label: string; name: string; bucket: number; user_id: number }>(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${workspaceId}, label, name, bucket_of(user_id), user_id
      from (select label, name, nextval('user_ids') as user_id
              from unnest(${names.map(({ label }) => label)}::text[], ${names.map(({ name }) => name)}::text[])
                   as asked(label, name)) as numbered
     order by label, name
        on conflict do nothing
    returning label, name, bucket, user_id`);
  return new Map(rows.map((row) => [nameKey(row.label, row.name), { bucket: row.bucket, userId: row.user_id }]));
}

/** Who was locked: to be loaded, or only because they share an address whose state may change. */
export interface Locked {
  wanted: PersonKey[];
  /** By `emailKey`. */
  others: Map<string, PersonKey[]>;
}

/**
 * Locks the people named, those who have an address that names somebody, and all who share an address whose state may
 * change. Of those with an address, as many as the request could move elsewhere, and one more.
 *
 * The lateral subqueries are there for the planner: it cannot know how few people share an address, and would read the
 * whole table (75 changes of email state among 100,000 people: 230 ms, now 31 ms).
 */
export async function lockPeople(
  tx: Db,
  {
    wanted,
    keys,
    lockedEmails,
    workspaceId,
    candidates,
  }: {
    wanted: Wanted;
    keys: readonly PersonKey[];
    lockedEmails: ReadonlySet<string>;
    workspaceId: number;
    candidates: number;
  },
): Promise<Locked> {
  const rows = await tx.prepared<{ bucket: number; user_id: number; email: string | null; is_wanted: boolean }>(
    'lock_people',
    sql`
    with found as materialized (
      select bucket, user_id, true as is_wanted
        from unnest(${keys.map(({ bucket }) => bucket)}::integer[], ${keys.map(({ userId }) => userId)}::bigint[])
             as asked(bucket, user_id)
       union all
      select c.bucket, c.user_id, true
        from unnest(${[...wanted.emails]}::text[]) as asked(email)
       cross join lateral (
             select bucket, user_id from profiles
              where workspace_id = ${workspaceId} and lower(email) = lower(asked.email) and email is not null
              order by external_id is null, updated_at desc, user_id
              limit ${candidates + 1}) as c
       union all
      select c.bucket, c.user_id, true
        from unnest(${[...wanted.phones]}::text[]) as asked(phone)
       cross join lateral (
             select bucket, user_id from profiles
              where workspace_id = ${workspaceId} and phone = asked.phone
              order by external_id is null, updated_at desc, user_id
              limit ${candidates + 1}) as c
       union all
      select c.bucket, c.user_id, false
        from unnest(${[...lockedEmails]}::text[]) as shared(email)
       cross join lateral (
             select bucket, user_id from profiles
              where workspace_id = ${workspaceId} and lower(email) = lower(shared.email) and email is not null
             offset 0) as c
    )
    select p.bucket, p.user_id, p.email, each.is_wanted
      from (select bucket, user_id, bool_or(is_wanted) as is_wanted
              from found group by bucket, user_id order by bucket, user_id) as each
     cross join lateral (
           select bucket, user_id, email from profiles
            where bucket = each.bucket and user_id = each.user_id and workspace_id = ${workspaceId}
              for update) as p`,
  );
  const locked: Locked = { wanted: [], others: new Map() };
  for (const { bucket, user_id, email, is_wanted } of rows) {
    const key = { bucket, userId: user_id };
    if (is_wanted) locked.wanted.push(key);
    else if (email !== null) addTo(locked.others, emailKey(email), key);
  }
  return locked;
}

function addTo(lists: Map<string, PersonKey[]>, key: string, person: PersonKey): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [person]);
  else list.push(person);
}

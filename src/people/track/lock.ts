import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { nameKey, type PersonKey, type PersonName } from '../profile/identify.ts';
import { emailKey } from './roster.ts';
import type { Wanted } from './wanted.ts';

/*
 * Every writer of people takes locks in one order: addresses (advisory locks), names, profiles, tokens, and each kind
 * in key order. So two requests never deadlock.
 */

/**
 * Locks addresses. An address has no row to lock, so the locks are advisory: only one transaction at a time changes who
 * has the address, or its state. Emails are in lower case, phone numbers in E.164.
 */
export async function lockAddresses(tx: Db, workspaceId: number, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return;
  // A token's key contains NUL, which a PostgreSQL text cannot hold.
  const texts = addresses.map((address) => address.replace('\u0000', ' '));
  await tx.run(sql`
    select pg_advisory_xact_lock(key)
      from (select distinct hashtextextended(address, ${workspaceId}) as key
              from unnest(${texts}::text[]) as address
             order by key) as keys`);
}

/**
 * Reserves names for people whom the request may make. Returns the keys of the names that it got, by `nameKey`. If
 * another transaction is making one of the names, this waits for the outcome.
 */
export async function reserveNames(
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

/** The people who were locked. */
export interface Locked {
  /** People to load. */
  wanted: PersonKey[];
  /** People who only share an address whose state may change, by `emailKey`. */
  others: Map<string, PersonKey[]>;
}

/**
 * Locks the people whom the request names, the holders of an address that names somebody, and everybody who shares an
 * address whose state may change. For an address that names somebody, the number of holders it locks is the number of
 * objects plus one, because each object could give one holder another address.
 *
 * The lateral subqueries help the planner. Without them it would read the whole table, because it cannot know how few
 * people share an address (75 changes of email state among 100,000 people: 31 ms instead of 230 ms).
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

import { intArray, textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { hotStatement } from '../../db/hot-statement.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { PersonKey } from '../profile/identify.ts';
import type { NestedTimes } from '../profile/nested/nested-times.ts';
import type { JsonObject } from '../profile/nested/nested-values.ts';
import type { ProfileColumns } from '../profile/profile-fields.ts';
import { havingEmail, havingPhone } from './addresses/having.ts';
import { emailKey } from './roster.ts';
import { readColumns } from './saving/profile-columns.ts';
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
  await tx.prepared(
    'lock_addresses',
    sql`
    select pg_advisory_xact_lock(key)
      from (select distinct hashtextextended(address, ${workspaceId}) as key
              from unnest(${textArray(texts)}::text[]) as address
             order by key) as keys`,
  );
}

/** A locked person's row. The JSON is null unless the request may change the person. */
export type PersonRow = Omit<Required<ProfileColumns>, 'email_state' | 'push_state'> & {
  is_wanted: boolean;
  is_whole: boolean;
  bucket: number;
  user_id: number;
  email_state: GlobalState;
  push_state: GlobalState;
  created_at: Date;
  updated_at: Date;
  external_id: string | null;
  email_state_changed_at: Date | null;
  push_state_changed_at: Date | null;
  custom: JsonObject | null;
  custom_times: Record<string, number> | null;
  nested_times: Record<string, NestedTimes> | null;
  extras: JsonObject | null;
};

/** What is read of people who only did something: nobody changes their profiles or looks at their addresses. */
export type DoerRow = Pick<PersonRow, 'bucket' | 'user_id' | 'created_at'>;

/** The people who were locked. */
export interface Locked {
  /** The people whom the request names, and the holders of addresses that name somebody. In the order of their ids. */
  wanted: PersonRow[];
  /** People who only share an address whose state may change, by `emailKey`. */
  others: Map<string, PersonKey[]>;
  /** The people whom the request names, if it only tells what they did. Then the others are empty. */
  doers: DoerRow[];
}

export interface GivenPeople {
  workspaceId: number;
  /** The people whom the request names, other than by an address. */
  keys: readonly PersonKey[];
  /** Whether the request may change the person's profile, for each of `keys`. */
  changes: readonly boolean[];
  wanted: Wanted;
  /** The locked addresses that somebody may have. */
  sharedEmails: readonly string[];
  /** Number of objects in the request. */
  candidates: number;
}

/**
 * The lateral subqueries help the planner. Without them it would read the whole table, because it cannot know how few
 * people share an address (75 changes of email state among 100,000 people: 31 ms instead of 230 ms).
 */
const lock = hotStatement<GivenPeople, PersonRow>(
  'lock_people',
  (param) => sql`
    with found as materialized (
      select bucket, user_id, true as is_wanted, is_whole
        from unnest(${param(({ keys }) => intArray(keys.map(({ bucket }) => bucket)))}::integer[],
                    ${param(({ keys }) => intArray(keys.map(({ userId }) => userId)))}::bigint[],
                    ${param(({ changes }) => textArray(changes.map(String)))}::boolean[])
             as asked(bucket, user_id, is_whole)
       union all
      select c.bucket, c.user_id, true, true
        from unnest(${param(({ wanted }) => textArray([...wanted.emails]))}::text[]) as asked(email)
       cross join lateral (
             select bucket, user_id from ${havingEmail(sql`asked.email`)} as holders
              where workspace_id = ${param(({ workspaceId }) => workspaceId)}
              order by external_id is null, updated_at desc, user_id
              limit ${param(({ candidates }) => candidates + 1)}) as c
       union all
      select c.bucket, c.user_id, true, true
        from unnest(${param(({ wanted }) => textArray([...wanted.phones]))}::text[]) as asked(phone)
       cross join lateral (
             select bucket, user_id from ${havingPhone(sql`asked.phone`)} as holders
              where workspace_id = ${param(({ workspaceId }) => workspaceId)}
              order by external_id is null, updated_at desc, user_id
              limit ${param(({ candidates }) => candidates + 1)}) as c
       union all
      select c.bucket, c.user_id, false, true
        from unnest(${param(({ sharedEmails }) => textArray(sharedEmails))}::text[]) as shared(email)
       cross join lateral (
             select bucket, user_id from ${havingEmail(sql`shared.email`)} as holders
              where workspace_id = ${param(({ workspaceId }) => workspaceId)}) as c
    )
    select ${readColumns}, each.is_wanted, each.is_whole
      from (select bucket, user_id, bool_or(is_wanted) as is_wanted,
                   bool_or(is_wanted) and bool_or(is_whole) as is_whole
              from found group by bucket, user_id order by bucket, user_id) as each
     cross join lateral (
           select * from profiles
            where bucket = each.bucket and user_id = each.user_id
              and workspace_id = ${param(({ workspaceId }) => workspaceId)}
              for update) as p`,
);

const lockDoers = hotStatement<{ workspaceId: number; keys: readonly PersonKey[] }, DoerRow>(
  'lock_doers',
  (param) => sql`
    select p.bucket, p.user_id, p.created_at
      from (select unnest(${param(({ keys }) => intArray(keys.map(({ bucket }) => bucket)))}::integer[]) as bucket,
                   unnest(${param(({ keys }) => intArray(keys.map(({ userId }) => userId)))}::bigint[]) as user_id) as asked
     cross join lateral (
           select bucket, user_id, created_at from profiles
            where bucket = asked.bucket and user_id = asked.user_id
              and workspace_id = ${param(({ workspaceId }) => workspaceId)}
              for update) as p`,
);

/**
 * Locks and reads the people whom the request names, the holders of an address that names somebody, and everybody who
 * shares an address whose state may change. For an address that names somebody, the number of holders it locks is the
 * number of objects plus one, because each object could give one holder another address.
 */
export async function lockPeople(tx: Db, given: GivenPeople): Promise<Locked> {
  const locked: Locked = { wanted: [], others: new Map(), doers: [] };
  const { keys, wanted, sharedEmails } = given;
  const addresses = wanted.emails.size + wanted.phones.size + sharedEmails.length;
  if (keys.length + addresses === 0) return locked;
  if (addresses === 0 && !wanted.hasAttributes)
    return { ...locked, doers: await lockDoers(tx, { ...given, keys: inLockOrder(keys) }) };
  for (const row of await lock(tx, given)) {
    if (row.is_wanted) locked.wanted.push(row);
    else if (row.email !== null) addTo(locked.others, emailKey(row.email), { bucket: row.bucket, userId: row.user_id });
  }
  locked.wanted.sort((one, other) => one.user_id - other.user_id);
  return locked;
}

/** Each person once, in the order in which everybody locks people. */
function inLockOrder(keys: readonly PersonKey[]): PersonKey[] {
  return keys
    .toSorted((one, other) => one.bucket - other.bucket || one.userId - other.userId)
    .filter((key, index, all) => key.userId !== all[index - 1]?.userId || key.bucket !== all[index - 1]?.bucket);
}

function addTo(lists: Map<string, PersonKey[]>, key: string, person: PersonKey): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [person]);
  else list.push(person);
}

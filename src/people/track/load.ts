import { textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { Outdated } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { deviceOf } from '../device.ts';
import { type PersonKey, resolveNames } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { havingPhone } from './addresses/having.ts';
import { loadAddressStates, loadGroupStates } from './addresses/load-addresses.ts';
import { type DoerRow, lockAddresses, lockPeople, type PersonRow } from './lock.ts';
import { claimNames } from './names/claim-names.ts';
import type { TrackRequest } from './request.ts';
import { emailKey, newPerson, type Person, Roster, tokenKey } from './roster.ts';
import { type Wanted, wantedBy } from './wanted.ts';

/**
 * Loads everybody whom the requests may change, locked until the transaction ends. Throws Outdated: retry. `isFirstTry`: see
 * `claimNames`.
 */
export async function loadRoster(
  tx: Db,
  {
    requests,
    workspace,
    now,
    isFirstTry,
  }: { requests: readonly TrackRequest[]; workspace: WorkspaceCatalog; now: Date; isFirstTry: boolean },
): Promise<Roster> {
  const workspaceId = workspace.id;
  const wanted = wantedBy(requests);
  const lockedEmails = await emailsToLock(tx, wanted, workspaceId);
  const emails = new Set([...wanted.emails, ...wanted.newEmails, ...lockedEmails]);
  const phones = [...wanted.phones, ...wanted.newPhones];
  // One trip to the database. The states of addresses may be read before people are locked, because whoever changes them
  // has locked the address.
  const [, claimed, { held, ...states }, tokens] = await Promise.all([
    lockAddresses(tx, workspaceId, [...emails, ...phones, ...wanted.importedTokens.map(tokenKey)]),
    claimNames(tx, workspaceId, { wanted, isFirstTry }),
    loadAddressStates(tx, { wanted, workspace, now }),
    ownedTokens(tx, wanted.importedTokens),
  ]);
  const { made } = claimed;
  const isUnclear = [...wanted.created.keys()].some((key) => !claimed.known.has(key) && !made.has(key));
  const known = isUnclear ? await resolveNames(tx, workspaceId, [...wanted.names.values()]) : claimed.known;
  const named = [...known].filter(([name]) => !made.has(name));
  const locked = await lockPeople(tx, {
    ...{ workspaceId, wanted, sharedEmails: sharedAmong(lockedEmails, wanted, held) },
    keys: [...named.map(([, key]) => key), ...wanted.keys],
    changes: [
      ...named.map(([name]) => wanted.changed.has(name)),
      ...wanted.keys.map(({ userId }) => wanted.changedIds.has(userId)),
    ],
    candidates: requests.reduce((sum, request) => sum + countOf(request), 0),
  });
  const people = [...locked.wanted, ...locked.doers].map((row) => ({ bucket: row.bucket, userId: row.user_id }));
  const groups = await loadGroupStates(tx, { wanted, people, workspace, now });
  const roster = new Roster(now, { addresses: { ...states, groups }, tokens, lockedEmails, others: locked.others });
  for (const row of locked.wanted) roster.add(personFrom(row));
  for (const row of locked.doers) roster.add(doerFrom(row, now));
  linkNames(roster, { wanted, known, made, now });
  return roster;
}

/** Number of objects in a request. */
export function countOf({ attributes, activities }: TrackRequest): number {
  return attributes.length + activities.length;
}

/** Those of the locked addresses that somebody may have: for the addresses of `wanted` it is known. */
function sharedAmong(locked: ReadonlySet<string>, { newEmails, emails }: Wanted, held: ReadonlySet<string>): string[] {
  return [...locked].filter((email) => held.has(email) || !(newEmails.has(email) || emails.has(email)));
}

/** The addresses whose state the requests may change, as seen before anything is locked. */
async function emailsToLock(tx: Db, wanted: Wanted, workspaceId: number): Promise<Set<string>> {
  const { sharing } = wanted;
  if (!wanted.changesShared) return new Set();
  const names = sharing.flatMap((identifier) => (identifier.kind === 'name' ? [identifier.name] : []));
  const ids = sharing.flatMap((identifier) => (identifier.kind === 'braze_id' && identifier.id ? [identifier.id] : []));
  const keys = [...(await resolveNames(tx, workspaceId, names)).values(), ...ids];
  const emails = new Set([...wanted.emails, ...wanted.newEmails]);
  if (sharing.length === 0) return emails;
  const named = await tx.prepared<{ email: string }>(
    'emails_of_people',
    sql`
    select p.email
      from ${askedFor(keys)}
     cross join lateral (
           select email, workspace_id from profiles
            where ${inBucketsOf(keys, sql`bucket`)} and bucket = asked.bucket and user_id = asked.user_id
           offset 0) as p
     where p.email is not null and p.workspace_id = ${workspaceId}`,
  );
  const phoned = await emailsByPhone(tx, workspaceId, [...wanted.phones]);
  for (const { email } of [...named, ...phoned]) emails.add(emailKey(email));
  return emails;
}

async function emailsByPhone(tx: Db, workspaceId: number, phones: readonly string[]): Promise<{ email: string }[]> {
  if (phones.length === 0) return [];
  return tx.query(sql`
    select p.email
      from unnest(${textArray(phones)}::text[]) as asked(phone)
     cross join lateral ${havingPhone(sql`asked.phone`)} as p
     where p.workspace_id = ${workspaceId} and p.email is not null`);
}

function personFrom(row: PersonRow): Person {
  const { first_name, last_name, email, email_state, push_state, phone, country, language, gender, home_city } = row;
  const { time_zone, dob, longitude, latitude, first_session_at, last_session_at } = row;
  return {
    ...newPerson(null, { bucket: row.bucket, userId: row.user_id }, row.updated_at),
    stage: 'stored',
    isWhole: row.is_whole,
    createdAt: row.created_at,
    externalId: row.external_id,
    columns: {
      ...{ first_name, last_name, email, email_state, push_state, phone, country, language, gender, home_city },
      ...{ time_zone, dob, longitude, latitude, first_session_at, last_session_at },
    },
    emailStateChangedAt: row.email_state_changed_at,
    pushStateChangedAt: row.push_state_changed_at,
    custom: {
      values: new Map(Object.entries(row.custom ?? {})),
      times: new Map(Object.entries(row.custom_times ?? {})),
      nestedTimes: new Map(Object.entries(row.nested_times ?? {})),
    },
    extras: new Map(Object.entries(row.extras ?? {})),
  };
}

/** A person of whom hardly anything was read, because nothing but their deeds is written. */
function doerFrom({ bucket, user_id, created_at }: DoerRow, now: Date): Person {
  return {
    ...newPerson(null, { bucket, userId: user_id }, now),
    stage: 'stored',
    isWhole: false,
    createdAt: created_at,
  };
}

/** Links each name of the request with its person. A reserved name gets a possible person, whom an object may make. */
function linkNames(
  roster: Roster,
  {
    wanted,
    known,
    made,
    now,
  }: {
    wanted: Wanted;
    known: ReadonlyMap<string, PersonKey>;
    made: ReadonlyMap<string, PersonKey>;
    now: Date;
  },
): void {
  for (const [nameId, name] of wanted.names) {
    const own = made.get(nameId);
    const key = known.get(nameId);
    if (own !== undefined) roster.add(newPerson(name, own, now), [name]);
    else if (key !== undefined) roster.link(name, key);
    else if (wanted.created.has(nameId)) throw new Outdated('a name went away');
  }
}

async function ownedTokens(tx: Db, tokens: readonly { appId: string; token: string }[]): Promise<Set<string>> {
  if (tokens.length === 0) return new Set();
  const rows = await tx.query<{ app_id: string; token: string }>(sql`
    select o.app_id, o.token
      from unnest(${tokens.map(({ appId }) => appId)}::text[], ${tokens.map(({ token }) => deviceOf(token))}::text[])
           as asked(app_id, token)
      join push_token_owners o on o.app_id = asked.app_id and o.token = asked.token`);
  return new Set(rows.map(({ app_id, token }) => tokenKey({ appId: app_id, token })));
}

import type { Db } from '../../db/database.ts';
import { Outdated } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { deviceOf } from '../device.ts';
import { type PersonKey, resolveNames } from '../profile/identify.ts';
import type { NestedTimes } from '../profile/nested-times.ts';
import type { JsonObject } from '../profile/nested-values.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import type { ProfileColumns } from '../profile/profile-fields.ts';
import { loadKnownAddresses } from './load-addresses.ts';
import { lockAddresses, lockPeople, reserveNames } from './lock.ts';
import type { TrackRequest } from './request.ts';
import { emailKey, newPerson, type Person, Roster, tokenKey } from './roster.ts';
import { type Wanted, wantedBy } from './wanted.ts';

/** Loads everybody whom a request may change, locked until the transaction ends. Throws Outdated: retry. */
export async function loadRoster(
  tx: Db,
  { request, workspace, now }: { request: TrackRequest; workspace: WorkspaceCatalog; now: Date },
): Promise<Roster> {
  const workspaceId = workspace.id;
  const wanted = wantedBy(request);
  let known = await resolveNames(tx, workspaceId, [...wanted.names.values()]);
  const lockedEmails = await emailsToLock(tx, { wanted, known, workspaceId });
  const emails = new Set([...wanted.emails, ...wanted.newEmails, ...lockedEmails]);
  const phones = [...wanted.phones, ...wanted.newPhones];
  await lockAddresses(tx, workspaceId, [...emails, ...phones, ...wanted.importedTokens.map(tokenKey)]);
  const made = await reserveNames(
    tx,
    workspaceId,
    [...wanted.created].filter(([key]) => !known.has(key)).map(([, name]) => name),
  );
  const isUnclear = [...wanted.created.keys()].some((key) => !known.has(key) && !made.has(key));
  if (isUnclear) known = await resolveNames(tx, workspaceId, [...wanted.names.values()]);
  const keys = [...known].filter(([name]) => !made.has(name)).map(([, key]) => key);
  const locked = await lockPeople(tx, {
    wanted,
    keys: [...keys, ...wanted.keys],
    lockedEmails,
    workspaceId,
    candidates: countOf(request),
  });
  const roster = new Roster(now, {
    addresses: await loadKnownAddresses(tx, { wanted, people: locked.wanted, workspace, now }),
    tokens: await ownedTokens(tx, wanted.importedTokens),
    lockedEmails,
    others: locked.others,
  });
  for (const person of await loadPeople(tx, locked.wanted)) roster.add(person);
  linkNames(roster, { wanted, known, made, now });
  return roster;
}

function countOf(request: TrackRequest): number {
  return request.attributes.length + request.activities.length;
}

/** The addresses whose state the request may change, as seen before anything is locked. */
async function emailsToLock(
  tx: Db,
  { wanted, known, workspaceId }: { wanted: Wanted; known: ReadonlyMap<string, PersonKey>; workspaceId: number },
): Promise<Set<string>> {
  const emails = new Set<string>();
  if (wanted.sharing.length === 0) return emails;
  for (const email of [...wanted.emails, ...wanted.newEmails]) emails.add(email);
  const keys = [...known.values(), ...wanted.keys];
  const named = await tx.query<{ email: string }>(sql`
    select p.email
      from ${askedFor(keys)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(keys, sql`p.bucket`)} and p.email is not null and p.workspace_id = ${workspaceId}`);
  const phoned = await emailsByPhone(tx, workspaceId, [...wanted.phones]);
  for (const { email } of [...named, ...phoned]) emails.add(emailKey(email));
  return emails;
}

async function emailsByPhone(tx: Db, workspaceId: number, phones: readonly string[]): Promise<{ email: string }[]> {
  if (phones.length === 0) return [];
  return tx.query(sql`
    select email
      from profiles
     where workspace_id = ${workspaceId} and phone = any(${phones}::text[]) and email is not null`);
}

type PersonRow = Omit<Required<ProfileColumns>, 'email_state' | 'push_state'> & {
  bucket: number;
  user_id: number;
  email_state: GlobalState;
  push_state: GlobalState;
  created_at: Date;
  updated_at: Date;
  external_id: string | null;
  email_state_changed_at: Date | null;
  push_state_changed_at: Date | null;
  custom: JsonObject;
  custom_times: Record<string, number>;
  nested_times: Record<string, NestedTimes>;
  extras: JsonObject;
};

async function loadPeople(tx: Db, keys: readonly PersonKey[]): Promise<Person[]> {
  if (keys.length === 0) return [];
  const rows = await tx.prepared<PersonRow>(
    'load_people',
    sql`
    select p.*
      from unnest(${keys.map(({ bucket }) => bucket)}::integer[], ${keys.map(({ userId }) => userId)}::bigint[])
           as asked(bucket, user_id)
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     order by p.user_id`,
  );
  return rows.map(personFrom);
}

function personFrom(row: PersonRow): Person {
  const { bucket, user_id, created_at, updated_at, external_id, custom, custom_times, nested_times, extras, ...rest } =
    row;
  const { first_name, last_name, email, email_state, push_state, phone, country, language, gender, home_city } = rest;
  const { time_zone, dob, longitude, latitude, first_session_at, last_session_at } = rest;
  return {
    ...newPerson(null, { bucket, userId: user_id }, updated_at),
    stage: 'stored',
    createdAt: created_at,
    externalId: external_id,
    columns: {
      ...{ first_name, last_name, email, email_state, push_state, phone, country, language, gender, home_city },
      ...{ time_zone, dob, longitude, latitude, first_session_at, last_session_at },
    },
    emailStateChangedAt: row.email_state_changed_at,
    pushStateChangedAt: row.push_state_changed_at,
    custom: {
      values: new Map(Object.entries(custom)),
      times: new Map(Object.entries(custom_times)),
      nestedTimes: new Map(Object.entries(nested_times)),
    },
    extras: new Map(Object.entries(extras)),
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

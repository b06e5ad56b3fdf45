import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { brazeId, readBrazeId } from './braze-id.ts';
import type { Identifier } from './identifiers.ts';
import { type PersonKey, type PersonName, resolveNames } from './identify.ts';
import { askedFor, inBucketsOf } from './person-keys.ts';

/** A person with the ids that clients know. */
export interface FoundPerson {
  key: PersonKey;
  externalId: string | null;
  brazeId: string;
}

/** The person with this name or braze id. null: nobody. An address finds nobody, because several may share it. */
export async function findPerson(db: Db, workspaceId: number, identifier: Identifier): Promise<FoundPerson | null> {
  const key = await keyOf(db, workspaceId, identifier);
  if (key === null) return null;
  const row = await db.maybeOne<{ created_at: Date; external_id: string | null }>(sql`
    select created_at, external_id
      from profiles
     where bucket = ${key.bucket} and user_id = ${key.userId} and workspace_id = ${workspaceId}`);
  if (row === null) return null;
  const id = brazeId(row.created_at, key.bucket, key.userId);
  const isAnother = identifier.kind === 'braze_id' && brazeIdOf(identifier) !== id;
  return isAnother ? null : { key, externalId: row.external_id, brazeId: id };
}

/**
 * The people who have this address, number or device, at most 100 of them: those with an external id first, because clients
 * take the first, then those who were updated last. `value`: a phone number is in E.164.
 */
export async function findByAddress(
  db: Db,
  { workspaceId, kind, value }: { workspaceId: number; kind: 'device_id' | 'email' | 'phone'; value: string },
): Promise<FoundPerson[]> {
  const condition: Record<typeof kind, Sql> = {
    email: sql`p.email is not null and lower(p.email) = lower(${value})`,
    phone: sql`p.phone = ${value}`,
    device_id: sql`(p.bucket, p.user_id) in (select bucket, user_id from push_targets where device_id = ${value})`,
  };
  const rows = await db.query<{ bucket: number; user_id: number; created_at: Date; external_id: string | null }>(sql`
    select p.bucket, p.user_id, p.created_at, p.external_id
      from profiles p
     where p.workspace_id = ${workspaceId} and ${condition[kind]}
     order by p.external_id is null, p.updated_at desc, p.user_id
     limit 100`);
  return rows.map(({ bucket, user_id: userId, created_at, external_id }) => ({
    key: { bucket, userId },
    externalId: external_id,
    brazeId: brazeId(created_at, bucket, userId),
  }));
}

/** The people with these braze ids, by id as given. Ids that name nobody are missing. */
export async function findByBrazeIds(
  db: Db,
  workspaceId: number,
  given: readonly string[],
): Promise<Map<string, PersonKey>> {
  const ids = new Map(given.map((id) => [id, readBrazeId(id)] as const).filter(isReadable));
  const keys = [...ids.values()];
  if (keys.length === 0) return new Map();
  const rows = await db.query<{ bucket: number; user_id: number; created_at: Date }>(sql`
    select p.bucket, p.user_id, p.created_at
      from ${askedFor(keys)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(keys, sql`p.bucket`)} and p.workspace_id = ${workspaceId}`);
  const found = new Map(
    rows.map(({ bucket, user_id, created_at }) => [brazeId(created_at, bucket, user_id), { bucket, userId: user_id }]),
  );
  return new Map(
    [...ids.keys()].flatMap((id) => {
      const key = found.get(id.toLowerCase());
      return key === undefined ? [] : [[id, key] as const];
    }),
  );
}

type ReadId = NonNullable<ReturnType<typeof readBrazeId>>;

function isReadable(entry: readonly [string, ReadId | null]): entry is readonly [string, ReadId] {
  return entry[1] !== null;
}

/** The external id and the aliases of a person. */
export function namesOf(db: Db, { bucket, userId }: PersonKey): Promise<PersonName[]> {
  return db.query<PersonName & Record<string, unknown>>(sql`
    select label, name from user_names where bucket = ${bucket} and user_id = ${userId} order by label, name`);
}

async function keyOf(db: Db, workspaceId: number, identifier: Identifier): Promise<PersonKey | null> {
  if (identifier.kind === 'braze_id') return identifier.id;
  if (identifier.kind !== 'name') return null;
  const [key] = (await resolveNames(db, workspaceId, [identifier.name])).values();
  return key ?? null;
}

function brazeIdOf({ id }: Extract<Identifier, { kind: 'braze_id' }>): string | null {
  return id && brazeId(new Date(id.createdAtS * 1000), id.bucket, id.userId);
}

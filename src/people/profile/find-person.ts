import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { brazeId } from './braze-id.ts';
import type { Identifier } from './identifiers.ts';
import { type PersonKey, type PersonName, resolveNames } from './identify.ts';

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

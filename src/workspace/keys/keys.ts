import { createHash, randomUUID } from 'node:crypto';
import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { type Permission, permissions } from '../permissions.ts';
import { announceChange } from '../workspaces.ts';

/** A stored key, without the key itself. */
export interface KeyRecord {
  id: string;
  name: string;
  /** The key's first four characters. */
  hint: string;
  permissions: readonly Permission[];
  allowFrom: readonly string[];
  createdBy: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface NewKey {
  name: string;
  permissions: readonly Permission[];
  /** Addresses and CIDR subnets that may use the key. Empty: any address. */
  allowFrom: readonly string[];
  createdBy: string;
}

/** A key cannot be made or found. The message is written for the operator. */
export class KeyError extends Error {
  override name = 'KeyError';
}

export const allPermissions = Object.keys(permissions) as readonly Permission[];

/** Who made a key that the environment of servers holds. */
export const ENVIRONMENT = 'CRESSET_API_KEY';
const FIRST = 'first key';
/** Who made a key that stands in a workspace file. */
export const WORKSPACE_FILE = 'workspace file';

/** Makes a key of 122 random bits, in the form of the original's keys, because clients may check the form. */
export function makeKey(): string {
  return randomUUID();
}

export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Makes and stores a key. The result holds its only copy. Throws KeyError when the name is in use. */
export function createKey(db: Database, workspaceId: number, key: NewKey): Promise<{ id: string; key: string }> {
  return db.transaction((tx) => createKeyIn(tx, workspaceId, key));
}

/** The same in the caller's transaction. */
export async function createKeyIn(tx: Db, workspaceId: number, key: NewKey): Promise<{ id: string; key: string }> {
  const secret = makeKey();
  await lockKeys(tx, workspaceId);
  const taken = await tx.query(sql`
    select 1 from api_keys where workspace_id = ${workspaceId} and name = ${key.name}`);
  if (taken.length > 0) throw new KeyError(`there is a key named "${key.name}" already`);
  return { id: await insertKey(tx, workspaceId, key, secret), key: secret };
}

/** Stores a key, in the caller's transaction. Returns its id. */
export async function insertKey(tx: Db, workspaceId: number, key: NewKey, secret: string): Promise<string> {
  const id = randomUUID();
  await tx.run(sql`
    insert into api_keys (id, workspace_id, name, hash, hint, permissions, allow_from, created_by)
    values (${id}, ${workspaceId}, ${key.name}, ${hashKey(secret)}, ${secret.slice(0, 4)},
            ${key.permissions}, ${key.allowFrom}, ${key.createdBy})`);
  await announceChange(tx);
  return id;
}

/** Lists the workspace's keys, oldest first. */
export async function listKeys(db: Db, workspaceId: number): Promise<KeyRecord[]> {
  return db.query<KeyRecord & Record<string, unknown>>(sql`
    select id, name, hint, permissions, allow_from as "allowFrom", created_by as "createdBy",
           created_at as "createdAt", last_used_at as "lastUsedAt"
      from api_keys
     where workspace_id = ${workspaceId}
     order by created_at, name`);
}

/** A key that is gone. */
export type DeletedKey = Pick<KeyRecord, 'id' | 'name' | 'permissions' | 'allowFrom' | 'createdBy'>;

/** Deletes the key with this id or name and returns it. Throws KeyError when there is none. */
export function deleteKey(db: Database, workspaceId: number, idOrName: string): Promise<DeletedKey> {
  return db.transaction((tx) => deleteKeyIn(tx, workspaceId, idOrName));
}

/** The same in the caller's transaction. */
export async function deleteKeyIn(tx: Db, workspaceId: number, idOrName: string): Promise<DeletedKey> {
  const deleted = await tx.maybeOne<DeletedKey & Record<string, unknown>>(sql`
    delete from api_keys
     where workspace_id = ${workspaceId} and (id::text = lower(${idOrName}) or name = ${idOrName})
    returning id, name, permissions, allow_from as "allowFrom", created_by as "createdBy"`);
  if (deleted === null) throw new KeyError(`there is no key with the id or name "${idOrName}"`);
  await announceChange(tx);
  return deleted;
}

/**
 * Makes sure that the workspace has a key: stores the environment's key, or makes one if the workspace has none.
 * Returns the key that it made, to be printed once. null: it made none.
 */
export async function ensureFirstKey(
  db: Database,
  workspaceId: number,
  given: string | null,
): Promise<{ made: string | null }> {
  return db.transaction(async (tx) => {
    await lockKeys(tx, workspaceId);
    if (given !== null) {
      await putEnvironmentKey(tx, workspaceId, given);
      return { made: null };
    }
    if ((await listKeys(tx, workspaceId)).length > 0) return { made: null };
    const made = makeKey();
    const key = { name: FIRST, permissions: allPermissions, allowFrom: [], createdBy: FIRST };
    await insertKey(tx, workspaceId, key, made);
    return { made };
  });
}

/** Stores the environment's key and deletes its earlier values. A key that is known under another name stays as it is. */
async function putEnvironmentKey(tx: Db, workspaceId: number, given: string): Promise<void> {
  const ended = await tx.run(sql`
    delete from api_keys
     where workspace_id = ${workspaceId} and created_by = ${ENVIRONMENT} and hash <> ${hashKey(given)}`);
  const widened = await tx.run(sql`
    update api_keys
       set permissions = ${allPermissions}
     where hash = ${hashKey(given)} and created_by = ${ENVIRONMENT} and permissions <> ${allPermissions}::text[]`);
  const known = await tx.query<{ workspace_id: number }>(sql`
    select workspace_id from api_keys where hash = ${hashKey(given)}`);
  if (known.some((key) => key.workspace_id !== workspaceId)) {
    throw new KeyError(`${ENVIRONMENT} holds a key of another workspace`);
  }
  const key = { name: ENVIRONMENT, permissions: allPermissions, allowFrom: [], createdBy: ENVIRONMENT };
  if (known.length === 0) await insertKey(tx, workspaceId, key, given);
  else if (ended + widened > 0) await announceChange(tx);
}

async function lockKeys(tx: Db, workspaceId: number): Promise<void> {
  await tx.one(sql`select id from workspaces where id = ${workspaceId} for no key update`);
}

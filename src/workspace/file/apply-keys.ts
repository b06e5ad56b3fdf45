import { sql } from '../../db/sql.ts';
import { hashKey, insertKey, WORKSPACE_FILE } from '../keys/keys.ts';
import type { Step } from './apply-step.ts';
import { type Change, compare, isWrite, type Thing } from './plan.ts';

interface KeyRow {
  workspace_id: number;
  name: string;
  hash: Buffer;
  permissions: string[];
  allow_from: string[];
  created_by: string;
}

/** Applies the API keys. A key under a known name replaces the earlier one. */
export async function applyKeys({ tx, workspaceId, file, problems }: Step): Promise<Change[]> {
  const rows = await tx.query<KeyRow & Record<string, unknown>>(sql`
    select workspace_id, name, hash, permissions, allow_from, created_by from api_keys order by created_at, name`);
  const ours = rows.filter((row) => row.workspace_id === workspaceId);
  const before = problems.length;
  for (const [index, { name, key }] of file.api_keys.entries()) {
    const namesake = ours.find((row) => row.name === name && row.created_by !== WORKSPACE_FILE);
    if (namesake) problems.push(`api_keys[${index}].name: ${takenBy(namesake)}`);
    const same = rows.find((row) => row.hash.equals(hashKey(key)));
    const isOwn = same?.workspace_id === workspaceId && file.api_keys.some((other) => other.name === same.name);
    if (same && !isOwn) problems.push(`api_keys[${index}].key: is in use already, under another name`);
  }
  if (problems.length > before) return [];
  const changes = compare(
    'api_key',
    file.api_keys.map((key) => thing(key.name, hashKey(key.key), key.permissions, key.allow_from)),
    ours
      .filter((row) => row.created_by === WORKSPACE_FILE)
      .map((row) => thing(row.name, row.hash, row.permissions, row.allow_from)),
  );
  const writes = file.api_keys.filter((_, index) => isWrite(changes[index] ?? neverWritten));
  const names = writes.map(({ name }) => name);
  // Deletes all before it inserts any, because two keys may swap their names.
  await tx.run(sql`delete from api_keys where workspace_id = ${workspaceId} and name = any(${names}::text[])`);
  for (const { name, key, permissions, allow_from } of writes) {
    await insertKey(tx, workspaceId, { name, permissions, allowFrom: allow_from, createdBy: WORKSPACE_FILE }, key);
  }
  return changes.map((change) => ({ ...change, id: null }));
}

function takenBy({ name, created_by }: KeyRow): string {
  const advice = `Choose another name, or delete that key: cresset keys delete ${JSON.stringify(name)}`;
  return `is the name of a key that was not made by a workspace file but by ${created_by}. ${advice}`;
}

const neverWritten: Change = { kind: 'unchanged', what: '', id: null, name: '', changed: [] };

function thing(name: string, hash: Buffer, permissions: readonly string[], allowFrom: readonly string[]): Thing {
  return {
    id: name,
    name,
    parts: { key: hash.toString('hex'), permissions: [...permissions].sort(), allow_from: allowFrom },
  };
}

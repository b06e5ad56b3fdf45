import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { rangeProblem } from '../../../lib/allow-list.ts';
import type { Clock } from '../../../lib/clock.ts';
import { describe } from '../../../lib/raw/json.ts';
import { recordChange } from '../../../operators/audit.ts';
import {
  allPermissions,
  createKeyIn,
  deleteKeyIn,
  KeyError,
  type KeyRecord,
  listKeys,
  type NewKey,
  WORKSPACE_FILE,
} from '../../../workspace/keys/keys.ts';
import { type Permission, permissions } from '../../../workspace/permissions.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';

const MOST_RANGES = 1_000;

/** API keys: list, make, delete. */
export function keyRoutes({ db, clock }: { db: Database; clock: Clock }): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/keys',
      role: 'viewer',
      async handle({ workspaceId }) {
        const keys = (await listKeys(db, workspaceId)).map(describeKey);
        const known = Object.entries(permissions).map(([name, opens]) => ({ name, opens }));
        return { status: 200, body: { keys, known_permissions: known, message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/keys',
      role: 'admin',
      async handle({ actor, workspaceId, body }) {
        const key = { ...readNewKey(body), createdBy: `operator ${actor.name}` };
        const made = await db.transaction(async (tx) => {
          const stored = await refusing(createKeyIn(tx, workspaceId, key), 'bad_request', 'name');
          const change = { action: 'key.create', subject: key.name, before: null, after: shown(key) };
          await recordChange(tx, actor, change, clock.now());
          return stored;
        });
        return { status: 201, body: { key_id: made.id, key: made.key, message: 'success' } };
      },
    },
    {
      method: 'DELETE',
      path: '/operator/v1/keys/:key_id',
      role: 'admin',
      async handle({ actor, workspaceId, params }) {
        await db.transaction(async (tx) => {
          const gone = await refusing(deleteKeyIn(tx, workspaceId, params.key_id ?? ''), 'not_found', 'key_id');
          const change = { action: 'key.delete', subject: gone.name, before: shown(gone), after: null };
          await recordChange(tx, actor, change, clock.now());
        });
        return { status: 200, body: { message: 'success' } };
      },
    },
  ];
}

function describeKey({ id, name, hint, permissions, allowFrom, createdBy, createdAt, lastUsedAt }: KeyRecord): object {
  return {
    ...{ key_id: id, name, hint, permissions, allow_from: allowFrom, created_by: createdBy, created_at: createdAt },
    last_used_at: lastUsedAt,
    is_of_file: createdBy === WORKSPACE_FILE,
  };
}

function shown({ permissions, allowFrom, createdBy }: Omit<NewKey, 'name'>) {
  return { permissions: [...permissions], allow_from: [...allowFrom], created_by: createdBy };
}

async function refusing<T>(done: Promise<T>, code: 'bad_request' | 'not_found', member: string): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof KeyError) throw new RequestError(code, [`${member}: ${error.message}`]);
    throw error;
  }
}

function readNewKey(body: OperatorRequest['body']): Omit<NewKey, 'createdBy'> {
  const reader = new BodyReader(body, ['name', 'permissions', 'allow_from']);
  const name = reader.text('name', { most: 255 });
  if (name !== '' && (name.trim() === '' || /\p{Cc}/u.test(name)))
    reader.refuse('name', 'expected a text without control characters');
  const asked = readTexts(reader, 'permissions', allPermissions.length);
  if (asked.length === 0) reader.refuse('permissions', 'expected at least one permission');
  for (const [at, one] of asked.entries())
    if (!isPermission(one)) reader.problems.add('type', `permissions[${at}]`, 'there is no such permission');
  const allowFrom = reader.has('allow_from') ? readTexts(reader, 'allow_from', MOST_RANGES) : [];
  for (const [at, range] of allowFrom.entries()) {
    const problem = rangeProblem(range);
    if (problem !== null) reader.problems.add('type', `allow_from[${at}]`, problem);
  }
  reader.end();
  return { name, permissions: [...new Set(asked.filter(isPermission))], allowFrom };
}

function readTexts(reader: BodyReader, member: string, most: number): string[] {
  const value = reader.get(member);
  const isGood = Array.isArray(value) && value.every((one) => typeof one === 'string');
  if (!isGood) reader.refuse(member, `expected a list of texts, got ${describe(value)}`);
  else if (value.length > most) reader.refuse(member, `expected at most ${most} entries, got ${value.length}`);
  else return value;
  return [];
}

function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissions, name);
}

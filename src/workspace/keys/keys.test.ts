import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { sql } from '../../db/sql.ts';
import { loadCatalog } from '../load-catalog.ts';
import { secretFrom } from '../secrets.ts';
import { allPermissions, createKey, deleteKey, ensureFirstKey, hashKey, listKeys } from './keys.ts';

const secret = secretFrom('a secret of the tests, long enough');
const backend = {
  name: 'backend',
  permissions: ['messages.send'],
  allowFrom: ['10.0.0.0/8'],
  createdBy: 'ada',
} as const;

test('a new key is in the catalog by its hash, and the list shows its first four characters only', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const { id, key } = await createKey(db, workspaceId, backend);
  const catalog = await loadCatalog(db, secret);
  assert.deepEqual(catalog.apiKey(hashKey(key)), {
    id,
    workspaceId,
    name: 'backend',
    hash: hashKey(key),
    permissions: new Set(['messages.send']),
    allowFrom: ['10.0.0.0/8'],
  });
  const [listed, ...others] = await listKeys(db, workspaceId);
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...listed, createdAt: null },
    { ...backend, id, hint: key.slice(0, 4), createdAt: null, lastUsedAt: null },
  );
});

test('no column of a stored key holds the key itself', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const { key } = await createKey(db, workspaceId, backend);
  const { row } = await db.one<{ row: string }>(sql`select api_keys::text as row from api_keys`);
  assert.equal(row.includes(key), false);
  assert.equal(row.includes(Buffer.from(key).toString('hex')), false);
  assert.equal(row.includes(hashKey(key).toString('hex')), true);
});

test('a second key with the same name is refused', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  await createKey(db, workspaceId, backend);
  const again = createKey(db, workspaceId, backend);
  await assert.rejects(again, { name: 'KeyError', message: 'there is a key named "backend" already' });
});

for (const by of ['id', 'name'] as const) {
  test(`a key deleted by its ${by} is refused at once`, async (t) => {
    const { db, workspaceId } = await testDatabase(t);
    const { id, key } = await createKey(db, workspaceId, backend);
    assert.deepEqual(await deleteKey(db, workspaceId, { id, name: 'backend' }[by]), {
      ...{ id, name: 'backend', createdBy: 'ada' },
      ...{ permissions: ['messages.send'], allowFrom: ['10.0.0.0/8'] },
    });
    assert.equal((await loadCatalog(db, secret)).apiKey(hashKey(key)), undefined);
    await assert.rejects(deleteKey(db, workspaceId, 'backend'), {
      name: 'KeyError',
      message: 'there is no key with the id or name "backend"',
    });
  });
}

test('a key of another workspace cannot be deleted', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const other = await db.one<{ id: number }>(sql`insert into workspaces (name) values ('other') returning id`);
  await createKey(db, workspaceId, backend);
  await assert.rejects(deleteKey(db, other.id, 'backend'), /there is no key/);
  assert.equal((await listKeys(db, workspaceId)).length, 1);
});

test('a workspace without keys gets one key with every permission, once', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const { made } = await ensureFirstKey(db, workspaceId, null);
  assert.ok(made !== null);
  assert.deepEqual(await ensureFirstKey(db, workspaceId, null), { made: null });
  const key = (await loadCatalog(db, secret)).apiKey(hashKey(made));
  assert.deepEqual(key?.permissions, new Set(allPermissions));
  assert.equal((await listKeys(db, workspaceId)).length, 1);
});

test('two concurrent first starts make one key', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const results = await Promise.all([1, 2, 3].map(() => ensureFirstKey(db, workspaceId, null)));
  assert.equal(results.filter(({ made }) => made !== null).length, 1);
});

const given = 'key-of-the-environment';

async function environmentKeys(t: TestContext, ...starts: string[]) {
  const { db, workspaceId } = await testDatabase(t);
  for (const key of starts) assert.deepEqual(await ensureFirstKey(db, workspaceId, key), { made: null });
  return { db, workspaceId, keys: await listKeys(db, workspaceId), catalog: await loadCatalog(db, secret) };
}

test('the key of the environment is stored once, with every permission', async (t) => {
  const { keys, catalog } = await environmentKeys(t, given, given);
  assert.deepEqual(
    keys.map(({ name, createdBy, hint }) => ({ name, createdBy, hint })),
    [{ name: 'CRESSET_API_KEY', createdBy: 'CRESSET_API_KEY', hint: 'key-' }],
  );
  assert.deepEqual(catalog.apiKey(hashKey(given))?.permissions, new Set(allPermissions));
});

test('another key in the environment replaces the earlier one', async (t) => {
  const { keys, catalog } = await environmentKeys(t, given, 'another-key-16-chars');
  assert.equal(keys.length, 1);
  assert.equal(catalog.apiKey(hashKey(given)), undefined);
  assert.equal(catalog.apiKey(hashKey('another-key-16-chars'))?.name, 'CRESSET_API_KEY');
});

test('the key of the environment gains the permissions of a newer version', async (t) => {
  const { db, workspaceId } = await environmentKeys(t, given);
  await db.run(sql`update api_keys set permissions = '{messages.send}'`);
  await ensureFirstKey(db, workspaceId, given);
  assert.deepEqual((await listKeys(db, workspaceId))[0]?.permissions, allPermissions);
});

test('a key of another workspace in the environment stops the start', async (t) => {
  const { db } = await environmentKeys(t, given);
  const other = await db.one<{ id: number }>(sql`insert into workspaces (name) values ('other') returning id`);
  await assert.rejects(ensureFirstKey(db, other.id, given), {
    name: 'KeyError',
    message: 'CRESSET_API_KEY holds a key of another workspace',
  });
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { commandLineOnDatabase, SECRET } from '../../test/support/command-line.ts';
import { sql } from '../db/sql.ts';
import { hashKey } from '../workspace/keys/keys.ts';
import { loadCatalog } from '../workspace/load-catalog.ts';
import { secretFrom } from '../workspace/secrets.ts';

test('a key is created, listed without its text, and deleted', async (t) => {
  const { db, run } = await commandLineOnDatabase(t);
  assert.equal((await run('keys', 'list')).out, 'There are no keys.');
  const made = await run(
    'keys',
    'create',
    'backend',
    '-p',
    'messages.send',
    'users.track',
    '-a',
    '10.0.0.0/8',
    '--json',
  );
  assert.equal(made.code, 0);
  const { id, name, key } = JSON.parse(made.out);
  assert.equal(name, 'backend');
  const stored = (await loadCatalog(db, secretFrom(SECRET))).apiKey(hashKey(key));
  assert.deepEqual(stored?.permissions, new Set(['messages.send', 'users.track']));

  const listed = await run('keys', 'list', '--json');
  const [record] = JSON.parse(listed.out);
  assert.deepEqual(
    { ...record, created_at: null },
    {
      id,
      name: 'backend',
      hint: key.slice(0, 4),
      permissions: ['messages.send', 'users.track'],
      allow_from: ['10.0.0.0/8'],
      created_by: 'cresset keys create',
      created_at: null,
      last_used_at: null,
    },
  );
  const shown = (await run('keys', 'list')).out;
  assert.match(shown, /\n\nLAST USED may be a minute behind\.$/);
  assert.match(shown, /^NAME +KEY +LAST USED +CREATED +BY +ALLOWED FROM +PERMISSIONS +ID\nbackend +.{4}… +never /);
  assert.equal(shown.includes(key) || listed.out.includes(key), false);

  assert.equal((await run('keys', 'delete', 'backend')).out, 'The key "backend" is deleted.');
  assert.equal((await run('keys', 'list', '--json')).out, '[]');
  const again = JSON.parse((await run('keys', 'create', 'backend', '--all-permissions', '--json')).out);
  const deleted = JSON.parse((await run('keys', 'delete', 'backend', '--json')).out);
  assert.deepEqual(deleted, { deleted: { id: again.id, name: 'backend' } });
});

test('a deleted key of a workspace file or of the environment is said to return', async (t) => {
  const { db, run } = await commandLineOnDatabase(t);
  await run('keys', 'create', 'shop', '-p', 'messages.send');
  await db.run(sql`update api_keys set created_by = 'workspace file'`);
  const { out, errors } = await run('keys', 'delete', 'shop');
  assert.equal(out, 'The key "shop" is deleted.');
  assert.match(errors, /^This key stood in a workspace file, and returns with the next `cresset apply` of that file/m);

  await run('keys', 'create', 'env', '-p', 'messages.send');
  await db.run(sql`update api_keys set created_by = 'CRESSET_API_KEY'`);
  assert.match((await run('keys', 'delete', 'env')).errors, /^This key stood in CRESSET_API_KEY, and returns with /m);
});

test('a new key is printed first, with a warning', async (t) => {
  const { run } = await commandLineOnDatabase(t);
  const { out } = await run('keys', 'create', 'ops', '--all-permissions');
  assert.match(out, /^[0-9a-f-]{36}\n\nThis is the only time the key "ops" is shown\. Its id is [0-9a-f-]{36}\.$/);
  assert.match((await run('keys', 'list')).out, / anywhere +all /);
});

test('a key that exists already, or does not exist, ends with exit code 1 and one line', async (t) => {
  const { run } = await commandLineOnDatabase(t);
  await run('keys', 'create', 'ops', '--all-permissions');
  const { database, ...again } = await run('keys', 'create', 'ops', '--all-permissions');
  assert.deepEqual(again, { code: 1, out: '', errors: 'there is a key named "ops" already' });
  assert.match(database ?? '', /^Database: test_\w+ at /);
  assert.deepEqual(await run('keys', 'delete', 'nobody', '--json'), {
    ...{ code: 1, out: '', database: null },
    errors: '{"error":{"name":"KeyError","problems":["there is no key with the id or name \\"nobody\\""]}}',
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { commandLineOnDatabase, temporaryFolder } from '../../../test/support/command-line.ts';
import { sql } from '../../db/sql.ts';
import { hashKey } from '../../workspace/keys/keys.ts';
import { ensureStartKey } from '../../workspace/keys/start-key.ts';

const SEVERAL =
  /^There are several workspaces: "test", "shop"\. Say which with --in <workspace>, or with CRESSET_IN\.$/;

test('workspaces are added, listed and renamed', async (t) => {
  const { db, run } = await commandLineOnDatabase(t);
  const added = await run('workspaces', 'add', 'shop', '--json');
  assert.equal(added.code, 0);
  assert.match(added.errors, /^There are several workspaces now\. Commands need --in/);
  const { id } = JSON.parse(added.out);
  const segments = await db.query(sql`select name, filter from segments where workspace_id = ${id}`);
  assert.deepEqual(segments, [{ name: 'All Users', filter: null }]);
  const again = await run('workspaces', 'add', 'shop');
  assert.deepEqual([again.code, again.errors], [2, 'There is a workspace named "shop" already.']);
  assert.equal((await run('workspaces', 'rename', 'shop', 'test')).code, 2);
  assert.equal((await run('workspaces', 'rename', 'shops', 'store')).code, 2);
  assert.equal((await run('workspaces', 'rename', 'shop', 'store')).out, 'The workspace is called "store" now.');
  assert.equal((await run('workspaces', 'add', ' ')).code, 2);
  assert.equal((await run('workspaces', 'add', 'third')).errors, '', 'only the second is remarkable');
  const listed = JSON.parse((await run('workspaces', '--json')).out);
  assert.deepEqual(
    listed.map(({ name, keys }: { name: string; keys: number }) => [name, keys]),
    [
      ['test', 0],
      ['store', 0],
      ['third', 0],
    ],
  );
  assert.match((await run('workspaces')).out, /^ID +NAME +KEYS +CREATED\n\d+ +test +0 +20/);
});

test('a command that does not say which of several workspaces it means is refused and changes none', async (t) => {
  const { db, run } = await commandLineOnDatabase(t);
  await run('workspaces', 'add', 'shop');
  assert.equal((await run('why', 'nobody', '--in', 'test')).code, 1);
  const path = join(temporaryFolder(t), 'people.ndjson');
  writeFileSync(path, '{"external_id":"ada"}\n');
  const file = join(temporaryFolder(t), 'workspace.yaml');
  writeFileSync(file, 'time_zone: Europe/Vienna');
  const lines = [
    ['keys', 'create', 'backend', '--all-permissions'],
    ['keys', 'list'],
    ['keys', 'delete', 'backend'],
    ['tokens', 'list'],
    ['tokens', 'restore', '--since', '1d'],
    ['users', 'import', path],
    ['workspace', 'export'],
    ['apply', file],
    ['apply', '--dry-run', file],
  ];
  for (const line of lines) {
    const { code, errors } = await run(...line);
    assert.deepEqual([line, code], [line, 2]);
    assert.match(errors, SEVERAL);
  }
  const { errors } = await run('keys', 'list', '--in', 'Shop');
  assert.equal(errors, 'There is no workspace named "Shop". There are: "test", "shop".');
  const [rows] = await db.query(sql`
    select (select count(*)::int from api_keys) as keys, (select count(*)::int from profiles) as people,
           (select count(*)::int from workspaces where time_zone <> 'UTC') as applied`);
  assert.deepEqual(rows, { keys: 0, people: 0, applied: 0 });
});

test('--in and CRESSET_IN say which workspace is meant', async (t) => {
  const { db, run } = await commandLineOnDatabase(t, { CRESSET_IN: 'shop' });
  assert.equal((await run('keys', 'list')).code, 2, 'a name that no workspace has is not the only one');
  await run('workspaces', 'add', 'shop');
  await run('keys', 'create', 'mine', '--all-permissions');
  await run('keys', 'create', 'theirs', '--all-permissions', '--in', 'test');
  const path = join(temporaryFolder(t), 'people.ndjson');
  writeFileSync(path, '{"external_id":"ada"}\n');
  assert.equal((await run('users', 'import', path)).code, 0);
  assert.equal((await run('users', 'import', path, '--in', 'test')).code, 0, 'the same file, once for each');
  const rows = await db.query(sql`
    select w.name, k.name as key, (select count(*)::int from profiles p where p.workspace_id = w.id) as people
      from workspaces w join api_keys k on k.workspace_id = w.id order by w.id`);
  assert.deepEqual(rows, [
    { name: 'test', key: 'theirs', people: 1 },
    { name: 'shop', key: 'mine', people: 1 },
  ]);
});

test('the name in a workspace file decides between several workspaces, and renames one only with --in', async (t) => {
  const { db, run } = await commandLineOnDatabase(t);
  await run('workspaces', 'add', 'shop');
  const path = join(temporaryFolder(t), 'workspace.yaml');
  const named = async (name: string, ...more: string[]) => {
    writeFileSync(path, `name: ${name}\ntime_zone: Europe/Vienna`);
    return run('apply', path, ...more);
  };
  assert.equal((await named('shop')).code, 0);
  const other = await named('store');
  assert.equal(other.code, 2);
  assert.match(other.errors, /^There are several .* None is named as the file says, "store"\. Say which/);
  assert.match((await named('test', '--in', 'shop')).errors, /name: is the name of another workspace/);
  assert.equal((await named('store', '--in', 'shop')).code, 0);
  const rows = await db.query(sql`select name, time_zone from workspaces order by id`);
  assert.deepEqual(rows, [
    { name: 'test', time_zone: 'UTC' },
    { name: 'store', time_zone: 'Europe/Vienna' },
  ]);
});

test('a server takes a key of several workspaces at its start, and never guesses whose a new one is', async (t) => {
  const { db, workspaceId, run } = await commandLineOnDatabase(t);
  const given = 'a-key-of-the-environment';
  const start = (key: string | null, workspaceName: string | null = null) =>
    ensureStartKey(db, { given: key, workspaceName });
  await start(given);
  await run('workspaces', 'add', 'shop');
  assert.deepEqual(await start(given), { made: null });
  assert.deepEqual(await start(null), { made: null });
  await assert.rejects(start('another-key-of-it'), { name: 'WorkspaceNameError', message: SEVERAL });
  assert.deepEqual(await start('another-key-of-it', 'shop'), { made: null });
  const keys = await db.query<{ workspace_id: number; hash: Buffer }>(sql`
    select workspace_id, hash from api_keys order by workspace_id`);
  const [ours, theirs, ...others] = keys;
  assert.deepEqual([ours?.workspace_id, ours?.hash.equals(hashKey(given)), others], [workspaceId, true, []]);
  assert.deepEqual(
    [theirs?.workspace_id === workspaceId, theirs?.hash.equals(hashKey('another-key-of-it'))],
    [false, true],
  );
});

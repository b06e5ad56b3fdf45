import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { commandLine, temporaryFolder } from '../../test/support/command-line.ts';
import { testDatabase } from '../../test/support/database.ts';
import { connect } from '../db/database.ts';
import { startEmbedded } from '../db/embedded/embedded.ts';
import { migrate } from '../db/schema/migrate.ts';
import { raw, sql } from '../db/sql.ts';

test('an unreachable database ends with exit code 1 and one line', async () => {
  const { code, errors } = await commandLine({ DATABASE_URL: 'postgres://ada:the-password@127.0.0.1:1/x' })(
    'keys',
    'list',
  );
  assert.equal(code, 1);
  assert.equal(errors, 'The database cannot be used: connect ECONNREFUSED 127.0.0.1:1. Check DATABASE_URL.');
});

test('a database that does not exist ends with exit code 1 and one line', async (t) => {
  const { url } = await testDatabase(t);
  const { code, errors } = await commandLine({ DATABASE_URL: url.replace(/db=\w+/, 'db=nowhere') })('keys', 'list');
  assert.equal(code, 1);
  assert.equal(errors, 'The database cannot be used: database "nowhere" does not exist. Check DATABASE_URL.');
});

test('the first line says which database it is, without its password', async () => {
  const run = commandLine({ DATABASE_URL: 'postgres://ada:the-password@127.0.0.1:1/x' });
  assert.equal((await run('keys', 'list')).database, 'Database: x at 127.0.0.1:1');
  assert.equal((await run('keys', 'list', '--json')).database, null, 'not for programs');
});

test('a database without tables of Cresset is left as it is', async (t) => {
  const { db, url } = await testDatabase(t);
  const name = `empty_${randomUUID().replaceAll('-', '')}`;
  await db.run(raw(`create database ${name}`));
  const empty = connect({ url: url.replace(/db=\w+/, `db=${name}`), max: 1 });
  try {
    const run = commandLine({ DATABASE_URL: url.replace(/db=\w+/, `db=${name}`) });
    const { code, errors } = await run('keys', 'create', 'x', '--all-permissions');
    assert.equal(code, 1);
    assert.match(errors, /^This database holds nothing of Cresset\. Check DATABASE_URL, or start the server/);
    const { tables } = await empty.one(sql`select count(*) as tables from pg_tables where schemaname = 'public'`);
    assert.equal(tables, 0);
  } finally {
    await empty.close();
    await db.run(raw(`drop database ${name}`));
  }
});

test('a database that takes no writes is a sentence, not a stack', async (t) => {
  const { db, url } = await testDatabase(t);
  const { name } = await db.one<{ name: string }>(sql`select current_database() as name`);
  await db.run(raw(`alter database ${name} set default_transaction_read_only = on`));
  const { code, errors } = await commandLine({ DATABASE_URL: url })('keys', 'create', 'x', '--all-permissions');
  assert.deepEqual([code, errors], [1, 'The database is read-only.']);
});

test('without DATABASE_URL no database is made; the one of a server is started for the command, or shared with it', async (t) => {
  const dataDir = temporaryFolder(t);
  const run = commandLine({ CRESSET_DATA_DIR: dataDir });
  const none = await run('keys', 'create', 'none', '--all-permissions');
  assert.deepEqual([none.code, none.database], [1, `Database: the embedded one in ${dataDir}`]);
  assert.match(
    none.errors,
    /^There is no database in .*\. Set CRESSET_DATA_DIR to .*, or start the server, which makes one\.$/,
  );
  assert.deepEqual(readdirSync(dataDir), []);
  const first = await startEmbedded({ dataDir, durable: false });
  await migrate(first.url);
  await first.stop();
  assert.equal((await run('keys', 'create', 'alone', '--all-permissions')).code, 0);
  const server = await startEmbedded({ dataDir, durable: false });
  try {
    assert.equal(server.tookOver, false);
    assert.equal((await run('keys', 'create', 'beside', '--all-permissions')).code, 0);
    const names = JSON.parse((await run('keys', 'list', '--json')).out).map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['alone', 'beside']);
  } finally {
    await server.stop();
  }
});

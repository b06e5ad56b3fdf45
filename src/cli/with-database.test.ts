import assert from 'node:assert/strict';
import test from 'node:test';
import { commandLine, temporaryFolder } from '../../test/support/command-line.ts';
import { testDatabase } from '../../test/support/database.ts';
import { startEmbedded } from '../db/embedded/embedded.ts';

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

test('without DATABASE_URL the embedded database is started for the command, or shared with a running server', async (t) => {
  const dataDir = temporaryFolder(t);
  const run = commandLine({ CRESSET_DATA_DIR: dataDir });
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

// Rotating the secret, as docs/operations.md describes it, on a server with the embedded database.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, start, startServer } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';

const NEW = 'the new secret, as long as it must be';

test('the secret is rotated: the running server says so once, the next start warns of the old file, and one without it is refused', async (t) => {
  const folder = temporaryFolder(t);
  const dataDir = dataFolder(t);
  const file = join(folder, 'workspace.yaml');
  writeFileSync(file, 'email: { default_from: a@acme.test, smtp: { url: "smtp://ada:secret@127.0.0.1:1" } }');
  const env = { CRESSET_DATA_DIR: dataDir, PORT: '0', CRESSET_WORKSPACE: file, CRESSET_BROADCAST_THREADS: '3' };
  const first = await startServer(env);
  const health = async () =>
    ((await (await fetch(`${first.url}/health`)).json()) as { definitions?: object }).definitions;
  const applied = await commandLine({ CRESSET_DATA_DIR: dataDir, CRESSET_SECRET: NEW })('apply', '--reseal', file);
  assert.equal(applied.code, 0, applied.errors);
  while ((await health()) === undefined) await pause(20);
  assert.equal(await first.end('SIGTERM'), 0);
  const said = first
    .log()
    .split('\n')
    .filter((line) => line.includes('could not read the catalog'));
  assert.equal(said.length, 1, 'not by each of four threads, and not at every try');
  assert.match(said[0] ?? '', /since 20[-0-9T:.]+Z the credentials in the database are sealed with another secret/);
  assert.doesNotMatch(said[0] ?? '', /"stack"|shared-secret\.ts/);

  const second = await startServer({ ...env, CRESSET_SECRET: NEW });
  assert.equal(await second.end('SIGTERM'), 0);
  assert.match(second.log(), /this file holds another secret than CRESSET_SECRET/);
  const third = await start(env);
  assert.ok('code' in third);
  assert.match(third.output, /is not the secret that the servers of this database use/);

  writeFileSync(join(dataDir, 'secret'), `${NEW}\n`);
  const fourth = await startServer(env);
  assert.equal(await fourth.end('SIGTERM'), 0);
  assert.doesNotMatch(fourth.log(), /this file holds another secret/);
});

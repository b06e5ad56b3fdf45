// A second workspace beside a running server, and what the next start of that server needs.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, start, startServer } from '../rig/process.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';

test('a running server serves a new workspace at once; the next start does not guess whose its file is', async (t) => {
  const file = join(temporaryFolder(t), 'workspace.yaml');
  const dataDir = dataFolder(t);
  const env = { CRESSET_DATA_DIR: dataDir, PORT: '0', CRESSET_WORKSPACE: file, CRESSET_BROADCAST_THREADS: '1' };
  const run = commandLine({ CRESSET_DATA_DIR: dataDir });
  writeFileSync(file, 'time_zone: Europe/Vienna');
  const first = await startServer(env);
  assert.ok(first.announced.api_key);
  assert.equal((await run('workspaces', 'add', 'shop')).code, 0);
  const made = JSON.parse((await run('keys', 'create', 'k', '--all-permissions', '--in', 'shop', '--json')).out);
  const ask = async (key: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}` };
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return fetch(first.url + path, init);
  };
  // The server is told of the key by its database, some milliseconds later.
  while ((await ask(made.key, '/status')).status === 401);
  assert.equal((await ask(made.key, '/users/track', { attributes: [{ external_id: 'ada' }] })).status, 201);
  const found = async (key: string) =>
    (
      (await (
        await ask(key, '/users/export/ids', { external_ids: ['ada'], fields_to_export: ['external_id'] })
      ).json()) as {
        users: object[];
      }
    ).users.length;
  assert.deepEqual([await found(made.key), await found(first.announced.api_key)], [1, 0]);
  assert.equal(await first.end('SIGTERM'), 0);

  const refused = await start(env);
  assert.ok('code' in refused);
  assert.equal(refused.code, 2);
  assert.match(refused.output, /There are several workspaces: .*default.*shop.*CRESSET_IN/);
  const second = await startServer({ ...env, CRESSET_IN: 'default' });
  assert.equal(second.announced.api_key, null);
  assert.equal(await second.end('SIGTERM'), 0);
  writeFileSync(file, 'name: shop\ntime_zone: Europe/Berlin');
  const third = await startServer(env);
  assert.equal(await third.end('SIGTERM'), 0);
  const zone = async (name: string) => /time_zone: .*/.exec((await run('workspace', 'export', '--in', name)).out)?.[0];
  assert.deepEqual(
    [await zone('default'), await zone('shop')],
    ['time_zone: Europe/Vienna', 'time_zone: Europe/Berlin'],
  );
});

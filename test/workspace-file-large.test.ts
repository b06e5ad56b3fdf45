// A large workspace file is read and compared in a thread of its own, so that the server goes on answering.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { dataFolder, startServer } from '../rig/process.ts';
import { readConfig } from '../src/config.ts';
import { createPlanWorker } from '../src/process/plan-worker.ts';
import { fileOptions } from '../src/process/workspace-file.ts';
import { planFile } from '../src/workspace/file/plan-file.ts';
import { createServerFile, type NamesOfFile, readNames } from '../src/workspace/file/server-file.ts';
import { SecretError, secretFrom } from '../src/workspace/secrets.ts';
import { startTestApp } from './support/app.ts';
import { temporaryFolder } from './support/command-line.ts';

const PASSWORD = 'a long password of the tests';

/** The text of a file with this number of campaigns. */
function campaigns(many: number): string {
  const one = (n: number) => `{ id: c${n}, name: Campaign ${n}, kind: api }`;
  return `campaigns: [${Array.from({ length: many }, (_, n) => one(n)).join(', ')}]`;
}

test('a running server compares a large file again after each change of it, and ends while it compares', async (t) => {
  const file = join(temporaryFolder(t), 'workspace.yaml');
  writeFileSync(file, campaigns(1_100));
  const server = await startServer({
    ...{ CRESSET_DATA_DIR: dataFolder(t), PORT: '0', CRESSET_WORKSPACE: file, CRESSET_BROADCAST_THREADS: '1' },
    CRESSET_ADMIN_PASSWORD: PASSWORD,
  });
  const call = (path: string, init: RequestInit) => fetch(`${server.url}/operator/v1/${path}`, init);
  const signedIn = await call('sign-in', {
    method: 'POST',
    headers: { 'x-cresset-console': '1', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'admin', password: PASSWORD }),
  });
  const cookie = String(signedIn.headers.get('set-cookie')).split(';')[0] ?? '';
  const state = async () => {
    const answer = await call('workspace-file/state', { headers: { cookie } });
    assert.equal(answer.status, 200);
    return (await answer.json()) as {
      is_comparing: boolean;
      server_file: { changes: { kind: string; id: string }[]; problems: string[] };
    };
  };
  const compared = async () => {
    let now = await state();
    for (; now.is_comparing; now = await state()) await pause(100);
    return now.server_file;
  };
  assert.deepEqual((await compared()).changes, []);
  writeFileSync(file, campaigns(1_102));
  const { changes } = await compared();
  assert.deepEqual(
    changes.map(({ kind, id }) => `${kind} ${id}`),
    ['create c1100', 'create c1101'],
  );
  writeFileSync(file, campaigns(1_103).replace('c1102', 'c1101'));
  assert.deepEqual((await compared()).problems, ['campaigns[1102].id: is the same as that of campaigns[1101]']);
  writeFileSync(file, campaigns(1_104));
  assert.equal((await state()).is_comparing, true);
  assert.equal(await server.end('SIGTERM'), 0);
});

test('a thread finds in a file what the server itself finds, and says what is wrong with the secret', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const path = join(temporaryFolder(t), 'workspace.yaml');
  await app.givenWorkspace(campaigns(2));
  writeFileSync(path, campaigns(3).replace('Campaign 0', '"${env:CAMPAIGN_NAME}"'));
  const env = { CAMPAIGN_NAME: 'Renamed' };
  const config = readConfig({ CRESSET_SECRET: app.secret, DATABASE_URL: app.databaseUrl });
  const data = { config, databaseUrl: app.databaseUrl, path, env };
  const found = await createPlanWorker(data).plan();
  const secret = secretFrom(app.secret);
  assert.deepEqual(found, await planFile(app.db, fileOptions({ db: app.db, config, path, env, secret })));
  assert.deepEqual(
    found.changes.map(({ kind, id }) => `${kind} ${id}`),
    ['change c0', 'create c2'],
  );
  assert.deepEqual(await createPlanWorker(data).names(), readNames({ path, env }));
  const serverFile = createServerFile({ path, env, choose: async () => 1, readLarge: createPlanWorker(data).names });
  writeFileSync(path, `# ${'x'.repeat(70_000)}\n${campaigns(3)}`);
  assert.deepEqual((await serverFile(1))?.placeOf('campaign', 'c2'), {
    file: 'workspace.yaml',
    path: 'campaigns[2]',
    line: 2,
  });
  const slow = Promise.withResolvers<NamesOfFile>();
  const unread = createServerFile({ path, env, choose: async () => 1, readLarge: () => slow.promise });
  const first = await unread(1, { mayBeOld: true });
  assert.match(String(first?.problem), /still being read/, 'a page does not wait for it');
  const exact = unread(1);
  slow.resolve(readNames({ path, env }));
  assert.equal((await exact)?.problem, null, 'an edit does');
  assert.equal((await unread(1, { mayBeOld: true }))?.problem, null);
  const other = { ...config, secret: 'another secret, long enough for a server' };
  await assert.rejects(createPlanWorker({ ...data, config: other }).plan(), SecretError);
  const away = createPlanWorker({ ...data, databaseUrl: 'postgresql://127.0.0.1:1/nothing' });
  await assert.rejects(away.plan(), { code: 'ECONNREFUSED' });
  const ended = createPlanWorker(data);
  const unheard = assert.rejects(ended.plan(), /ended without an answer/);
  await ended.end();
  await unheard;
});

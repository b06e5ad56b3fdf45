import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { throwAwayFolder } from './throw-away.ts';

/** A process that stands for the PostgreSQL of a folder. */
async function givenPostgres(t: TestContext, folder: string): Promise<ChildProcess> {
  const postgres = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.after(() => postgres.kill('SIGKILL'));
  await once(postgres, 'spawn');
  mkdirSync(join(folder, 'postgres'), { recursive: true });
  writeFileSync(join(folder, 'postgres', 'postmaster.pid'), `${postgres.pid}\n${folder}/postgres\n`);
  return postgres;
}

test('a folder that is removed is gone, and a database that still runs on it is ended first', async (t) => {
  const folder = throwAwayFolder('cresset-test-away-');
  const postgres = await givenPostgres(t, folder.path);
  const ended = once(postgres, 'exit');
  await folder.remove();
  assert.equal(existsSync(folder.path), false);
  assert.deepEqual(await ended, [null, 'SIGQUIT']);
});

test('when the process that made the folder is killed, its database ends and the folder is deleted', async (t) => {
  const module = JSON.stringify(new URL('./throw-away.ts', import.meta.url).href);
  const script = `import { throwAwayFolder } from ${module};
    console.log(throwAwayFolder('cresset-test-away-').path);
    setInterval(() => undefined, 1_000);`;
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [path] = await once(owner.stdout, 'data');
  const folder = String(path).trim();
  assert.equal(existsSync(folder), true);
  const postgres = await givenPostgres(t, folder);
  const ended = once(postgres, 'exit');
  owner.kill('SIGKILL');
  assert.deepEqual(await ended, [null, 'SIGQUIT']);
  while (existsSync(folder)) await pause(20);
});

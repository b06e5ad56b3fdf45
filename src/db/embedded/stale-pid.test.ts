import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { connect } from '../database.ts';
import { sql } from '../sql.ts';
import { databaseAccount } from './account.ts';
import { attachEmbedded, startEmbedded } from './embedded.ts';

/** A process that is no PostgreSQL, of the account that PostgreSQL runs as. */
async function givenSleep(t: TestContext): Promise<ChildProcess> {
  const sleep = spawn('sleep', ['600'], { stdio: 'ignore', ...databaseAccount() });
  t.after(() => sleep.kill('SIGKILL'));
  await once(sleep, 'spawn');
  return sleep;
}

// Row 8 of the traps of the product.
test('a postmaster.pid with the number of another process is that of a PostgreSQL that has ended', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cresset-embedded-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const first = await startEmbedded({ dataDir, durable: false });
  const file = join(dataDir, 'postgres', 'postmaster.pid');
  const [pid = '', ...others] = readFileSync(file, 'utf8').split('\n');
  assert.equal(await attachEmbedded({ dataDir }), first.url, 'one that runs is found');
  const crashed = connect({ url: first.url, max: 1 });
  await crashed.one(sql`select 1 as one`);
  process.kill(Number(pid), 'SIGKILL');
  await crashed.close();
  await first.stop().catch(() => undefined);

  const sleep = await givenSleep(t);
  writeFileSync(file, [sleep.pid, ...others].join('\n'));
  assert.equal(await attachEmbedded({ dataDir }), null, 'a command finds nothing that runs');
  const next = await startEmbedded({ dataDir, durable: false });
  assert.equal(next.tookOver, false);
  const db = connect({ url: next.url, max: 1 });
  assert.deepEqual({ ...(await db.one(sql`select 1 as one`)) }, { one: 1 });
  await db.close();
  await next.stop();
  assert.equal(sleep.exitCode ?? sleep.signalCode, null, 'the other process is left alone');
});

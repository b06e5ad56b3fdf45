import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { sql } from '../db/sql.ts';
import { introduceWorker, sessionNameOf } from '../queue/workers.ts';
import { freeLeasesOfDead } from './dead-workers.ts';
import { createLog } from './log.ts';

const log = createLog({ logLevel: 'silent' });

test('a restart of the server of the embedded database frees its own tasks, and none of a server beside it', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const died = spawnSync(process.execPath, ['-e', '']).pid;
  const workers = {
    died: await givenWorker(died, hostname()),
    ours: await givenWorker(process.pid, hostname()), // of an earlier process with the same number, as in a container
    beside: await givenWorker(process.ppid, hostname()),
    elsewhere: await givenWorker(process.ppid, 'another-host.test'),
    unsaid: randomUUID(),
    connected: randomUUID(),
  };
  const listener = await db.listen('tasks', () => undefined, sessionNameOf(workers.connected, ['named']));
  for (const id of Object.values(workers)) await givenTask(id);
  await freeLeasesOfDead(db, log);
  const held = await db.query<{ worker: string }>(sql`select worker from tasks where leased_until is not null`);
  await listener.stop();
  const names = held.map(({ worker }) => Object.entries(workers).find(([, id]) => id === worker)?.[0]);
  assert.deepEqual(names.sort(), ['beside', 'connected']);
  const { deaths } = await db.one<{ deaths: number }>(sql`select sum(deaths) as deaths from tasks`);
  assert.equal(deaths, 4, 'the tasks of the dead are suspect');

  async function givenWorker(processId: number, host: string): Promise<string> {
    const id = randomUUID();
    await introduceWorker(db, id, { host, processId, version: '0', startedAt: new Date() });
    return id;
  }

  async function givenTask(worker: string): Promise<void> {
    await db.run(sql`
      insert into tasks (dispatch_id, workspace_id, lane, kind, run_at, leased_until, worker)
      values (${randomUUID()}, ${workspaceId}, 0, 'drain', now(), now() + interval '1 minute', ${worker})`);
  }
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { connect, type Db } from '../db/database.ts';
import { raw, type Sql, sql } from '../db/sql.ts';
import { v7 } from '../lib/uuid.ts';
import { addTasks } from './new-tasks.ts';
import { stopTasks } from './stopped-tasks.ts';
import { endingTasks } from './task-ends.ts';
import { giveBackTasks, LEASE_MS, leaseTasks, renewLeases, TASKS_CHANNEL } from './tasks.ts';

const start = Date.parse('2026-03-15T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000);

/** Adds tasks of one dispatch and leases them to a worker. */
async function givenLeased(db: Db, { worker, tasks }: { worker: string; tasks: number }) {
  const dispatchId = v7(at(0));
  const buckets = Array.from({ length: tasks }, (_, bucket) => bucket);
  await addTasks(db, { dispatchId, workspaceId: 1, lane: 1, kind: 'drain', buckets, runAt: at(0) });
  const filter = { lane: 1, work: 'sending' } as const;
  const leased = await leaseTasks(db, { filter, worker, limit: tasks, now: at(0) });
  return { dispatchId, ids: leased.map(({ id }) => id).sort((one, other) => one - other) };
}

/** Makes a statement fail that waits longer than this for a lock. */
const impatient = sql`select set_config('lock_timeout', '2s', true)`;

async function leasesOf(db: Db, ids: readonly number[]): Promise<(Date | null)[]> {
  const rows = await db.query<{ leased_until: Date | null }>(sql`
    select leased_until from tasks where id = any(${ids}::bigint[]) order by id`);
  return rows.map(({ leased_until }) => leased_until);
}

test('renewing leases does not wait for a locked task, so that it cannot deadlock', async (t) => {
  const { db } = await testDatabase(t);
  const worker = randomUUID();
  const { ids } = await givenLeased(db, { worker, tasks: 2 });
  const [first = 0, second = 0] = ids;
  await db.transaction(async (stopping) => {
    await stopping.run(impatient);
    await stopping.run(sql`select from tasks where id = ${second} for update`);
    await db.transaction(async (renewing) => {
      await renewing.run(impatient);
      await renewLeases(renewing, worker, ids, at(5));
    });
    // The renewal has ended, so it does not block the lock that the other transaction still needs.
    await stopping.run(sql`select from tasks where id = ${first} for update`);
    assert.deepEqual(await leasesOf(stopping, ids), [at(5 + LEASE_MS / 1_000), at(LEASE_MS / 1_000)]);
  });
  await renewLeases(db, worker, ids, at(6));
  const until = at(6 + LEASE_MS / 1_000);
  assert.deepEqual(await leasesOf(db, ids), [until, until], 'the next renewal finds both');
});

test('only the holder of a lease renews it', async (t) => {
  const { db } = await testDatabase(t);
  const { ids } = await givenLeased(db, { worker: randomUUID(), tasks: 1 });
  await renewLeases(db, randomUUID(), ids, at(5));
  assert.deepEqual(await leasesOf(db, ids), [at(LEASE_MS / 1_000)]);
});

test('giving leases back and stopping a dispatch lock the tasks in the same order', async (t) => {
  const { db } = await testDatabase(t);
  const worker = randomUUID();
  const { dispatchId, ids } = await givenLeased(db, { worker, tasks: 20 });
  const [first = 0] = ids;
  // Now the first task by id is the last on disk and by due time.
  await db.run(sql`update tasks set run_at = ${at(1)} where id = ${first}`);
  const both = await db.transaction(async (holding) => {
    // A transaction that locks tasks in order of id waits here and holds no other lock.
    await holding.run(sql`select from tasks where id = ${first} for update`);
    const givingBack = db.transaction((tx) => giveBackTasks(tx, worker));
    const stopping = db.transaction((tx) => stopTasks(tx, dispatchId));
    const ends = Promise.allSettled([givingBack, stopping]);
    await waiting(db, 2);
    const free = await holding.query(sql`
      select from tasks where id = any(${ids.slice(1)}::bigint[]) for update skip locked`);
    assert.equal(free.length, 19, 'nobody holds a lock on another task');
    return { ends };
  });
  assert.deepEqual(
    (await both.ends).map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  );
});

/** Resolves when this number of sessions of the database wait for a lock. */
async function waiting(db: Db, sessions: number): Promise<void> {
  const blocked: Sql = sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await db.query(blocked)).length < sessions);
}

test('giving tasks back wakes the workers of their lanes, once for each lane', async (t) => {
  const { db } = await testDatabase(t);
  const worker = randomUUID();
  await givenLeased(db, { worker, tasks: 3 });
  const notices: string[] = [];
  const heard = Promise.withResolvers<void>();
  const listener = await db.listen(TASKS_CHANNEL, (lane) => {
    if (lane === '') return;
    notices.push(lane);
    if (lane === 'end') heard.resolve();
  });
  t.after(() => listener.stop());
  assert.equal(await giveBackTasks(db, worker), 3);
  assert.equal(await giveBackTasks(db, worker), 0, 'it has none any more');
  await db.run(sql`select pg_notify(${TASKS_CHANNEL}, 'end')`);
  await heard.promise;
  assert.deepEqual(notices, ['1', 'end']);
});

test('a lease and its end compare no task with all others, although their plans were made while there was none', async (t) => {
  const { db: own, url, beforeClose } = await testDatabase(t);
  const db = connect({ url, max: 1 });
  beforeClose(() => db.close());
  const worker = randomUUID();
  const filter = { lane: 1, work: 'sending', isByTurns: true } as const;
  const runOne = async () => {
    const leased = await leaseTasks(db.byKey, { filter, worker, limit: 8, now: at(1) });
    const ends = leased.map(({ id }) => ({ taskId: id, runAt: null }));
    await db.byKey.query(sql`with ${endingTasks({ worker, ends })} select * from gone`);
    return leased.length;
  };
  await own.run(sql`analyze tasks`);
  for (let look = 0; look < 8; look += 1) assert.equal(await runOne(), 0);
  const buckets = Array.from({ length: 256 }, (_, bucket) => bucket);
  const tasks = { workspaceId: 1, lane: 1, kind: 'drain', buckets, runAt: at(0) } as const;
  const dispatchId = v7(at(0));
  for (let piece = 0; piece < 4; piece += 1) await addTasks(own, { dispatchId, ...tasks });
  const plans = await db.byKey.query<{ 'QUERY PLAN': { Plan: object }[] }>(await explained(db.byKey, worker));
  const compared = [...JSON.stringify(plans).matchAll(/"Rows Removed by Join Filter":(\d+)/g)].map(([, rows]) =>
    Number(rows),
  );
  assert.ok(Math.max(0, ...compared) <= 8 * 8, `${compared} rows were compared in vain`);
  assert.equal(await runOne(), 8);
});

/** Asks how the connection leases tasks with the plan that it has kept. */
async function explained(db: Db, worker: string): Promise<Sql> {
  const { name, types } = await db.one<{ name: string; types: string[] }>(sql`
    select name, parameter_types::text[] as types from pg_prepared_statements where name like 'lease_tasks_by_turns%'`);
  const values: Readonly<Record<string, string>> = {
    'timestamp with time zone': `'${at(1).toISOString()}'`,
    uuid: `'${worker}'`,
    bigint: '8',
  };
  const given = types.map((type) => values[type] ?? '1').join(', ');
  return sql`explain (analyze, format json) execute ${raw(`"${name}"(${given})`)}`;
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { v7 } from '../lib/uuid.ts';
import { leaseTasks, type TaskFilter } from './tasks.ts';

const start = Date.parse('2026-03-15T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000);

/** Adds the drain tasks of a broadcast, due from second `seconds` on. Returns the dispatch id. */
async function givenBroadcast(
  db: Db,
  { tasks, seconds, workspace = 1 }: { tasks: number; seconds: number; workspace?: number },
): Promise<string> {
  const id = v7(at(seconds));
  await db.run(sql`
    insert into tasks (dispatch_id, workspace_id, lane, kind, bucket, run_at)
    select ${id}, ${workspace}::integer, 1, 'drain', bucket, ${at(seconds)} from generate_series(0, ${tasks - 1}::integer) as bucket`);
  return id;
}

function lease(db: Db, limit: number, filter: TaskFilter = { lane: 1, work: 'sending', isByTurns: true }) {
  return leaseTasks(db, { filter, worker: randomUUID(), limit, now: at(100) });
}

/** Counts the leased tasks of each dispatch. The ids have no dashes. */
async function shares(leased: ReturnType<typeof lease>, ...ids: string[]): Promise<number[]> {
  const tasks = await leased;
  return ids.map((id) => tasks.filter(({ dispatchId }) => dispatchId.replaceAll('-', '') === id).length);
}

test('a small broadcast is leased at the next look, however many tasks of a larger one wait', async (t) => {
  const { db } = await testDatabase(t);
  const large = await givenBroadcast(db, { tasks: 256, seconds: 0 });
  const small = await givenBroadcast(db, { tasks: 1, seconds: 50 });
  assert.deepEqual(await shares(lease(db, 8), large, small), [7, 1]);
  assert.deepEqual(await shares(lease(db, 8), large, small), [8, 0]);
});

test('broadcasts share each lease; the one that has waited longest comes first', async (t) => {
  const { db } = await testDatabase(t);
  const ids = [];
  for (const seconds of [0, 1, 2]) ids.push(await givenBroadcast(db, { tasks: 10, seconds }));
  assert.deepEqual(await shares(lease(db, 8), ...ids), [3, 3, 2]);
  assert.deepEqual(await shares(lease(db, 1), ...ids), [1, 0, 0]);
});

test('if more broadcasts wait than tasks are leased, those whose last turn was longest ago come first', async (t) => {
  const { db } = await testDatabase(t);
  const ids = [];
  for (let seconds = 0; seconds < 12; seconds += 1) ids.push(await givenBroadcast(db, { tasks: 2, seconds }));
  assert.deepEqual(await shares(lease(db, 8), ...ids), [...Array(8).fill(1), ...Array(4).fill(0)]);
  // Each has sent a page and comes back, behind those that wait.
  await db.run(sql`update tasks set run_at = ${at(90)}, leased_until = null, worker = null where worker is not null`);
  assert.deepEqual(await shares(lease(db, 4), ...ids), [...Array(8).fill(0), ...Array(4).fill(1)]);
});

test('a workspace with many broadcasts gets no more of a lease than one with a single broadcast', async (t) => {
  const { db } = await testDatabase(t);
  const many: string[] = [];
  for (let seconds = 0; seconds < 10; seconds += 1) many.push(await givenBroadcast(db, { tasks: 10, seconds }));
  const one = await givenBroadcast(db, { tasks: 10, seconds: 50, workspace: 2 });
  const of = async (limit: number) => {
    const [ofOne = 0, ...ofMany] = await shares(lease(db, limit), one, ...many);
    return [ofMany.reduce((sum, count) => sum + count, 0), ofOne];
  };
  assert.deepEqual(await of(8), [4, 4]);
  // A lease of one at a time takes turns, too: those of the larger workspace had theirs now.
  await db.run(sql`update tasks set run_at = ${at(90)}, leased_until = null, worker = null where worker is not null`);
  await db.run(sql`update tasks set run_at = ${at(91)} where workspace_id = 2 and run_at = ${at(90)}`);
  assert.deepEqual(await of(1), [1, 0]);
  await db.run(sql`update tasks set run_at = ${at(95)}, leased_until = null, worker = null where worker is not null`);
  assert.deepEqual(await of(1), [0, 1]);
});

test('only due and free tasks have a turn; expansions are leased apart', async (t) => {
  const { db } = await testDatabase(t);
  const id = await givenBroadcast(db, { tasks: 3, seconds: 0 });
  const later = await givenBroadcast(db, { tasks: 3, seconds: 200 });
  await db.run(sql`
    insert into tasks (dispatch_id, workspace_id, lane, kind, run_at)
    values (${v7(at(0))}, 1, 1, 'expand', ${at(0)}), (${v7(at(0))}, 1, 0, 'drain', ${at(0)})`);
  await lease(db, 2);
  assert.deepEqual(await shares(lease(db, 8), id, later), [1, 0]);
  assert.deepEqual(await lease(db, 8), []);
  assert.equal((await lease(db, 8, { lane: 1, work: 'expansion' })).length, 1);
  assert.equal((await lease(db, 8, { lane: 0, work: 'sending' })).length, 1);
});

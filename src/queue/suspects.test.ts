import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { v7 } from '../lib/uuid.ts';
import { addTasks } from './new-tasks.ts';
import { leaseSuspect, nextSuspectAt } from './suspects.ts';
import { endingTasks } from './task-ends.ts';
import { freeLeases, giveBackTasks, leaseTasks } from './tasks.ts';
import { sessionNameOf } from './workers.ts';

const start = Date.parse('2026-03-15T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000);
const filter = { lane: 0, work: 'sending' } as const;

/** Adds `count` tasks and leases them all to a worker, at second 0. */
async function givenLeased(db: Db, count: number): Promise<number[]> {
  for (let n = 0; n < count; n += 1)
    await addTasks(db, {
      dispatchId: v7(at(n)),
      workspaceId: 1,
      lane: 0,
      kind: 'drain',
      buckets: [null],
      runAt: at(0),
    });
  const leased = await leaseTasks(db, { filter, worker: randomUUID(), limit: count, now: at(0) });
  return leased.map(({ id }) => id).sort((one, other) => one - other);
}

/** Leases the next suspect to a worker without a session, which is dead as soon as its lease has ended. */
function lease(db: Db, seconds: number, worker = randomUUID()) {
  return leaseSuspect(db, { lane: 0, worker, now: at(seconds), takeOverFrom: at(0), inHand: [] });
}

test('the tasks of a dead worker are leased one at a time, and never together with new ones', async (t) => {
  const { db } = await testDatabase(t);
  const [first, second] = await givenLeased(db, 2);
  assert.deepEqual(await leaseTasks(db, { filter, worker: randomUUID(), limit: 50, now: at(60) }), []);
  const worker = randomUUID();
  const one = await lease(db, 60, worker);
  const other = await lease(db, 60, worker);
  assert.deepEqual([one?.id, one?.isFatal, other?.id, other?.isFatal], [first, false, second, false]);
  assert.equal(await lease(db, 60, worker), null);
});

test('the second worker that dies convicts the task on trial, and no other that it had in hand', async (t) => {
  const { db } = await testDatabase(t);
  const [first, second] = await givenLeased(db, 2);
  const worker = randomUUID();
  await lease(db, 60, worker);
  await lease(db, 60, worker);
  const leased = [await lease(db, 120), await lease(db, 120)];
  assert.deepEqual(
    leased.map((task) => [task?.id, task?.isFatal]),
    [
      [first, false],
      [second, true],
    ],
  );
});

test('a task is fatal after four deaths, even if it was never on trial when they came', async (t) => {
  const { db } = await testDatabase(t);
  const [first] = await givenLeased(db, 5);
  const verdicts: boolean[] = [];
  for (let death = 1; death <= 4; death += 1) {
    const worker = randomUUID();
    const task = await lease(db, 60 * death, worker);
    assert.equal(task?.id, first);
    verdicts.push(task?.isFatal ?? false);
    await lease(db, 60 * death, worker); // another suspect ends the trial of the first
  }
  assert.deepEqual(verdicts, [false, false, false, true]);
});

test('a task that ends a round is no longer suspect', async (t) => {
  const { db } = await testDatabase(t);
  const [first = 0] = await givenLeased(db, 1);
  const worker = randomUUID();
  await lease(db, 60, worker);
  await db.run(sql`with ${endingTasks({ worker, ends: [{ taskId: first, runAt: at(70) }] })} select from gone`);
  assert.equal(await lease(db, 80), null);
  const [task] = await leaseTasks(db, { filter, worker: randomUUID(), limit: 50, now: at(80) });
  assert.equal(task?.id, first);
});

test('a worker that stops in order convicts nothing', async (t) => {
  const { db } = await testDatabase(t);
  const [first] = await givenLeased(db, 1);
  for (let stops = 0; stops < 6; stops += 1) {
    const worker = randomUUID();
    const task = await lease(db, 60 + stops, worker);
    assert.deepEqual([task?.id, task?.isFatal], [first, false]);
    await giveBackTasks(db, worker);
  }
});

test('after a crash of the only server every task that it held is suspect at once', async (t) => {
  const { db } = await testDatabase(t);
  const [first] = await givenLeased(db, 1);
  assert.equal(await freeLeases(db), 1);
  assert.deepEqual(await nextSuspectAt(db, { now: at(1), takeOverFrom: at(0), inHand: [] }, 0), at(0));
  assert.equal((await lease(db, 1))?.isFatal, false);
  await freeLeases(db);
  const task = await lease(db, 2);
  assert.deepEqual([task?.id, task?.isFatal], [first, true]);
});

test('a worker that is only slow convicts the task on trial no more than others; one that dies does', async (t) => {
  const { db } = await testDatabase(t);
  const [first] = await givenLeased(db, 1);
  const slow = randomUUID();
  const session = await db.listen('tasks', () => undefined, sessionNameOf(slow));
  assert.equal((await lease(db, 60, slow))?.id, first);
  assert.equal(await lease(db, 60 + 8 + 29, randomUUID()), null);
  const dying = await lease(db, 60 + 8 + 31);
  assert.deepEqual([dying?.id, dying?.isFatal], [first, false]);
  const after = await lease(db, 160);
  assert.deepEqual([after?.id, after?.isFatal], [first, true]);
  await session.stop();
});

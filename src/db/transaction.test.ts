import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { isCommitUnclear } from './database.ts';
import { sql } from './sql.ts';
import { isSqlstate } from './sqlstates.ts';

async function start(t: TestContext) {
  const { db } = await testDatabase(t);
  await db.run(sql`create table notes (n integer primary key check (n < 100))`);
  const insert = (n: number) => sql`insert into notes (n) values (${n}) returning n`;
  return {
    db,
    insert,
    async stored() {
      return (await db.query<{ n: number }>(sql`select n from notes order by n`)).map(({ n }) => n);
    },
  };
}

test('statements that begin together are run in order, and each gets its own result', async (t) => {
  const { db, insert, stored } = await start(t);
  const results = await db.transaction((tx) =>
    Promise.all([
      tx.query(insert(1)),
      tx.prepared('insert_note', insert(2)),
      tx.prepared('insert_note', insert(3)),
      tx.run(sql`update notes set n = n + 10`),
      tx.query(sql`select n as note from notes order by n`),
      tx.query(sql`select n from notes where false`),
    ]),
  );
  assert.deepEqual(results, [
    ...[[{ n: 1 }], [{ n: 2 }], [{ n: 3 }], 3],
    ...[[{ note: 11 }, { note: 12 }, { note: 13 }], []],
  ]);
  assert.deepEqual(await stored(), [11, 12, 13]);
});

test('if one of them fails, those after it are not run, and all tell the same error', async (t) => {
  const { db, insert, stored } = await start(t);
  let settled: PromiseSettledResult<unknown>[] = [];
  const work = db.transaction(async (tx) => {
    const begun = [insert(1), insert(100), insert(2)].map((statement) => tx.query(statement));
    settled = await Promise.allSettled(begun);
    await Promise.all(begun);
  });
  await assert.rejects(work, (error) => isSqlstate(error, 'integrity_constraint_violation'));
  const [first, second, third] = settled;
  assert.deepEqual(first, { status: 'fulfilled', value: [{ n: 1 }] });
  assert.ok(second?.status === 'rejected' && third?.status === 'rejected');
  assert.equal(second.reason, third.reason);
  assert.deepEqual(await stored(), []);
});

test('a statement for later runs before the next one, or with the commit', async (t) => {
  const { db, insert, stored } = await start(t);
  await db.transaction(async (tx) => {
    tx.later('insert_note', insert(1));
    assert.deepEqual(await tx.query(sql`select n from notes`), [{ n: 1 }]);
    tx.later('insert_note', insert(2));
    tx.later('insert_note', insert(3));
  });
  assert.deepEqual(await stored(), [1, 2, 3]);
});

test('a statement for later that fails fails the transaction, with its error', async (t) => {
  const { db, insert, stored } = await start(t);
  const withCommit = db.transaction(async (tx) => {
    tx.later('insert_note', insert(1));
    tx.later('insert_note', insert(100));
    tx.later('insert_note', insert(2));
  });
  await assert.rejects(
    withCommit,
    (error) => isSqlstate(error, 'integrity_constraint_violation') && !isCommitUnclear(error),
  );
  const unnoticed = db.transaction(async (tx) => {
    const found = tx.query(sql`select 1 as one`);
    tx.later('insert_note', insert(100)); // It travels with the query, but after it.
    assert.deepEqual(await found, [{ one: 1 }]);
  });
  await assert.rejects(unnoticed, (error) => isSqlstate(error, 'integrity_constraint_violation'));
  assert.deepEqual(await stored(), []);
});

test('a transaction that went on after a failure does not pretend to have committed', async (t) => {
  const { db, insert, stored } = await start(t);
  const work = db.transaction(async (tx) => {
    await tx.query(insert(1));
    await assert.rejects(tx.query(insert(100)));
  });
  await assert.rejects(work, /rolled back/);
  assert.deepEqual(await stored(), []);
});

test('a statement with a value that cannot be written fails alone with its transaction, and nothing was sent', async (t) => {
  const { db, insert, stored } = await start(t);
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const work = db.transaction(async (tx) => {
    tx.later('insert_note', insert(1));
    tx.later('insert_circle', sql`select ${circle}::json`);
  });
  await assert.rejects(work, (error) => /circular/.test(String(error)) && !isCommitUnclear(error));
  const otherText = db.transaction(async (tx) => {
    await tx.prepared('insert_note', insert(1));
    await tx.prepared('insert_note', sql`select 1`);
  });
  await assert.rejects(otherText, /insert_note/);
  assert.deepEqual(await stored(), []);
});

test('a statement that comes after the end of its transaction is refused', async (t) => {
  const { db, insert, stored } = await start(t);
  const [tx] = await db.transaction(async (inside) => [inside]);
  await assert.rejects(tx?.query(insert(1)) ?? Promise.resolve(), /has ended/);
  assert.throws(() => tx?.later('insert_note', insert(1)), /has ended/);
  assert.deepEqual(await stored(), []);
});

test('a commit is unclear only if the connection breaks while it is made', async (t) => {
  const { db, insert, stored } = await start(t);
  await db.run(sql`
    create function die() returns trigger language plpgsql as
    $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(60); return null; end $$`);
  await db.run(sql`create trigger dies after insert on notes for each row when (new.n = 1) execute function die()`);
  await db.run(sql`
    create constraint trigger dies_at_commit after insert on notes deferrable initially deferred
       for each row when (new.n = 2) execute function die()`);
  const outcome = async (n: number) => {
    const error: unknown = await db
      .transaction(async (tx) => tx.later('insert_note', insert(n)))
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    return { isShutDown: isSqlstate(error, 'shutdown'), isUnclear: isCommitUnclear(error) };
  };
  assert.deepEqual(await outcome(1), { isShutDown: true, isUnclear: false });
  assert.deepEqual(await outcome(2), { isShutDown: true, isUnclear: true });
  assert.deepEqual(await stored(), []);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { sql } from '../db/sql.ts';
import { createLog } from './log.ts';
import { connectDatabase } from './roles.ts';

const IDLE = 5;

test('connections that the database ends, idle and in use, are told in one line', async (t) => {
  const { db, url } = await testDatabase(t);
  const lines: { level: number; msg: string; err?: unknown }[] = [];
  const all = Promise.withResolvers<void>();
  const write = (line: string) => {
    lines.push(JSON.parse(line));
    if (lines.length === IDLE) all.resolve();
  };
  const ours = connectDatabase(url, createLog({ logLevel: 'debug' }, undefined, { write }));
  const pids = await Promise.all(
    Array.from({ length: IDLE }, () => ours.one<{ pid: number }>(sql`select pg_backend_pid() as pid, pg_sleep(0.1)`)),
  );
  assert.equal(new Set(pids.map(({ pid }) => pid)).size, IDLE);
  await db.query(sql`select pg_terminate_backend(pid) from unnest(${pids.map(({ pid }) => pid)}::int[]) as pid`);
  await all.promise;
  assert.deepEqual(
    lines.filter(({ level }) => level >= 40).map(({ msg, err }) => [msg, err]),
    [['lost a database connection; a new one is made when it is needed', undefined]],
  );
  assert.deepEqual(await ours.one(sql`select 1 as one`), { one: 1 });
  await ours.close();
});

import assert from 'node:assert/strict';
import test from 'node:test';
import pino from 'pino';
import { TestClock } from '../../../test/support/clock.ts';
import { testDatabase } from '../../../test/support/database.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { keepCustomIndex } from './custom-index.ts';

async function givenPeople(db: Db, count: number): Promise<void> {
  await db.run(sql`
    insert into profiles (bucket, user_id, workspace_id, custom)
    select bucket_of(n), n, 1, jsonb_build_object('cohort', 'c-' || n % 1000, 'tags', jsonb_build_array('t-' || n % 500))
      from generate_series(1, ${count}::integer) as n`);
}

/** Merges the pending entries of the index and returns how many pages they filled. */
async function mergedPages(db: Db): Promise<number> {
  const { pages } = await db.one<{ pages: number }>(sql`select gin_clean_pending_list('profiles_custom') as pages`);
  return pages;
}

test('the index finds custom attributes by value and by array element', async (t) => {
  const { db } = await testDatabase(t);
  await givenPeople(db, 10_000);
  await db.run(sql`analyze profiles`);
  for (const value of [{ cohort: 'c-7' }, { tags: ['t-7'] }]) {
    const condition = sql`p.custom @> ${JSON.stringify(value)}::jsonb`;
    const plan = await db.query<{ 'QUERY PLAN': string }>(
      sql`explain select count(*) from profiles p where ${condition}`,
    );
    assert.match(plan.map((row) => row['QUERY PLAN']).join('\n'), /Bitmap Index Scan on profiles_custom/);
    const { found } = await db.one<{ found: number }>(sql`select count(*) as found from profiles p where ${condition}`);
    assert.equal(found, 'cohort' in value ? 10 : 20);
  }
});

test('pending entries of the index are merged every few seconds, until that is stopped', async (t) => {
  const { db } = await testDatabase(t);
  await givenPeople(db, 500);
  assert.ok((await mergedPages(db)) > 0, 'entries are pending while nobody merges');

  const clock = new TestClock();
  const merged = Promise.withResolvers<void>();
  const watched: Db = {
    ...db,
    async run(statement) {
      const count = await db.run(statement);
      merged.resolve();
      return count;
    },
  };
  const stop = keepCustomIndex({ db: watched, clock, log: pino({ level: 'silent' }) });
  await db.run(sql`update profiles set custom = custom || '{"x": 1}'`);
  clock.advance(5_000);
  await merged.promise;
  assert.equal(await mergedPages(db), 0);
  stop();
  await db.run(sql`update profiles set custom = custom || '{"x": 2}'`);
  clock.advance(60_000);
  assert.ok((await mergedPages(db)) > 0);
});

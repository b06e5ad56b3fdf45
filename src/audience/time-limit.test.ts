import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { sql } from '../db/sql.ts';
import { AudienceTooExpensive, estimateProfiles, limited, timeLimitMs } from './time-limit.ts';

test('the limit is 5 s per 100,000 profiles, and never less than 5 s', () => {
  assert.deepEqual(
    [0, 50, 100_000, 250_000, 1_000_000, 1e12].map(timeLimitMs),
    [5_000, 5_000, 5_000, 12_500, 50_000, 2_000_000_000],
  );
});

test('a statement over the limit throws AudienceTooExpensive; any other error is thrown unchanged', async (t) => {
  const { db } = await testDatabase(t);
  await assert.rejects(
    db.transaction((tx) => limited(tx, 20, () => tx.query(sql`select pg_sleep(30)`))),
    AudienceTooExpensive,
  );
  await assert.rejects(
    db.transaction((tx) => limited(tx, 20_000, () => tx.query(sql`select 1 / 0`))),
    { code: '22012' },
  );
});

test('the limit ends with its work', async (t) => {
  const { db } = await testDatabase(t);
  await db.transaction(async (tx) => {
    await limited(tx, 50, () => tx.query(sql`select 1`));
    await tx.query(sql`select pg_sleep(0.1)`);
  });
});

test('the number of profiles is estimated without counting them', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  await db.run(sql`
    insert into profiles (bucket, user_id, workspace_id) select n % 256, n, ${workspaceId} from generate_series(1, 5000) n`);
  const estimate = await estimateProfiles(db);
  // Nobody has analyzed the table yet, so PostgreSQL guesses the width of a row from the types of its columns.
  assert.ok(estimate > 500 && estimate < 50_000, String(estimate));
});

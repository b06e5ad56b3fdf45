import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { hotStatement } from './hot-statement.ts';
import { sql } from './sql.ts';

test('the text of a hot statement is made once; each call reads its parameters', async (t) => {
  const { db } = await testDatabase(t);
  let written = 0;
  const add = hotStatement<{ one: number; other: number }, { sum: number }>('add', (param) => {
    written += 1;
    return sql`select ${param(({ one }) => one)}::integer + ${param(({ other }) => other)}::integer as sum`;
  });
  assert.deepEqual(await add(db, { one: 1, other: 2 }), [{ sum: 3 }]);
  assert.deepEqual(await add(db, { one: 10, other: 20 }), [{ sum: 30 }]);
  assert.equal(written, 1);
});

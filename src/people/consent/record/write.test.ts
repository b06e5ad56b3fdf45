import assert from 'node:assert/strict';
import test from 'node:test';
import { testDatabase } from '../../../../test/support/database.ts';
import { workspaceOf } from '../../../../test/support/people.ts';
import type { Database, Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { readLists, readTrack } from '../../track/request.ts';
import { createWriter } from '../../track/writer.ts';

/** The database, with the names and texts of the statements that transactions run. */
function watched(db: Database, seen: string[]): Database {
  const watch = (tx: Transaction): Transaction => {
    const noting =
      <Args extends unknown[], Result>(run: (...args: Args) => Result, read: (...args: Args) => string) =>
      (...args: Args) => {
        seen.push(read(...args));
        return run(...args);
      };
    return {
      ...tx,
      run: noting(tx.run, ({ text }) => text),
      query: noting(tx.query, ({ text }) => text) as Transaction['query'],
      prepared: noting(tx.prepared, (name) => name) as Transaction['prepared'],
      later: noting(tx.later, (name) => name),
    };
  };
  return { ...db, byKey: { ...db.byKey, transaction: (work) => db.byKey.transaction((tx) => work(watch(tx))) } };
}

test('an object that changes no consent costs no statement for the record, and one that does costs one', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const workspace = workspaceOf(workspaceId);
  const now = new Date();
  const seen: string[] = [];
  const write = createWriter({ db: watched(db, seen), now: () => now });
  const statementsOf = async (person: object) => {
    seen.length = 0;
    const body = { attributes: [{ external_id: 'ada', ...person }] };
    const request = readTrack(readLists(body, 'per_array'), { workspace, source: { door: 'api' }, now });
    await write({ request, workspace, sizeBytes: 100 });
    return [...seen];
  };
  const made = await statementsOf({ email: 'ada@example.test' });
  const named = await statementsOf({ first_name: 'Ada' });
  for (const statements of [made, named])
    assert.ok(
      statements.every((one) => !/record_consent|consent_changes|save_group_states/.test(one)),
      statements.join('\n'),
    );
  assert.deepEqual(named, ['claim_names', 'lock_people', 'update_profiles']);
  const pushed = await statementsOf({ push_subscribe: 'opted_in' });
  assert.deepEqual(pushed, [...named, 'record_consent']);
  assert.deepEqual(await statementsOf({ push_subscribe: 'opted_in' }), named, 'it is opted in already');
  assert.equal((await db.query(sql`select from consent_changes`)).length, 1);
});

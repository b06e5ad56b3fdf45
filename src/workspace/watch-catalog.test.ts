import assert from 'node:assert/strict';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { Clock } from '../lib/clock.ts';
import { createKey, deleteKey, hashKey } from './keys/keys.ts';
import { secretFrom } from './secrets.ts';
import { watchCatalog } from './watch-catalog.ts';
import { ensureWorkspace } from './workspaces.ts';

const secret = secretFrom('a secret of the tests, long enough');
const backend = { name: 'backend', permissions: ['messages.send'], allowFrom: [], createdBy: 'ada' } as const;

/** A database that counts and announces readings of the catalog, and lets them fail on request. */
function observed(db: Database) {
  const readings = new EventTarget();
  const state = { broken: false, count: 0 };
  const transaction: Database['transaction'] = async (work) => {
    if (state.broken) throw new Error('the database is away');
    const result = await db.transaction(work);
    state.count += 1;
    readings.dispatchEvent(new Event('read'));
    return result;
  };
  return { db: { ...db, transaction }, state, nextReading: () => once(readings, 'read') };
}

async function watched(t: TestContext, clock?: Clock) {
  const { db, workspaceId } = await testDatabase(t);
  const reader = observed(db);
  const failed = Promise.withResolvers<Error>();
  const catalog = await watchCatalog(reader.db, secret, failed.resolve, clock && { clock });
  t.after(() => catalog.stop());
  return { db, workspaceId, reader, catalog, failed: failed.promise };
}

test('a key that is made or deleted elsewhere is noticed without a refresh', async (t) => {
  const { db, workspaceId, reader, catalog } = await watched(t);
  const made = reader.nextReading();
  const { key } = await createKey(db, workspaceId, backend);
  await made;
  await catalog.refresh();
  assert.equal(catalog.current().apiKey(hashKey(key))?.name, 'backend');
  const deleted = reader.nextReading();
  await deleteKey(db, workspaceId, 'backend');
  await deleted;
  await catalog.refresh();
  assert.equal(catalog.current().apiKey(hashKey(key)), undefined);
});

test('callers that ask for a refresh while one runs share the next one', async (t) => {
  const { reader, catalog } = await watched(t);
  const first = catalog.refresh();
  await new Promise((turn) => setImmediate(turn));
  await Promise.all([first, catalog.refresh(), catalog.refresh(), catalog.refresh()]);
  assert.equal(reader.state.count, 3); // the initial reading, `first`, and one for the others
});

test('a failed reading is reported and repeated, and the last good catalog stays', async (t) => {
  let again: (() => void) | null = null;
  const clock: Clock = {
    now: () => new Date(0),
    after(_ms, callback) {
      again = callback;
      planned.resolve();
      return () => undefined;
    },
  };
  const planned = Promise.withResolvers<void>();
  const { db, workspaceId, reader, catalog, failed } = await watched(t, clock);
  reader.state.broken = true;
  const { key } = await createKey(db, workspaceId, backend);
  assert.equal((await failed).message, 'the database is away');
  await planned.promise;
  assert.equal(catalog.current().workspace(workspaceId)?.name, 'test');
  assert.equal(catalog.current().apiKey(hashKey(key)), undefined);
  reader.state.broken = false;
  const read = reader.nextReading();
  assert.ok(again !== null);
  (again as () => void)();
  await read;
  await catalog.refresh();
  assert.equal(catalog.current().apiKey(hashKey(key))?.name, 'backend');
});

test('if the first reading fails, the start fails and leaves no listener', async (t) => {
  const { db } = await testDatabase(t);
  const reader = observed(db);
  reader.state.broken = true;
  await assert.rejects(
    watchCatalog(reader.db, secret, () => undefined),
    /the database is away/,
  );
  const listening = sql`
    select 1 from pg_stat_activity
     where datname = current_database() and query ilike 'listen%' and pid <> pg_backend_pid()`;
  // PostgreSQL takes a moment to end a connection.
  for (let tries = 0; tries < 1_000 && (await db.query(listening)).length > 0; tries += 1);
  assert.deepEqual(await db.query(listening), []);
});

test('a database without a workspace gets one with a segment of everybody, and later starts find it', async (t) => {
  const { db } = await testDatabase(t);
  await db.run(sql`delete from workspaces`);
  const ids = await Promise.all([ensureWorkspace(db), ensureWorkspace(db)]);
  assert.equal(ids[0], ids[1]);
  assert.equal(await ensureWorkspace(db), ids[0]);
  const rows = await db.query(sql`
    select w.name as workspace, s.name as segment, s.filter from workspaces w join segments s on s.workspace_id = w.id`);
  assert.deepEqual(rows, [{ workspace: 'default', segment: 'All Users', filter: null }]);
});

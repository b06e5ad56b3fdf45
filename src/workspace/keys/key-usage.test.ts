import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { testDatabase } from '../../../test/support/database.ts';
import type { Database } from '../../db/database.ts';
import { createKeyUsage } from './key-usage.ts';
import { createKey, listKeys } from './keys.ts';

const backend = { name: 'backend', permissions: ['messages.send'], allowFrom: [], createdBy: 'ada' } as const;
const NOON = '2026-03-15T12:00:00.000Z';
const A_MINUTE_PAST = '2026-03-15T12:01:00.000Z';

async function setUp(t: TestContext) {
  const { db, workspaceId } = await testDatabase(t);
  const { id } = await createKey(db, workspaceId, backend);
  const clock = new TestClock(NOON);
  let written = Promise.withResolvers<void>();
  const state = { writes: 0, broken: false };
  const run: Database['run'] = async (statement) => {
    if (state.broken) throw new Error('the database is away');
    const rows = await db.run(statement);
    state.writes += 1;
    written.resolve();
    written = Promise.withResolvers();
    return rows;
  };
  const errors: string[] = [];
  const usage = createKeyUsage({ db: { ...db, run }, clock, onError: (error) => errors.push(error.message) });
  const lastUsed = async () => (await listKeys(db, workspaceId))[0]?.lastUsedAt?.toISOString() ?? null;
  return { usage, key: { id }, clock, state, errors, lastUsed, nextWrite: () => written.promise };
}

test('the uses of a minute are written once, with the time of the last', async (t) => {
  const { usage, key, clock, state, lastUsed, nextWrite } = await setUp(t);
  for (let use = 0; use < 100; use += 1) usage.used(key);
  clock.advance(59_999);
  usage.used(key);
  assert.equal(state.writes, 0);
  const write = nextWrite();
  clock.advance(1);
  await write;
  assert.equal(state.writes, 1);
  assert.equal(await lastUsed(), '2026-03-15T12:00:59.999Z');
});

test('without uses nothing is written', async (t) => {
  const { usage, clock, state } = await setUp(t);
  clock.advance(600_000);
  await usage.stop();
  assert.equal(state.writes, 0);
});

test('remembered uses are written at the stop', async (t) => {
  const { usage, key, lastUsed } = await setUp(t);
  usage.used(key);
  await usage.stop();
  assert.equal(await lastUsed(), NOON);
});

test('an earlier time does not replace a later one of another process', async (t) => {
  const { usage, key, clock, lastUsed } = await setUp(t);
  clock.advance(60_000);
  usage.used(key);
  await usage.flush();
  clock.advance(-60_000);
  usage.used(key);
  await usage.flush();
  assert.equal(await lastUsed(), A_MINUTE_PAST);
});

test('a failed write is reported, and repeated a minute later', async (t) => {
  const { usage, key, clock, state, errors, lastUsed, nextWrite } = await setUp(t);
  usage.used(key);
  state.broken = true;
  clock.advance(60_000);
  await new Promise((turn) => setImmediate(turn));
  assert.deepEqual(errors, ['the database is away']);
  assert.equal(await lastUsed(), null);
  clock.advance(60_000);
  await new Promise((turn) => setImmediate(turn));
  assert.equal(errors.length, 1, 'it is said once');
  state.broken = false;
  const write = nextWrite();
  clock.advance(60_000);
  await write;
  assert.equal(await lastUsed(), NOON);
});

test('a key that was deleted meanwhile causes no error', async (t) => {
  const { usage, lastUsed } = await setUp(t);
  usage.used({ id: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11' });
  await usage.flush();
  assert.equal(await lastUsed(), null);
});

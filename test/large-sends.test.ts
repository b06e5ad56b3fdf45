// Many accepted sends of nearly 4 MB each: the server holds only a few of them at a time. See memory-limits.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { DispatchCache, loadDispatches } from '../src/dispatch/plan/loaded-dispatch.ts';
import { startTestApp } from './support/app.ts';

test('a worker that finds many large sends reads them in parts, and all of them', async (t) => {
  const app = await startTestApp(t, { worker: false });
  for (let n = 0; n < 6; n += 1) {
    const webhook = { url: 'https://example.test/', request_method: 'POST', body: `${n} ${'x'.repeat(3_900_000)}` };
    const { status } = await app.post('/messages/send', { external_user_ids: ['nobody'], messages: { webhook } });
    assert.equal(status, 201);
  }
  const ids = (await app.db.query<{ id: string }>(sql`select id from dispatches`)).map(({ id }) => id);
  const catalog = {
    workspace: () => app.workspace(),
    workspaceOfApp: () => undefined,
    workspaceOfGroup: () => undefined,
    apiKey: () => undefined,
    takesKeysInBodies: () => false,
    returnPaths: () => new Set<string>(),
  };
  const part = await loadDispatches(app.db, { ids, catalog, cache: new DispatchCache() });
  assert.deepEqual([part.dispatches.size, part.left.length], [3, 3], 'three are more than 8 MB');

  await app.startAnotherWorker().then(({ worker }) => worker?.idle());
  const states = await app.db.query(sql`select distinct state from dispatches`);
  assert.deepEqual(states, [{ state: 'finished' }]);
});

test('large messages to many people go out a few at a time, and all of them', async (t) => {
  const app = await startTestApp(t);
  const names = Array.from({ length: 50 }, (_, n) => `p${n}`);
  await app.post('/users/track', { attributes: names.map((external_id) => ({ external_id })) });
  const body = `{{\${user_id}}} ${'x'.repeat(900_000)}`;
  const webhook = { url: 'https://example.test/', request_method: 'POST', body };
  const sent = await app.post('/messages/send', { external_user_ids: names, messages: { webhook } });
  assert.equal(sent.status, 201);
  // A provider has a share of what may be in hand; what is over it is looked at again a second later.
  for (let open = 1; open > 0; app.clock.advance(1_000)) {
    await app.drain();
    ({ open } = await app.db.one<{ open: number }>(sql`select count(*) as open from tasks`));
  }
  const counts = await app.db.query(sql`select status, count(*) as count from sends group by status`);
  assert.deepEqual(counts, [{ status: 'sent', count: 50 }]);
});

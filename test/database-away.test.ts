// A database elsewhere that is away for a while: the server stays up, says that it is not ready, and goes on by itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import { connect } from '../src/db/database.ts';
import { startTestApp } from './support/app.ts';
import { testDatabase } from './support/database.ts';
import { startFront } from './support/database-front.ts';

const MINUTE_MS = 60_000;

// Row 15 of the traps of the product.
test('while the database is away, /livez stays 200 and /readyz is 503; it is back without a restart', async (t) => {
  const database = await testDatabase(t);
  const front = await startFront(database);
  const db = connect({ url: front.url() });
  database.beforeClose(() => db.close());
  const app = await startTestApp(t, { database: { ...database, db, url: front.url() } });
  const health = async () => {
    const asked = ['/livez', '/readyz', '/health'].map((path) => app.get(path, { key: null }));
    return (await Promise.all(asked)).map(({ status }) => status);
  };
  const webhook = { url: 'https://example.test/', request_method: 'POST', body: 'x' };
  const send = () => app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  assert.deepEqual(await health(), [200, 200, 200]);

  await front.close();
  for (let minute = 0; minute < 5; minute += 1) {
    assert.deepEqual(await health(), [200, 503, 503]);
    assert.equal((await send()).status, 503);
    app.clock.advance(MINUTE_MS);
  }
  await front.open();
  assert.deepEqual(await health(), [200, 200, 200], 'the next question makes a new connection');
  const sent = await send();
  assert.equal(sent.status, 201);
  let state = '';
  while (state !== 'finished') state = (await app.get(`/dispatches/${sent.body.dispatch_id}`)).body.state;
});

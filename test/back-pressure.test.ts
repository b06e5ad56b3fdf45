// Requests while more is accepted than is delivered.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import type { QueueLimits } from '../src/dispatch/accept/pressure.ts';
import { startTestApp } from './support/app.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const messages = { webhook: { url: 'https://example.test/', request_method: 'POST' } };
const named = { external_user_ids: ['ada'], messages };
const broadcast = { broadcast: true, segment_id: EVERYBODY, messages };

async function start(t: TestContext, queueLimits: Partial<QueueLimits>) {
  const app = await startTestApp(t, { worker: false, queueLimits });
  await app.givenWorkspace(`segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const send = async (body: object) => (await app.post('/messages/send', body)).status;
  /** Repeats a request until it is refused: each request starts the look at the queue that decides about later ones. */
  async function untilRefused(body: object) {
    for (let tries = 0; tries < 100; tries += 1) {
      const reply = await app.post('/messages/send', body);
      if (reply.status !== 201) return reply;
    }
    throw new Error('a hundred were accepted');
  }
  return { app, send, untilRefused, nextLook: () => app.clock.advance(60_000) };
}

test('while too many sends wait, more are refused and not stored', async (t) => {
  const { app, send, untilRefused, nextLook } = await start(t, { named: { maxTasks: 3, maxAgeMs: 0 } });
  for (let count = 0; count < 4; count += 1) assert.equal(await send(named), 201, 'the last look found room');
  nextLook();
  const { status, headers, body } = await untilRefused(named);
  const { stored } = await app.db.one<{ stored: number }>(sql`select count(*) as stored from dispatches`);
  assert.equal(await send(named), 503);
  assert.equal(status, 503);
  assert.equal(headers.get('retry-after'), '5');
  assert.deepEqual(body, { message: 'Queue Full', errors: ['more than the 3 tasks allowed are waiting'] });
  const after = await app.db.one<{ stored: number }>(sql`select count(*) as stored from dispatches`);
  assert.equal(after.stored, stored);
  assert.equal(await send({ ...named, cresset: { dry_run: true } }), 201, 'nothing is queued by a dry run');
  const tracked = await app.post('/users/track', { attributes: [{ external_id: 'bob' }] });
  assert.equal(tracked.status, 201);
});

test('while a send has waited too long for a worker, more are refused; they are accepted once it is taken', async (t) => {
  const { app, send, untilRefused, nextLook } = await start(t, { named: { maxTasks: 0, maxAgeMs: 900_000 } });
  assert.equal(await send(named), 201);
  app.clock.advance(900_000);
  assert.equal(await send(named), 201, 'as old as it may be');
  nextLook();
  const refused = await untilRefused(named);
  assert.equal(refused.status, 503);
  assert.match(refused.body.errors[0], /^what was accepted waits for 960 s already, more than the 900 s allowed$/);
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  nextLook();
  assert.equal(await send(named), 201);
});

test('a refusal after a quiet time is based on a new look at the queue', async (t) => {
  const { app, send, untilRefused, nextLook } = await start(t, { named: { maxTasks: 1, maxAgeMs: 0 } });
  await send(named);
  await send(named);
  nextLook();
  assert.equal((await untilRefused(named)).status, 503);
  await app.db.run(sql`delete from tasks`);
  nextLook();
  assert.equal(await send(named), 201);
});

test('a send that waits for a retry counts as waiting, but not as late', async (t) => {
  const { app, send, untilRefused, nextLook } = await start(t, { named: { maxTasks: 2, maxAgeMs: 600_000 } });
  await send(named);
  await app.db.run(sql`update tasks set run_at = ${new Date(app.clock.now().getTime() + 86_400_000)}`);
  app.clock.advance(1_200_000);
  assert.equal(await send(named), 201);
  nextLook();
  assert.equal(await send(named), 201);
  nextLook();
  assert.match((await untilRefused(named)).body.errors[0], /^more than the 2 tasks/);
});

test('the lanes are separate: a waiting broadcast refuses broadcasts, not receipts', async (t) => {
  const limit = { maxTasks: 0, maxAgeMs: 60_000 };
  const { app, send, untilRefused } = await start(t, { named: limit, broadcast: limit });
  assert.equal(await send(broadcast), 201);
  app.clock.advance(61_000);
  const refused = await untilRefused(broadcast);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '60']);
  assert.equal(await send(named), 201);
  assert.equal(await send(named), 201);
});

test('a repeated request gets its answer however full the queue is, and a refused one may be repeated with its key', async (t) => {
  const { app, untilRefused, nextLook } = await start(t, { named: { maxTasks: 1, maxAgeMs: 0 } });
  const send = async (key: string) =>
    (await app.post('/messages/send', named, { headers: { 'idempotency-key': key } })).status;
  assert.equal(await send('one'), 201);
  assert.equal(await send('two'), 201);
  nextLook();
  await untilRefused(named);
  assert.equal(await send('four'), 503);
  assert.equal(await send('one'), 201);
  await app.db.run(sql`delete from tasks`);
  nextLook();
  assert.equal(await send('four'), 201);
});

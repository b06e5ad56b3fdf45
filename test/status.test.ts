// What GET /status says of servers, queues, callers and pauses.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import test from 'node:test';
import { startTestApp } from './support/app.ts';

const send = {
  external_user_ids: ['ada'],
  messages: { webhook: { url: 'https://example.test/', request_method: 'POST', body: 'x' } },
};

test('/status names every server by host, process and roles, and which one answers', async (t) => {
  const app = await startTestApp(t);
  const { servers } = (await app.get('/status')).body;
  assert.equal(servers.length, 1);
  const { since, ...server } = servers[0];
  assert.deepEqual(server, {
    ...{ host: hostname().slice(0, 30), process_id: process.pid },
    ...{ roles: ['api', 'worker'], answers: true },
  });
  assert.ok(Date.parse(since) > 0);
});

test('/status says that requests to send are refused, for which lane and why, and shows the limits', async (t) => {
  const app = await startTestApp(t, {
    worker: false,
    queueLimits: { named: { maxTasks: 3, maxAgeMs: 0 }, broadcast: { maxTasks: 0, maxAgeMs: 60_000 } },
  });
  for (let sent = 0; sent < 3; sent += 1) assert.equal((await app.post('/messages/send', send)).status, 201);
  const before = (await app.get('/status')).body;
  assert.deepEqual(before.queue, {
    named: { tasks: 3, oldest_waiting_s: 0, most_tasks: 3, longest_wait_s: null },
    broadcast: { tasks: 0, oldest_waiting_s: 0, most_tasks: null, longest_wait_s: 60 },
  });
  assert.deepEqual(
    before.problems.filter((one: string) => one.includes('503')),
    [],
  );
  assert.equal((await app.post('/messages/send', send)).status, 201);
  assert.deepEqual(
    (await app.get('/status')).body.problems.filter((one: string) => one.includes('503')),
    ['requests to send are answered 503 (to named people): more than the 3 tasks allowed are waiting'],
  );
  // A request that finds an old measurement does not wait for the next one.
  let status = 201;
  for (let asked = 0; asked < 100 && status === 201; asked += 1) {
    app.clock.advance(1_000);
    ({ status } = await app.post('/messages/send', send));
  }
  assert.equal(status, 503);
});

test('a key that comes too often is named in /status, which it cannot take away, until it has been quiet for five minutes', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace('rate_limits: { default: 3 }');
  const statuses = [];
  for (let asked = 0; asked < 5; asked += 1) {
    statuses.push((await app.get('/dispatches')).status);
    app.clock.advance(1_000);
  }
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  const reply = await app.get('/status');
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('x-ratelimit-limit'), '36000');
  const told = reply.body.problems;
  assert.equal(told.length, 1);
  assert.match(
    told[0],
    /^API key "[-0-9a-f]{8}" comes too often: 2 × 429 at GET \/dispatches since 2026-03-15T12:00:03\.000Z, last at 2026-03-15T12:00:04\.000Z$/,
  );
  app.clock.advance(299_000);
  assert.deepEqual((await app.get('/status')).body.problems, []);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp1Server } from 'node:http';
import { createServer } from 'node:net';
import test from 'node:test';
import { TestClock } from '../../../../test/support/clock.ts';
import { startHttp2Pool as start, statusOf } from '../../../../test/support/http2-pool.ts';
import { Http2Pool } from './pool.ts';

const never = new AbortController().signal;

test('an unreachable peer fails all waiting requests at once, and is tried again for the next one', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  await new Promise((closed) => server.close(closed));
  const clock = new TestClock();
  const pool = new Http2Pool({ origin: `http://127.0.0.1:${address.port}`, clock });
  t.after(() => pool.close());
  const send = () => pool.request({ headers: { ':method': 'POST', ':path': '/' }, body: '' }, never);
  const answers = await Promise.all(Array.from({ length: 50 }, send));
  const failure = { kind: 'unanswered', reason: 'connect ECONNREFUSED', mayHaveActed: false };
  assert.deepEqual(answers, Array(50).fill(failure));
  assert.deepEqual(await send(), failure);
});

test('a peer that accepts a connection and sends nothing has ten seconds', async (t) => {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const clock = new TestClock();
  const pool = new Http2Pool({ origin: `http://127.0.0.1:${address.port}`, clock });
  const answer = pool.request({ headers: { ':method': 'POST', ':path': '/' }, body: '' }, never);
  await once(server, 'connection');
  clock.advance(10_000);
  assert.deepEqual(await answer, { kind: 'unanswered', reason: 'connect timeout', mayHaveActed: false });
  await pool.close();
});

test('a peer that speaks only HTTP/1.1 cannot be used', async (t) => {
  const server = createHttp1Server().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const pool = new Http2Pool({ origin: `http://127.0.0.1:${address.port}`, clock: new TestClock() });
  const answer = await pool.request({ headers: { ':method': 'POST', ':path': '/' }, body: '' }, never);
  assert.ok(answer.kind === 'unanswered' && !answer.mayHaveActed);
  assert.match(answer.reason, /^connect /);
  await pool.close();
});

test('a certificate of an unknown authority is refused', async (t) => {
  const { pool, peer, send } = await start(t, { tls: true, onCall: (call) => call.answer(200) });
  assert.equal(statusOf(await send('a')), 'connect DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.equal(peer.calls.length, 0);
  await pool.close();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { startHttp2Pool as start, statusOf } from '../../../../test/support/http2-pool.ts';
import type { ServerCall } from '../../../../test/support/http2-server.ts';

const ok = (call: ServerCall) => call.answer(200, call.body);

test('a request without an answer is given up after ten seconds, and its stream is free for others', async (t) => {
  const { pool, peer, clock, send } = await start(
    t,
    { maxStreams: 1, onCall: (call) => (call.path === '/slow' ? undefined : ok(call)) },
    { maxConnections: 1 },
  );
  const slow = send('slow');
  await peer.called(1);
  clock.advance(9_000);
  const [call] = peer.calls;
  assert.ok(call);
  const reset = once(call.stream, 'close');
  clock.advance(1_000);
  assert.deepEqual(await slow, { kind: 'unanswered', reason: 'timeout', mayHaveActed: true });
  await reset;
  assert.equal(statusOf(await send('next')), 200);
  await pool.close();
});

test('a request that waits too long for a stream is given back unsent', async (t) => {
  const { pool, peer, clock, send } = await start(
    t,
    { maxStreams: 1, onCall: () => undefined },
    { maxConnections: 1, requestTimeoutMs: 60_000 },
  );
  const first = send('first');
  await peer.called(1);
  const second = send('second');
  clock.advance(30_000);
  assert.deepEqual(await second, { kind: 'unanswered', reason: 'waited too long', mayHaveActed: false });
  clock.advance(30_000);
  assert.equal(statusOf(await first), 'timeout');
  await pool.close();
  assert.equal(peer.calls.length, 1);
});

test('when too many requests wait, the next is refused', async (t) => {
  const held: ServerCall[] = [];
  const { pool, peer, send } = await start(
    t,
    { maxStreams: 1, onCall: (call) => held.push(call) },
    { maxConnections: 1, maxWaiting: 2 },
  );
  const first = send('1');
  await peer.called(1);
  const waiting = [send('2'), send('3')];
  assert.equal(statusOf(await send('4')), 'too many waiting');
  for (const answered of [first, ...waiting]) {
    while (held.length === 0) await new Promise(setImmediate);
    ok(held.shift() as ServerCall);
    assert.equal(statusOf(await answered), 200);
  }
  await pool.close();
});

test('an abort gives back waiting requests, and requests under way finish', async (t) => {
  const held: ServerCall[] = [];
  const { pool, peer, send } = await start(
    t,
    { maxStreams: 1, onCall: (call) => held.push(call) },
    { maxConnections: 1 },
  );
  const stop = new AbortController();
  const first = send('1', stop.signal);
  await peer.called(1);
  const second = send('2', stop.signal);
  const other = send('3');
  stop.abort();
  assert.deepEqual(await second, { kind: 'unanswered', reason: 'aborted', mayHaveActed: false });
  assert.equal(statusOf(await send('4', stop.signal)), 'aborted');
  held.shift()?.answer(200);
  assert.equal(statusOf(await first), 200);
  await peer.called(2);
  held.shift()?.answer(200);
  assert.equal(statusOf(await other), 200);
  await pool.close();
});

test('closing waits for accepted requests and takes no more', async (t) => {
  const held: ServerCall[] = [];
  const { pool, peer, send } = await start(
    t,
    { maxStreams: 1, onCall: (call) => held.push(call) },
    { maxConnections: 1 },
  );
  const sent = [send('1'), send('2')];
  await peer.called(1);
  const closed = pool.close();
  assert.equal(statusOf(await send('3')), 'closing');
  held.shift()?.answer(200);
  await peer.called(2);
  held.shift()?.answer(200);
  assert.deepEqual((await Promise.all(sent)).map(statusOf), [200, 200]);
  await closed;
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { loopbackCertificate } from '../../../../rig/loopback-certificate.ts';
import { bodyOf, startHttp2Pool as start, statusOf } from '../../../../test/support/http2-pool.ts';
import type { ServerCall } from '../../../../test/support/http2-server.ts';
import { MAX_BODY_BYTES } from './exchange.ts';

const ok = (call: ServerCall) => call.answer(200, call.body);

for (const tls of [false, true]) {
  test(`each answer comes back to its request ${tls ? 'over TLS' : 'in the clear'}`, async (t) => {
    const { pool, peer, sendMany } = await start(
      t,
      { tls, maxStreams: 1_000, onCall: ok },
      { ca: loopbackCertificate.cert },
    );
    const answers = await sendMany(300);
    assert.deepEqual(
      answers.map(bodyOf),
      Array.from({ length: 300 }, (_, n) => `${n}`),
    );
    assert.equal(peer.sessions.length, 1);
    await pool.close();
    assert.equal(peer.calls.length, 300);
  });
}

test('connections are opened as needed, and none carries more streams than its peer allows', async (t) => {
  const held: ServerCall[] = [];
  const { pool, peer, sendMany } = await start(t, { maxStreams: 10, onCall: (call) => held.push(call) });
  const sent = sendMany(35);
  await peer.called(35);
  assert.equal(peer.sessions.length, 4);
  assert.equal(peer.mostStreams(), 10);
  for (const call of held) ok(call);
  assert.equal((await sent).filter((answer) => statusOf(answer) === 200).length, 35);
  await pool.close();
});

test('no more connections are opened than allowed; waiting requests go out when a stream is free', async (t) => {
  const held: ServerCall[] = [];
  let isHolding = true;
  const onCall = (call: ServerCall) => (isHolding ? held.push(call) : ok(call));
  const { pool, peer, sendMany } = await start(t, { maxStreams: 5, onCall }, { maxConnections: 2 });
  const sent = sendMany(30);
  await peer.called(10);
  isHolding = false;
  for (const call of held) ok(call);
  assert.ok((await sent).every((answer) => statusOf(answer) === 200));
  assert.equal(peer.sessions.length, 2);
  assert.equal(peer.mostStreams(), 5);
  await pool.close();
});

test('a connection carries one request at a time until its peer accepts us', async (t) => {
  const held: ServerCall[] = [];
  const { pool, peer, sendMany } = await start(
    t,
    { onCall: (call) => held.push(call) },
    { provenBy: (status) => status === 200 },
  );
  const sent = sendMany(20);
  await peer.called(1);
  held.shift()?.answer(403);
  await peer.called(2);
  assert.equal(peer.mostStreams(), 1);
  held.shift()?.answer(200);
  await peer.called(20);
  for (const call of held) ok(call);
  const statuses = (await sent).map(statusOf);
  assert.deepEqual([statuses.length, statuses[0], statuses[1]], [20, 403, 200]);
  assert.equal(peer.sessions.length, 1);
  await pool.close();
});

test('a connection that is torn down fails its requests, and the next request opens a new one', async (t) => {
  const { pool, peer, sendMany, send } = await start(t, {
    onCall: (call) => (call.connection === 0 ? undefined : ok(call)),
  });
  const sent = sendMany(10);
  await peer.called(10);
  peer.sessions[0]?.destroy();
  for (const answer of await sent) assert.ok(answer.kind === 'unanswered' && answer.mayHaveActed);
  assert.equal(statusOf(await send('next')), 200);
  await pool.close();
});

test('a silent connection is asked with a PING and closed when no answer comes', async (t) => {
  const { pool, peer, clock, send } = await start(t, { onCall: ok });
  assert.equal(statusOf(await send('a')), 200);
  const [first] = peer.sessions;
  assert.ok(first);
  clock.advance(1_000);
  const pinged = once(first, 'ping');
  clock.advance(60_000);
  await pinged;
  await new Promise(setImmediate);
  assert.equal(statusOf(await send('b')), 200);
  assert.equal(peer.sessions.length, 1);
  const closed = once(first, 'close');
  clock.advance(60_000);
  clock.advance(11_000); // no turn of the event loop in between, so the answer to the PING is not seen
  await closed;
  assert.equal(statusOf(await send('c')), 200);
  assert.equal(peer.sessions.length, 2);
  await pool.close();
});

test('an unused connection is closed after the idle time', async (t) => {
  const { pool, peer, clock, send } = await start(t, { onCall: ok }, { limits: { idleMs: 30_000 } });
  assert.equal(statusOf(await send('a')), 200);
  const [first] = peer.sessions;
  assert.ok(first);
  const closed = once(first, 'close');
  clock.advance(31_000);
  await closed;
  await pool.close();
});

test('a body is kept up to the limit, however much the peer sends', async (t) => {
  const { pool, send } = await start(t, { onCall: (call) => call.answer(400, Buffer.alloc(1_000_000, 'x')) });
  const answer = await send('a');
  assert.ok(answer.kind === 'reply');
  assert.deepEqual([answer.status, answer.body.length], [400, MAX_BODY_BYTES]);
  await pool.close();
});

test('an answer that is cut off counts as none, except for a success, whose status is enough', async (t) => {
  const { pool, send } = await start(t, {
    onCall({ stream, path }) {
      stream.respond({ ':status': Number(path.slice(1)) });
      stream.write('half', () => stream.destroy(new Error('in the middle')));
    },
  });
  assert.deepEqual(await send('404'), { kind: 'unanswered', reason: 'reset 2', mayHaveActed: true });
  assert.equal(statusOf(await send('200')), 200);
  await pool.close();
});

test('a retired connection finishes its requests and takes no more', async (t) => {
  const held: ServerCall[] = [];
  const { pool, peer, send, sendMany } = await start(t, { onCall: (call) => held.push(call) });
  const first = send('a');
  await peer.called(1);
  const rest = sendMany(5);
  held.shift()?.answer(503);
  const answer = await first;
  assert.ok(answer.kind === 'reply');
  await peer.called(6);
  answer.connection.retire();
  const next = send('b');
  await peer.called(7);
  for (const call of held) ok(call);
  assert.ok((await Promise.all([...(await rest), await next])).every((one) => statusOf(one) === 200));
  assert.deepEqual(
    peer.calls.map(({ connection }) => connection),
    [0, 0, 0, 0, 0, 0, 1],
  );
  await pool.close();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp1Server } from 'node:http';
import { constants } from 'node:http2';
import { createServer } from 'node:net';
import test, { type TestContext } from 'node:test';
import { loopbackCertificate } from '../../../../rig/loopback-certificate.ts';
import { TestClock } from '../../../../test/support/clock.ts';
import {
  type ServerCall,
  startHttp2Server,
  type TestHttp2ServerOptions,
} from '../../../../test/support/http2-server.ts';
import { type Http2Answer, MAX_BODY_BYTES } from './exchange.ts';
import { Http2Pool, type Http2PoolOptions } from './pool.ts';

const never = new AbortController().signal;
const ok = (call: ServerCall) => call.answer(200, call.body);

async function start(t: TestContext, server: TestHttp2ServerOptions, options: Partial<Http2PoolOptions> = {}) {
  const clock = new TestClock();
  const peer = await startHttp2Server(t, server);
  const pool = new Http2Pool({ origin: peer.url, clock, utilization: () => 0, ...options });
  const send = (body: string, signal = never) =>
    pool.request({ headers: { ':method': 'POST', ':path': `/${body}` }, body }, signal);
  const sendMany = (count: number, from = 0) =>
    Promise.all(Array.from({ length: count }, (_, n) => send(`${from + n}`)));
  return { clock, peer, pool, send, sendMany };
}

function statusOf(answer: Http2Answer): number | string {
  return answer.kind === 'reply' ? answer.status : answer.reason;
}

const bodyOf = (answer: Http2Answer) => (answer.kind === 'reply' ? answer.body.toString() : answer.reason);

for (const tls of [false, true]) {
  test(`answers come back to the requests they belong to ${tls ? 'over TLS' : 'in the clear'}`, async (t) => {
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

test('connections are opened by need, and none carries more streams than its peer allows', async (t) => {
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

test('no more connections are opened than allowed; who waits is served when a stream is free', async (t) => {
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

test('a connection that has still to prove itself carries one request at a time', async (t) => {
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

test('GOAWAY in the middle loses nobody and doubles nobody', async (t) => {
  const seen = new Map<string, number>();
  const taken = new Set<number>();
  const { pool, peer, sendMany } = await start(t, {
    onCall(call) {
      const id = call.stream.id ?? 0;
      // What comes after our GOAWAY with its last stream is not looked at.
      if (call.connection === 0 && taken.has(-1) && id > Math.max(...taken)) return;
      seen.set(call.path, (seen.get(call.path) ?? 0) + 1);
      if (call.connection === 0) taken.add(id);
      if (call.connection === 0 && taken.size === 40) {
        call.session.goaway(constants.NGHTTP2_NO_ERROR, id);
        taken.add(-1);
      }
      setImmediate(() => ok(call));
    },
  });
  const answers = await sendMany(200);
  assert.deepEqual(
    answers.map(bodyOf),
    Array.from({ length: 200 }, (_, n) => `${n}`),
  );
  assert.equal(seen.size, 200);
  assert.ok([...seen.values()].every((times) => times === 1));
  assert.equal(peer.sessions.length, 2);
  await pool.close();
});

test('what a GOAWAY leaves out goes again in its order, however often', async (t) => {
  const order: string[] = [];
  const { pool, sendMany } = await start(t, {
    onCall(call) {
      const id = call.stream.id ?? 0;
      if (id > 9) return;
      order.push(call.path);
      ok(call);
      if (id === 9) call.session.goaway(constants.NGHTTP2_NO_ERROR, id);
    },
  });
  const answers = await sendMany(15);
  assert.ok(answers.every((answer) => statusOf(answer) === 200));
  assert.deepEqual(
    order,
    Array.from({ length: 15 }, (_, n) => `/${n}`),
  );
  await pool.close();
});

test('GOAWAY with an error repeats what was above its last stream only; the rest may have been acted on', async (t) => {
  let isFirst = true;
  const { pool, peer, sendMany } = await start(t, {
    onCall(call) {
      if (call.connection > 0) return ok(call);
      if (!isFirst) return;
      isFirst = false;
      call.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, call.stream.id);
    },
  });
  const answers = await sendMany(20);
  assert.deepEqual(answers[0], {
    kind: 'unanswered',
    reason: `closed goaway ${constants.NGHTTP2_ENHANCE_YOUR_CALM}`,
    mayHaveActed: true,
  });
  assert.ok(answers.slice(1).every((answer) => statusOf(answer) === 200));
  assert.equal(peer.sessions.length, 2);
  await pool.close();
});

test('a refused stream is sent again; one reset otherwise is told, and only that one', async (t) => {
  const refused = new Set<string>();
  const { pool, peer, sendMany } = await start(t, {
    onStream(stream, session) {
      if (peer?.calls.length === 0 && refused.size < 5) {
        refused.add(String(stream.id));
        stream.close(constants.NGHTTP2_REFUSED_STREAM);
      }
      assert.ok(session);
    },
    onCall: (call) => (call.path === '/7' ? call.stream.close(constants.NGHTTP2_INTERNAL_ERROR) : ok(call)),
  });
  const answers = await sendMany(20);
  assert.equal(refused.size, 5);
  assert.deepEqual(answers[7], { kind: 'unanswered', reason: 'reset 2', mayHaveActed: true });
  assert.equal(answers.filter((answer) => statusOf(answer) === 200).length, 19);
  assert.equal(new Set(peer.calls.map(({ path }) => path)).size, 20);
  assert.equal(peer.calls.length, 20);
  await pool.close();
});

test('a peer that refuses for ever gets three more tries', async (t) => {
  let streams = 0;
  const { pool, send } = await start(t, {
    onStream(stream) {
      streams += 1;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    },
    onCall: ok,
  });
  assert.deepEqual(await send('a'), { kind: 'unanswered', reason: 'refused', mayHaveActed: false });
  assert.equal(streams, 4);
  await pool.close();
});

test('without an answer in ten seconds a request is given up, and its stream is free for others', async (t) => {
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

test('who waits too long for a place is given back untouched', async (t) => {
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

test('when too many wait the next is refused', async (t) => {
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

test('an abort gives back what waits and lets end what is under way', async (t) => {
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

test('a peer that cannot be reached answers all who wait at once, and is tried again for the next', async (t) => {
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

test('a peer that accepts and says nothing is given ten seconds', async (t) => {
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

test('a peer that speaks HTTP/1.1 only cannot be used', async (t) => {
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

test('a certificate that nobody vouches for is not accepted', async (t) => {
  const { pool, peer, send } = await start(t, { tls: true, onCall: ok });
  assert.equal(statusOf(await send('a')), 'connect DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.equal(peer.calls.length, 0);
  await pool.close();
});

test('a connection torn down tells all that was under way, and the next request opens a new one', async (t) => {
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

test('a silent connection is asked for a word and closed without one; an idle one is closed after an hour', async (t) => {
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
  clock.advance(11_000); // no turn of the event loop in between: its answer to the ping is not heard
  await closed;
  assert.equal(statusOf(await send('c')), 200);
  assert.equal(peer.sessions.length, 2);
  await pool.close();
});

test('an unused connection is closed after its idle time', async (t) => {
  const { pool, peer, clock, send } = await start(t, { onCall: ok }, { limits: { idleMs: 30_000 } });
  assert.equal(statusOf(await send('a')), 200);
  const [first] = peer.sessions;
  assert.ok(first);
  const closed = once(first, 'close');
  clock.advance(31_000);
  await closed;
  await pool.close();
});

test('a body is kept up to its bound, whatever the peer sends', async (t) => {
  const { pool, send } = await start(t, { onCall: (call) => call.answer(400, Buffer.alloc(1_000_000, 'x')) });
  const answer = await send('a');
  assert.ok(answer.kind === 'reply');
  assert.deepEqual([answer.status, answer.body.length], [400, MAX_BODY_BYTES]);
  await pool.close();
});

test('an answer cut off in the middle is none, but for a success: its status has said it', async (t) => {
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

test('closing waits for what was accepted and takes nothing more', async (t) => {
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

test('a retired connection ends what is under way and takes nothing more', async (t) => {
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

import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import test from 'node:test';
import { bodyOf, startHttp2Pool as start, statusOf } from '../../../../test/support/http2-pool.ts';
import type { ServerCall } from '../../../../test/support/http2-server.ts';

// Requests that the pool repeats on another connection, and those that it must not repeat.

const ok = (call: ServerCall) => call.answer(200, call.body);

test('a GOAWAY among requests loses none and repeats none that was processed', async (t) => {
  const seen = new Map<string, number>();
  const processed = new Set<number>();
  const { pool, peer, sendMany } = await start(t, {
    onCall(call) {
      const id = call.stream.id ?? 0;
      // The server ignores streams above the last one of its GOAWAY.
      if (call.connection === 0 && processed.has(-1) && id > Math.max(...processed)) return;
      seen.set(call.path, (seen.get(call.path) ?? 0) + 1);
      if (call.connection === 0) processed.add(id);
      if (call.connection === 0 && processed.size === 40) {
        call.session.goaway(constants.NGHTTP2_NO_ERROR, id);
        processed.add(-1);
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

test('requests that a GOAWAY excludes are repeated in their order, however often', async (t) => {
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

test('after a GOAWAY with an error only the streams above its last one are repeated; the rest may have been processed', async (t) => {
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

test('a refused stream is repeated; a stream reset with another code fails alone', async (t) => {
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

test('a request that the peer always refuses is tried three more times', async (t) => {
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

test('a peer that ends each connection in order after one request gets all of many, each once', async (t) => {
  const { pool, peer, sendMany } = await start(t, {
    onCall(call) {
      ok(call);
      call.session.goaway(constants.NGHTTP2_NO_ERROR, call.stream.id);
    },
  });
  const answers = await sendMany(20);
  assert.ok(answers.every((answer) => statusOf(answer) === 200));
  assert.equal(peer.sessions.length, 20);
  await pool.close();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp1Server } from 'node:http';
import type { ServerHttp2Session, Settings } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { test as nodeTest, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import fc from 'fast-check';
import { loopbackCertificate } from '../../../../rig/loopback-certificate.ts';
import { TestClock } from '../../../../test/support/clock.ts';
import {
  type ServerCall,
  startHttp2Server,
  type TestHttp2ServerOptions,
} from '../../../../test/support/http2-server.ts';
import type { Http2Answer } from './exchange.ts';
import { Http2Pool, type Http2PoolOptions } from './pool.ts';

// Tests the session against a strict and independent peer: nghttp2, the library inside node:http2.

const never = new AbortController().signal;
const ok = (call: ServerCall) => call.answer(200, call.body);
const unsendable = { kind: 'unanswered', reason: 'headers that cannot be sent', mayHaveActed: false };

const test = (name: string, run: (t: TestContext) => Promise<void>) => nodeTest(name, { timeout: 120_000 }, run);

function poolOf(t: TestContext, options: Partial<Http2PoolOptions> & { origin: string }) {
  const pool = new Http2Pool({ clock: new TestClock(), utilization: () => 0, ...options });
  t.after(() => pool.close());
  return (body: string, headers: Record<string, string> = {}) =>
    pool.request({ headers: { ':method': 'POST', ':path': '/', ...headers }, body }, never);
}

async function start(t: TestContext, server: TestHttp2ServerOptions, options: Partial<Http2PoolOptions> = {}) {
  const peer = await startHttp2Server(t, server);
  const send = poolOf(t, { origin: peer.url, ...options });
  /** Announces settings on the first connection; resolves once they are acknowledged. */
  const set = (settings: Settings) =>
    new Promise<void>((acknowledged) =>
      (peer.sessions[0] as ServerHttp2Session).settings(settings, () => acknowledged()),
    );
  return { peer, send, set };
}

const statusOf = (answer: Http2Answer) => (answer.kind === 'reply' ? answer.status : answer.reason);
const textOf = (answer: Http2Answer) => (answer.kind === 'reply' ? answer.body.toString() : answer.reason);

function port(server: Server): number {
  return (server.address() as AddressInfo).port;
}

for (const initialWindowSize of [0, 1, 1_000, 65_535, 1_000_000]) {
  test(`bodies larger than the windows arrive whole when streams begin at ${initialWindowSize}`, async (t) => {
    const { peer, send, set } = await start(t, { settings: { initialWindowSize }, onCall: (call) => call.answer(200) });
    const size = initialWindowSize === 1 ? 1_000 : 200_000; // a window of 1 costs a frame and an update for each octet
    const bodies = ['ä€𝄞', 'x', 'lone \ud800 surrogate ', '\0ÿ', 'ok'].map((text) =>
      text.repeat(Math.ceil(size / Buffer.byteLength(text))),
    );
    const sent = Promise.all(bodies.map((body, n) => send(body, { 'x-n': `${n}` })));
    if (initialWindowSize === 0) {
      while (peer.sessions.length === 0) await new Promise(setImmediate);
      await set({ initialWindowSize: 10 });
      await set({ initialWindowSize: 100_000 });
    }
    assert.deepEqual((await sent).map(statusOf), [200, 200, 200, 200, 200]);
    const arrived = peer.calls.toSorted((a, b) => Number(a.headers['x-n']) - Number(b.headers['x-n']));
    for (const [n, body] of bodies.entries()) {
      assert.ok(arrived[n]?.body === Buffer.from(body).toString(), `body ${n}`);
    }
  });
}

test('a window made smaller in mid-session, even below zero, stops bodies until it grows again', async (t) => {
  const { peer, send, set } = await start(t, { onCall: ok });
  assert.equal(statusOf(await send('first')), 200);
  const sent = Promise.all([send('a'.repeat(300_000)), send('b'.repeat(300_000))]);
  await set({ initialWindowSize: 0 });
  await set({ initialWindowSize: 5 });
  await set({ initialWindowSize: 50_000 });
  assert.deepEqual((await sent).map(statusOf), [200, 200]);
  assert.equal(peer.sessions.length, 1);
  assert.deepEqual(peer.calls.map(({ body }) => body.length).toSorted(), [300_000, 300_000, 5]);
});

// No white space at either end: nghttp2 drops such a header (RFC 9113 §8.2.1).
const value = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'bearer '.repeat(100).trim(),
    'c'.repeat(1_500),
    'd'.repeat(3_000),
    '\u0080',
    'ÿ'.repeat(127),
  ),
  fc
    .string({
      unit: fc
        .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9))
        .map((code) => String.fromCharCode(code)),
      maxLength: 200,
    })
    .map((text) => text.replace(/^[\t ]+|[\t ]+$/g, '')),
);
const names = ['authorization', 'apns-id', 'apns-topic', 'content-type', 'x-a', 'x-b'] as const;
const block = fc.record({
  tableSize: fc.option(fc.constantFrom(0, 100, 1_000, 4_096, 65_536), { freq: 3 }),
  isAwaited: fc.boolean(),
  headers: fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 6 }),
  times: fc.integer({ min: 1, max: 3 }),
});

for (const headerTableSize of [0, 100, 4_096, 100_000]) {
  test(`repeated and changing headers arrive unchanged while a table of ${headerTableSize} is resized`, async (t) => {
    const { peer, send, set } = await start(
      t,
      { settings: { headerTableSize }, onCall: (call) => call.answer(200) },
      { unindexed: ['apns-id'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 6 }), async (blocks) => {
        for (const { tableSize, isAwaited, headers, times } of blocks) {
          if (tableSize !== null && peer.sessions.length > 0) {
            const isSet = set({ headerTableSize: tableSize });
            if (isAwaited) await isSet;
          }
          peer.calls.length = 0;
          const sent = await Promise.all(Array.from({ length: times }, () => send('', headers)));
          assert.deepEqual(sent.map(statusOf), Array(times).fill(200));
          for (const call of peer.calls) {
            for (const name of names) assert.equal(call.headers[name], headers[name]);
          }
        }
      }),
      { numRuns: 150 },
    );
    assert.equal(peer.sessions.length, 1);
  });
}

test('more names than are remembered, and more values than fit the table, arrive unchanged', async (t) => {
  const { peer, send } = await start(t, { onCall: (call) => call.answer(200) });
  for (let n = 0; n < 500; n += 1) {
    const headers = { [`x-${n % 90}`]: `value ${n % 7}`, [`x-${n % 11}-often`]: 'w'.repeat(n) };
    assert.equal(statusOf(await send('', headers)), 200);
    const call = peer.calls.at(-1);
    assert.deepEqual({ ...call?.headers, ...headers }, { ...call?.headers });
  }
  assert.equal(peer.sessions.length, 1);
});

test('interim answers and trailers are ignored', async (t) => {
  const { peer, send } = await start(t, {
    onCall({ stream, body }) {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.additionalHeaders({ ':status': 100 });
      stream.respond({ ':status': 404, 'x-final': 'yes' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-final': 'no', 'x-late': 'yes' }));
      stream.end(body);
    },
  });
  for (const body of ['one', 'two']) {
    const answer = await send(body);
    assert.ok(answer.kind === 'reply');
    assert.deepEqual([answer.status, answer.body.toString()], [404, body]);
    assert.deepEqual(
      [answer.headers['x-final'], answer.headers['x-late'], answer.headers.link],
      ['yes', undefined, undefined],
    );
  }
  assert.equal(peer.sessions.length, 1);
});

test('a limit of streams that changes in mid-session is obeyed, up and down', async (t) => {
  const held: ServerCall[] = [];
  const { peer, send, set } = await start(
    t,
    { maxStreams: 2, onCall: (call) => held.push(call) },
    { maxConnections: 1 },
  );
  const sent = Promise.all(Array.from({ length: 40 }, (_, n) => send(`${n}`)));
  await peer.called(2);
  await set({ maxConcurrentStreams: 10 });
  await peer.called(10);
  assert.equal(held.length, 10);
  await set({ maxConcurrentStreams: 3 });
  for (let n = 0; n < 7; n += 1) ok(held.shift() as ServerCall);
  for (let called = 11; called <= 40; called += 1) {
    assert.ok(held.length <= 3);
    ok(held.shift() as ServerCall);
    await peer.called(called);
  }
  for (const call of held) ok(call);
  assert.deepEqual(
    (await sent).map(textOf),
    Array.from({ length: 40 }, (_, n) => `${n}`),
  );
  assert.equal(peer.mostStreams(), 10);
  assert.deepEqual([peer.sessions.length, peer.calls.length], [1, 40]);
});

test('a request waits while the peer allows no stream at all', async (t) => {
  const { peer, send, set } = await start(t, { onCall: ok }, { maxConnections: 1 });
  assert.equal(statusOf(await send('first')), 200);
  await set({ maxConcurrentStreams: 0 });
  const sent = send('second');
  await new Promise((pinged) => peer.sessions[0]?.ping(pinged));
  assert.equal(peer.calls.length, 1);
  await set({ maxConcurrentStreams: 1 });
  assert.equal(statusOf(await sent), 200);
});

const bad: [string, string][] = [
  ['a line break', 'a\nb'],
  ['a carriage return', 'a\r'],
  ['a NUL', 'a\0'],
  ['a DEL', '\x7f'],
  ['an escape', '\x1b[0m'],
  ['a letter above one octet', 'ž'],
  ['an emoji', '\u{1f600}'],
  ['a letter whose low octet alone would be allowed', '\u0141'],
  ['more than 16 KB', 'x'.repeat(16_384)],
];
for (const [what, text] of bad) {
  test(`a header with ${what} is not sent, however often, and the connection goes on`, async (t) => {
    const { peer, send } = await start(t, { onCall: ok });
    for (const name of ['x-a', 'x-a', ':path', 'authorization']) {
      assert.deepEqual(await send('', { [name]: text }), unsendable);
      assert.equal(textOf(await send('fine', { 'x-a': 'y' })), 'fine');
    }
    assert.deepEqual([peer.calls.length, peer.sessions.length], [4, 1]);
  });
}

test('headers of nearly 16 KB are sent', async (t) => {
  const { peer, send } = await start(t, { onCall: ok });
  for (const length of [16_000, 16_100]) assert.equal(statusOf(await send('', { 'x-a': 'é'.repeat(length) })), 200);
  assert.deepEqual(await send('', { 'x-a': 'é'.repeat(8_000), 'x-b': 'é'.repeat(8_500) }), unsendable);
  assert.equal(peer.calls.at(-1)?.headers['x-a'], 'é'.repeat(16_100));
});

test('twenty thousand requests with unsendable headers are all answered, and good requests between them are sent', async (t) => {
  const { peer, send } = await start(t, { onCall: ok }, { maxWaiting: 30_000 });
  const sent = Array.from({ length: 20_000 }, (_, n) =>
    send('', { authorization: n % 10_000 === 0 ? 'good' : 'a\nb' }),
  );
  const answers = await Promise.all(sent);
  assert.equal(answers.filter((answer) => statusOf(answer) === unsendable.reason).length, 19_998);
  assert.deepEqual([statusOf(answers[0] as Http2Answer), statusOf(answers[10_000] as Http2Answer)], [200, 200]);
  assert.equal(peer.calls.length, 2);
});

test('an answer that precedes the whole body counts, and the connection keeps its windows', async (t) => {
  const { peer, send } = await start(t, {
    settings: { initialWindowSize: 1_000 },
    onCall: (call) => (call.headers['x-early'] === undefined ? ok(call) : undefined),
  });
  assert.equal(textOf(await send('fine')), 'fine');
  const [session] = peer.sessions;
  assert.ok(session);
  session.prependListener('stream', (stream, headers) => {
    if (headers['x-early'] === undefined) return;
    stream.respond({ ':status': 413 });
    stream.end('too much');
  });
  for (let round = 0; round < 30; round += 1) {
    const early = Array.from({ length: 5 }, () => send('x'.repeat(200_000), { 'x-early': 'yes' }));
    const [fine, ...cut] = await Promise.all([send('fine'), ...early]);
    assert.equal(textOf(fine), 'fine');
    assert.deepEqual(cut.map(statusOf), Array(5).fill(413));
    assert.ok(cut.every((answer) => textOf(answer) === 'too much'));
  }
  assert.equal(statusOf(await send('y'.repeat(100_000))), 200);
  assert.ok(peer.calls.every(({ body }) => body.length < 200_000));
  assert.equal(peer.sessions.length, 1);
});

for (const ALPNProtocols of [undefined, ['http/1.1']]) {
  test(`a TLS server that offers ${ALPNProtocols ?? 'no protocol'} cannot be used`, async (t) => {
    const options = { ...loopbackCertificate, ...(ALPNProtocols && { ALPNProtocols }) };
    const server = createTlsServer(options, (socket) => socket.on('error', () => undefined).resume());
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const send = poolOf(t, { origin: `https://127.0.0.1:${port(server)}`, ca: loopbackCertificate.cert });
    const answers = await Promise.all([send('a'), send('b')]);
    const failure = { kind: 'unanswered', reason: 'connect does not speak HTTP/2', mayHaveActed: false };
    assert.deepEqual(answers, [failure, failure]);
  });
}

test('a server that speaks HTTP/1.1 in the clear is distinguished from one that cannot be reached', async (t) => {
  const server = createHttp1Server().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const send = poolOf(t, { origin: `http://127.0.0.1:${port(server)}` });
  assert.deepEqual(await send('a'), {
    kind: 'unanswered',
    reason: 'connect does not speak HTTP/2',
    mayHaveActed: false,
  });
});

test('twenty thousand requests, three hundred at once, are each answered with their own body', async (t) => {
  const { peer, send } = await start(t, { maxStreams: 100, onCall: ok });
  let next = 0;
  const lane = async () => {
    while (next < 20_000) {
      const body = `${next++} ä`.repeat(1 + (next % 20));
      assert.equal(textOf(await send(body, { 'x-n': `${next % 3}` })), body);
    }
  };
  await Promise.all(Array.from({ length: 300 }, lane));
  assert.equal(peer.calls.length, 20_000);
});

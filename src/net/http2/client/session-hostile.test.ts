import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test as nodeTest, type TestContext } from 'node:test';
import fc from 'fast-check';
import { TestClock } from '../../../../test/support/clock.ts';
import { startHttp2Server } from '../../../../test/support/http2-server.ts';
import { type RawPeerOptions, rawFrame, rawOk, startRawPeer } from '../../../../test/support/raw-http2-peer.ts';
import { CODE } from '../frames.ts';
import { Http2Pool } from './pool.ts';

const never = new AbortController().signal;
const test = (name: string, run: (t: TestContext) => Promise<void>) => nodeTest(name, { timeout: 120_000 }, run);

function poolOf(origin: string) {
  const pool = new Http2Pool({ origin, clock: new TestClock(), utilization: () => 0 });
  const send = (body = '') => pool.request({ headers: { ':method': 'POST', ':path': '/' }, body }, never);
  return { pool, send };
}

async function start(t: TestContext, options: RawPeerOptions) {
  const peer = await startRawPeer(t, options);
  const { pool, send } = poolOf(peer.url);
  t.after(() => pool.close());
  return { peer, send };
}

const { protocolError, flowControlError, frameSizeError, compressionError, enhanceYourCalm } = CODE;
const fill = (octets: number) => Buffer.alloc(octets);
const status = '88';
const notFound = '8d';

/** Frames that break the protocol while streams 3 and 5 are under way and stream 1 has ended. */
const violations: [string, number, Buffer[]][] = [
  ['sends a frame that is too large', frameSizeError, [rawFrame(0, 0, 3, fill(16_385))]],
  ['announces a frame that is too large', frameSizeError, [Buffer.from('ffffff000000000003', 'hex')]],
  ['sends an unknown frame that is too large', frameSizeError, [rawFrame(0xfa, 0, 0, fill(16_385))]],
  ['sends DATA on an idle stream', protocolError, [rawFrame(0, 0, 9, '00')]],
  ['sends DATA on no stream', protocolError, [rawFrame(0, 0, 0, '00')]],
  ['sends HEADERS on an even stream', protocolError, [rawFrame(1, 5, 2, status)]],
  ['sends HEADERS on an idle stream', protocolError, [rawFrame(1, 5, 7, status)]],
  ['sends HEADERS on no stream', protocolError, [rawFrame(1, 5, 0, status)]],
  ['pads DATA with more than its length', protocolError, [rawFrame(1, 4, 3, notFound), rawFrame(0, 8, 3, '03aabb')]],
  ['pads DATA without a padding length', protocolError, [rawFrame(1, 4, 3, notFound), rawFrame(0, 8, 3)]],
  ['pads HEADERS with more than their length', protocolError, [rawFrame(1, 0xc, 3, `02${status}`)]],
  ['sends HEADERS too short for their priority', frameSizeError, [rawFrame(1, 0x25, 3, '00000000')]],
  ['names a header that is not in the table', compressionError, [rawFrame(1, 5, 3, 'be')]],
  ['sends a header block that cannot be decoded', compressionError, [rawFrame(1, 5, 3, '80')]],
  ['sends the same for a stream that has ended', compressionError, [rawFrame(1, 5, 1, '80')]],
  ['makes the header table larger than we allow', compressionError, [rawFrame(1, 5, 3, `3fe27f${status}`)]],
  ['continues a header block that was not begun', protocolError, [rawFrame(9, 4, 3, status)]],
  ['continues a header block that has ended', protocolError, [rawFrame(1, 4, 3, notFound), rawFrame(9, 4, 3, status)]],
  ['continues on another stream', protocolError, [rawFrame(1, 0, 3), rawFrame(9, 4, 5, status)]],
  ['interrupts a header block with PING', protocolError, [rawFrame(1, 0, 3), rawFrame(6, 0, 0, fill(8))]],
  ['interrupts a header block with HEADERS', protocolError, [rawFrame(1, 0, 3), rawFrame(1, 5, 3, status)]],
  ['interrupts a header block with an unknown frame', protocolError, [rawFrame(1, 0, 3), rawFrame(0xfa, 0, 3)]],
  [
    'sends headers of more than 64 KB',
    enhanceYourCalm,
    [rawFrame(1, 0, 3, fill(16_384)), ...Array(4).fill(rawFrame(9, 0, 3, fill(16_384)))],
  ],
  ['continues without end', enhanceYourCalm, [rawFrame(1, 0, 3), ...Array(10_000).fill(rawFrame(9, 0, 3))]],
  ['pushes', protocolError, [rawFrame(5, 4, 3, `00000002${status}`)]],
  ['updates the window of the connection by nothing', protocolError, [rawFrame(8, 0, 0, '00000000')]],
  ['updates the window of a stream by nothing', protocolError, [rawFrame(8, 0, 3, '80000000')]],
  ['updates the window of an idle stream', protocolError, [rawFrame(8, 0, 7, '00000001')]],
  ['sends a WINDOW_UPDATE of three octets', frameSizeError, [rawFrame(8, 0, 0, '000001')]],
  ['makes the window of the connection too large', flowControlError, [rawFrame(8, 0, 0, '7fffffff')]],
  ['makes the window of a stream too large', flowControlError, [rawFrame(8, 0, 3, '7fffffff')]],
  [
    'makes the window of a stream too large by SETTINGS',
    flowControlError,
    [rawFrame(8, 0, 3, '00010000'), rawFrame(4, 0, 0, '00047fffffff')],
  ],
  ['begins streams with a window too large', flowControlError, [rawFrame(4, 0, 0, '000480000000')]],
  ['sends SETTINGS of five octets', frameSizeError, [rawFrame(4, 0, 0, '0003000000')]],
  ['sends SETTINGS for a stream', protocolError, [rawFrame(4, 0, 3)]],
  ['acknowledges SETTINGS with a payload', frameSizeError, [rawFrame(4, 1, 0, '000300000001')]],
  ['sends a PING of seven octets', frameSizeError, [rawFrame(6, 0, 0, fill(7))]],
  ['sends a PING for a stream', protocolError, [rawFrame(6, 0, 3, fill(8))]],
  ['sends a GOAWAY of seven octets', frameSizeError, [rawFrame(7, 0, 0, fill(7))]],
  ['sends a GOAWAY for a stream', protocolError, [rawFrame(7, 0, 3, fill(8))]],
  ['sends a RST_STREAM of three octets', frameSizeError, [rawFrame(3, 0, 3, fill(3))]],
  ['resets an idle stream', protocolError, [rawFrame(3, 0, 7, fill(4))]],
  ['resets no stream', protocolError, [rawFrame(3, 0, 0, fill(4))]],
];
for (const [what, code, frames] of violations) {
  test(`a peer that ${what} gets GOAWAY; the next request goes over another connection`, async (t) => {
    const { peer, send } = await start(t, {
      onRequest(connection, { stream, body }) {
        if (body === 'fine') connection.write(rawOk(stream));
        else if (body === 'last') connection.write(...frames);
      },
    });
    assert.equal((await send('fine')).kind, 'reply');
    for (const answer of await Promise.all([send('first'), send('last')])) {
      assert.ok(answer.kind === 'unanswered' && answer.mayHaveActed);
      assert.match(answer.reason, /^closed ./);
    }
    const [connection] = peer.connections;
    const goaway = await connection?.heard(7);
    assert.deepEqual([goaway?.payload.readUInt32BE(0), goaway?.payload.readUInt32BE(4)], [0, code]);
    await connection?.closed;
    assert.equal((await send('fine')).kind, 'reply');
    assert.equal(peer.connections.length, 2);
  });
}

const openings: [string, Buffer][] = [
  ['PING', rawFrame(6, 0, 0, fill(8))],
  ['GOAWAY', rawFrame(7, 0, 0, fill(8))],
  ['an acknowledgement', rawFrame(4, 1, 0)],
  ['an unknown frame', rawFrame(0xfa, 0, 0)],
  ['text', Buffer.from('220 mail.example.test ESMTP\r\n')],
];
for (const [what, opening] of openings) {
  test(`a peer that begins with ${what} instead of SETTINGS cannot be used`, async (t) => {
    const { peer, send } = await start(t, { opening: Buffer.concat([opening, rawFrame(4, 0, 0)]) });
    const failure = { kind: 'unanswered', reason: 'connect does not speak HTTP/2', mayHaveActed: false };
    assert.deepEqual(await Promise.all([send(), send()]), [failure, failure]);
    assert.deepEqual(peer.connections[0]?.requests, []);
  });
}

test('a peer that sends PING after PING and reads nothing is dropped', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection) => connection.socket.pause() });
  const sent = send();
  while (peer.connections[0] === undefined) await new Promise(setImmediate);
  const [connection] = peer.connections;
  await connection.asked(1);
  const { socket } = connection;
  const pings = Buffer.concat(Array(3_000).fill(rawFrame(6, 0, 0, fill(8))));
  let hasEnded = false;
  const ended = sent.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) if (!socket.write(pings)) await Promise.race([once(socket, 'drain'), ended]);
  assert.deepEqual(await sent, { kind: 'unanswered', reason: 'closed asks and does not read', mayHaveActed: true });
});

const streamId = fc.constantFrom(0, 1, 1, 1, 2, 3, 5);
const octets = fc.uint8Array({ maxLength: 30 }).map((list) => Buffer.from(list));
const word = fc.oneof(fc.constantFrom(0, 1, 7, 65_535, 2 ** 31 - 1), fc.nat()).map((value) => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
});
const setting = fc
  .tuple(fc.integer({ min: 0, max: 7 }), word)
  .map(([id, value]) => Buffer.concat([Buffer.of(0, id), value]));
const headers = fc.constantFrom('88', '8d', '0803313033', '885800', '400161016288', '3fe11f88', '20', 'be', '');
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5), fc.integer({ min: 0, max: 255 }));
const frame = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 11 }), flags, streamId, octets).map((parts) => rawFrame(...parts)),
  fc.tuple(flags, streamId, headers).map(([flag, id, hex]) => rawFrame(1, flag, id, hex)),
  fc.tuple(flags, streamId, octets).map(([flag, id, payload]) => rawFrame(0, flag, id, payload)),
  fc.tuple(fc.constantFrom(3, 8), streamId, word).map(([type, id, payload]) => rawFrame(type, 0, id, payload)),
  fc.array(setting, { maxLength: 3 }).map((list) => rawFrame(4, 0, 0, Buffer.concat(list))),
  fc.tuple(streamId, word).map(([id, code]) => rawFrame(7, 0, 0, Buffer.concat([Buffer.of(0, 0, 0, id), code]))),
  octets,
);

test('whatever a peer sends, its requests end once it closes, and another peer is served', async (t) => {
  let next: { frames: Buffer; isAsked: boolean } = { frames: Buffer.alloc(0), isAsked: true };
  const peer = await startRawPeer(t, {
    onOpen: ({ socket }) => next.isAsked || socket.end(next.frames),
    onRequest: ({ socket }) => next.isAsked && socket.writable && socket.end(next.frames),
  });
  const good = await startHttp2Server(t, { onCall: (call) => call.answer(200, call.body) });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 12 }), fc.boolean(), async (frames, isAsked) => {
      next = { frames: Buffer.concat(frames), isAsked };
      const bad = poolOf(peer.url);
      const answers = await Promise.all([bad.send('a'), bad.send('b'.repeat(100)), bad.send()]);
      assert.equal(answers.length, 3);
      await bad.pool.close();
      const fresh = poolOf(good.url);
      const answer = await fresh.send('hello');
      assert.ok(answer.kind === 'reply' && answer.body.toString() === 'hello');
      await fresh.pool.close();
    }),
    { numRuns: 300 },
  );
});

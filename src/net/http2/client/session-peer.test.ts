import assert from 'node:assert/strict';
import { test as nodeTest, type TestContext } from 'node:test';
import { type RawConnection, rawFrame, rawOk } from '../../../../test/support/raw-http2-peer.ts';
import { lastData, markedHex, startRawHttp2Pool as start, summaryOf } from '../../../../test/support/raw-http2-pool.ts';
import type { Http2Answer } from './exchange.ts';

// Tests the session against a peer whose frames are written by hand: streams, windows and GOAWAY.

const test = (name: string, run: (t: TestContext) => Promise<void>) => nodeTest(name, { timeout: 120_000 }, run);

test('frames for a stream that timed out are ignored, but their headers enter the table', async (t) => {
  const { clock, peer, send } = await start(t, {
    onRequest(connection, { stream, body }) {
      if (body === 'next') connection.write(rawFrame(1, 4, stream, '8dbe'), lastData(stream, 'hello'));
    },
  });
  const slow = send('slow');
  while (peer.connections[0] === undefined) await new Promise(setImmediate);
  const [connection] = peer.connections;
  await connection.asked(1);
  clock.advance(10_000);
  assert.equal(summaryOf(await slow), 'timeout true');
  assert.equal((await connection.heard(3)).payload.toString('hex'), '00000008');
  connection.write(
    rawFrame(1, 4, 1, markedHex),
    rawFrame(8, 0, 1, '00000010'),
    lastData(1, 'late'),
    rawFrame(3, 0, 1, '00000008'),
  );
  await connection.pong();
  const answer = await send('next');
  assert.equal(summaryOf(answer), '404 hello');
  assert.equal(answer.kind === 'reply' && answer.headers['x-mark'], 'v');
  assert.equal(peer.connections.length, 1);
});

test('DATA for streams that have ended still widens the window of the connection', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection, { stream }) => connection.write(rawOk(stream)) });
  assert.equal(summaryOf(await send()), '200 ');
  const [connection] = peer.connections;
  const frame = rawFrame(0, 0, 1, Buffer.alloc(16_384));
  for (let sent = 0; sent < 8_388_608; sent += 16_384) connection?.write(frame);
  const update = await connection?.heard(8, ({ payload }) => payload.readUInt32BE() === 8_388_608);
  assert.equal(update?.stream, 0);
  assert.equal(summaryOf(await send()), '200 ');
});

test('a PING is answered with its own octets, and an answer without a PING is ignored', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection, { stream }) => connection.write(rawOk(stream)) });
  assert.equal(summaryOf(await send()), '200 ');
  const [connection] = peer.connections;
  connection?.write(rawFrame(6, 1, 0, '0000000000000000'), rawFrame(6, 0, 0, Buffer.from('abc\0\xffxyz', 'latin1')));
  const pong = await connection?.heard(6);
  assert.deepEqual([pong?.flags, pong?.stream, pong?.payload.toString('latin1')], [1, 0, 'abc\0\xffxyz']);
  assert.equal(summaryOf(await send()), '200 ');
  assert.equal(connection?.frames.filter(({ type }) => type === 6).length, 1);
});

test('a GOAWAY in two steps loses no request and repeats none that was processed', async (t) => {
  const acted: string[] = [];
  const act = (connection: RawConnection, stream: number, body: string) => {
    acted.push(body);
    connection.write(rawOk(stream));
  };
  const { peer, send } = await start(t, {
    onRequest(connection, { stream, body }) {
      if (connection !== peer.connections[0]) act(connection, stream, body);
    },
  });
  const sent = Array.from({ length: 6 }, (_, n) => send(`${n}`));
  while (peer.connections[0] === undefined) await new Promise(setImmediate);
  const [first] = peer.connections;
  await first.asked(6);
  first.write(rawFrame(7, 0, 0, '7fffffff00000000'), rawFrame(6, 0, 0, '0000000000000001'));
  await first.heard(6);
  sent.push(send('6'));
  assert.equal(summaryOf(await (sent[6] as Promise<Http2Answer>)), '200 ');
  first.write(rawFrame(7, 0, 0, '0000000500000000'));
  for (const { stream, body } of first.requests) if (stream <= 5) act(first, stream, body);
  assert.deepEqual((await Promise.all(sent)).map(summaryOf), Array(7).fill('200 '));
  assert.deepEqual(acted.toSorted(), ['0', '1', '2', '3', '4', '5', '6']);
  assert.equal((await first.heard(7)).payload.toString('hex'), '0000000000000000');
  await first.closed;
  assert.deepEqual([first.requests.length, peer.connections.length], [6, 2]);
});

test('streams that a GOAWAY excludes while their bodies are half sent are sent whole elsewhere', async (t) => {
  const { peer, send } = await start(t, {
    onRequest(connection, { stream, body }) {
      if (connection === peer.connections[0]) return;
      connection.write(rawFrame(1, 4, stream, '88'), lastData(stream, `${body.length}`));
    },
    opening: rawFrame(4, 0, 0, '0004000186a0'),
  });
  const sent = Array.from({ length: 3 }, () => send('x'.repeat(60_000)));
  while (peer.connections[0] === undefined) await new Promise(setImmediate);
  const [first] = peer.connections;
  await first.heard(0, ({ stream }) => stream === 3);
  first.write(rawFrame(7, 0, 0, '0000000000000000'));
  while (peer.connections[1] === undefined) await new Promise(setImmediate);
  const [, second] = peer.connections;
  await second.asked(1);
  second.write(rawFrame(8, 0, 0, '00100000'));
  assert.deepEqual((await Promise.all(sent)).map(summaryOf), Array(3).fill('200 60000'));
  await first.closed;
});

test('a peer that closes its side and reads no more does not delay its requests', async (t) => {
  const { peer, send } = await start(t, {
    opening: Buffer.concat([rawFrame(4, 0, 0, '00047fffffff'), rawFrame(8, 0, 0, '7fff0000')]),
    onRequest: (connection, { stream }) => connection.write(rawOk(stream)),
  });
  assert.equal(summaryOf(await send()), '200 ');
  const [connection] = peer.connections;
  connection?.socket.pause();
  const stuck = send('x'.repeat(20_000_000));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  connection?.socket.end();
  assert.equal(summaryOf(await stuck), 'closed true');
  assert.equal(summaryOf(await send()), '200 ');
});

/** Octets of request bodies that arrived on a stream. null: on all streams. */
function bodyBytes({ frames }: RawConnection, stream: number | null = null): number {
  const data = frames.filter((frame) => frame.type === 0 && (stream === null || frame.stream === stream));
  return data.reduce((sum, { payload }) => sum + payload.length, 0);
}

async function pinged(connection: RawConnection, payload: string): Promise<void> {
  connection.write(rawFrame(6, 0, 0, payload));
  await connection.heard(6, (frame) => frame.payload.toString('hex') === payload);
}

test('small bodies respect the window of the connection, too, and those that wait longest go first', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection, { stream }) => connection.write(rawOk(stream)) });
  assert.equal(summaryOf(await send()), '200 ');
  const [connection] = peer.connections;
  assert.ok(connection);
  const sent = Array.from({ length: 80 }, () => send('x'.repeat(1_000)));
  await connection.heard(1, ({ stream }) => stream === 161);
  await pinged(connection, '0000000000000001');
  assert.equal(bodyBytes(connection), 65_535);
  connection.write(rawFrame(8, 0, 0, '000003e8'));
  await pinged(connection, '0000000000000002');
  assert.equal(bodyBytes(connection), 66_535);
  assert.deepEqual(
    [bodyBytes(connection, 133), bodyBytes(connection, 135), bodyBytes(connection, 137)],
    [1_000, 535, 0],
  );
  connection.write(rawFrame(8, 0, 0, '00100000'));
  assert.deepEqual((await Promise.all(sent)).map(summaryOf), Array(80).fill('200 '));
  assert.equal(bodyBytes(connection), 80_000);
});

test('the rest of a body is not sent once its request is answered or given up', async (t) => {
  const { clock, peer, send } = await start(t, {
    onRequest: (connection, { stream }) => connection.write(rawOk(stream)),
  });
  assert.equal(summaryOf(await send()), '200 ');
  const [connection] = peer.connections;
  assert.ok(connection);
  const [answered, slow] = [send('x'.repeat(100_000)), send('x'.repeat(100_000))];
  await connection.heard(1, ({ stream }) => stream === 5);
  connection.write(rawOk(3));
  assert.equal(summaryOf(await answered), '200 ');
  clock.advance(10_000);
  assert.equal(summaryOf(await slow), 'timeout true');
  const resets = await Promise.all([3, 5].map((id) => connection.heard(3, ({ stream }) => stream === id)));
  assert.deepEqual(
    resets.map(({ payload }) => payload.toString('hex')),
    ['00000000', '00000008'],
  );
  connection.write(rawFrame(8, 0, 0, '00100000'), rawFrame(8, 0, 3, '00100000'), rawFrame(8, 0, 5, '00100000'));
  await pinged(connection, '0000000000000001');
  assert.equal(bodyBytes(connection), 65_535);
  assert.equal(summaryOf(await send('x'.repeat(60_000))), '200 ');
});

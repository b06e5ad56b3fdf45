import assert from 'node:assert/strict';
import { test as nodeTest, type TestContext } from 'node:test';
import { TestClock } from '../../../../test/support/clock.ts';
import {
  type RawConnection,
  type RawPeerOptions,
  rawFrame,
  rawOk,
  startRawPeer,
} from '../../../../test/support/raw-http2-peer.ts';
import type { Http2Answer } from './exchange.ts';
import { Http2Pool, type Http2PoolOptions } from './pool.ts';

// The session against a peer whose frames are written by hand: what is allowed and rare.

const never = new AbortController().signal;
const test = (name: string, run: (t: TestContext) => Promise<void>) => nodeTest(name, { timeout: 8_000 }, run);

async function start(t: TestContext, peerOptions: RawPeerOptions, options: Partial<Http2PoolOptions> = {}) {
  const clock = new TestClock();
  const peer = await startRawPeer(t, peerOptions);
  const pool = new Http2Pool({ origin: peer.url, clock, utilization: () => 0, ...options });
  t.after(() => pool.close());
  const send = (body = '') => pool.request({ headers: { ':method': 'POST', ':path': '/' }, body }, never);
  return { clock, peer, pool, send };
}

const told = (answer: Http2Answer) =>
  answer.kind === 'reply' ? `${answer.status} ${answer.body}` : `${answer.reason} ${answer.mayHaveActed}`;

/** `:status: 404` and `x-mark: v`, which goes into the header table. */
const marked = `8d40${hexOf('x-mark')}${hexOf('v')}`;

function hexOf(text: string): string {
  return Buffer.from([text.length, ...Buffer.from(text)]).toString('hex');
}

const wordy = (stream: number, text: string) => rawFrame(0, 1, stream, Buffer.from(text));
const noise = Buffer.concat([
  rawFrame(2, 0, 1, '0000000010'), // PRIORITY
  rawFrame(2, 0, 8, '0000000010'),
  rawFrame(0xfa, 0xff, 1, '00112233'),
  rawFrame(0x10, 0, 0, Buffer.from('u=1')),
  rawFrame(8, 0, 1, '00000001'),
  rawFrame(4, 0, 0, '00ff00000001' + '000600000400'), // one that nobody knows, and the size of a header list
]);

const answers: [string, (stream: number) => Buffer[]][] = [
  [
    'padding',
    (id) => [
      rawFrame(1, 0xc, id, `03${marked}000000`),
      rawFrame(0, 9, id, `04${'hello'.replace(/./g, hexed)}00000000`),
    ],
  ],
  [
    'padding and nothing else',
    (id) => [
      rawFrame(1, 4, id, marked),
      rawFrame(0, 8, id, '02' + '0000'),
      rawFrame(0, 8, id, '00'),
      wordy(id, 'hello'),
    ],
  ],
  ['a priority', (id) => [rawFrame(1, 0x24, id, `8000000310${marked}`), wordy(id, 'hello')]],
  [
    'padding, a priority and CONTINUATION',
    (id) => [
      rawFrame(1, 0x28, id, `020000000010${marked.slice(0, 6)}0000`),
      rawFrame(9, 0, id, marked.slice(6, 10)),
      rawFrame(9, 0, id),
      rawFrame(9, 4, id, marked.slice(10)),
      wordy(id, 'hello'),
    ],
  ],
  [
    'an octet of its headers in each CONTINUATION',
    (id) => [
      rawFrame(1, 0, id),
      ...[...Buffer.from(marked, 'hex')].map((octet, at, all) =>
        rawFrame(9, at === all.length - 1 ? 4 : 0, id, Buffer.of(octet)),
      ),
      wordy(id, 'hello'),
    ],
  ],
  [
    'frames that nobody knows, and PRIORITY, in between',
    (id) => [
      noise,
      rawFrame(1, 4, id, marked),
      noise,
      rawFrame(0, 0, id, Buffer.from('hel')),
      noise,
      wordy(id, 'lo'),
      noise,
    ],
  ],
  [
    'flags that mean nothing',
    (id) => [rawFrame(1, 0xd6, id, marked).fill(0xd4, 4, 5).fill(0xd4, 4, 5), wordy(id, 'hello').fill(0xf7, 4, 5)],
  ],
  ['the reserved bit', (id) => [rawFrame(1, 4, id, marked).fill(0x80, 5, 6), wordy(id, 'hello').fill(0x80, 5, 6)]],
  [
    'an end of the stream in a frame of its own',
    (id) => [rawFrame(1, 4, id, marked), rawFrame(0, 0, id, Buffer.from('hello')), rawFrame(0, 1, id)],
  ],
  [
    'trailers in CONTINUATION',
    (id) => [
      rawFrame(1, 4, id, marked),
      rawFrame(0, 0, id, Buffer.from('hello')),
      rawFrame(1, 1, id, '00'),
      rawFrame(9, 4, id, hexOf('x-mark') + hexOf('w')),
    ],
  ],
  [
    'interim answers before it',
    (id) => [
      rawFrame(1, 4, id, `08${hexOf('103')}`),
      rawFrame(1, 4, id, `48${hexOf('100')}`),
      rawFrame(1, 4, id, marked),
      wordy(id, 'hello'),
    ],
  ],
  [
    'a reset without an error after it',
    (id) => [rawFrame(1, 4, id, marked), wordy(id, 'hello'), rawFrame(3, 0, id, '00000000')],
  ],
];

function hexed(letter: string): string {
  return letter.charCodeAt(0).toString(16);
}

for (const isCut of [false, true]) {
  for (const [what, framesOf] of answers) {
    test(`an answer with ${what} is understood${isCut ? ', octet by octet' : ''}`, async (t) => {
      let written = Promise.resolve();
      const onRequest: RawPeerOptions['onRequest'] = (connection, { stream }) => {
        written = written.then(() => write(connection, Buffer.concat(framesOf(stream)), isCut));
      };
      const { peer, send } = await start(t, { onRequest });
      for (let round = 0; round < 3; round += 1) {
        const answer = await send('body');
        assert.equal(told(answer), '404 hello');
        assert.equal(answer.kind === 'reply' && answer.headers['x-mark'], 'v');
      }
      assert.equal(peer.connections.length, 1);
    });
  }
}

async function write(connection: RawConnection, octets: Buffer, isCut: boolean): Promise<void> {
  if (!isCut) return connection.write(octets);
  for (const octet of octets) {
    connection.write(Buffer.of(octet));
    await new Promise(setImmediate);
  }
}

const faults: [string, (stream: number) => Buffer[]][] = [
  ['has no status', (id) => [rawFrame(1, 5, id, `40${hexOf('x-mark')}${hexOf('v')}`)]],
  ['has no header at all', (id) => [rawFrame(1, 5, id)]],
  ['has its status after other headers', (id) => [rawFrame(1, 5, id, `00${hexOf('x-a')}${hexOf('b')}88`)]],
  ['has a status that is no number', (id) => [rawFrame(1, 4, id, `08${hexOf('2oo')}`), wordy(id, 'hello')]],
  ['has a status of four digits', (id) => [rawFrame(1, 5, id, `08${hexOf('2000')}`)]],
  ['has a status below 100', (id) => [rawFrame(1, 5, id, `08${hexOf('020')}`)]],
  ['begins with its body', (id) => [wordy(id, 'hello'), rawFrame(1, 5, id, '8d')]],
  ['has two heads', (id) => [rawFrame(1, 4, id, '8d'), rawFrame(1, 4, id, '8d'), wordy(id, 'hello')]],
  ['ends with an interim one', (id) => [rawFrame(1, 5, id, `08${hexOf('103')}`)]],
  ['has an interim one after its head', (id) => [rawFrame(1, 4, id, '8d'), rawFrame(1, 4, id, `08${hexOf('103')}`)]],
];
for (const [what, framesOf] of faults) {
  test(`an answer that ${what} fails that request alone`, async (t) => {
    const { peer, send } = await start(t, {
      onRequest(connection, { stream, body }) {
        if (body === 'last') connection.write(rawOk(1), ...framesOf(3), rawOk(stream));
        if (body === 'next') connection.write(rawOk(stream));
      },
    });
    const sent = await Promise.all([send('first'), send('fault'), send('last')]);
    assert.deepEqual(sent.map(told), ['200 ', 'reset 1 true', '200 ']);
    const [connection] = peer.connections;
    const reset = await connection?.heard(3);
    assert.deepEqual([reset?.stream, reset?.payload.toString('hex')], [3, '00000001']);
    assert.equal(told(await send('next')), '200 ');
    assert.equal(peer.connections.length, 1);
  });
}

test('a success with a second head is a success: its status has said it', async (t) => {
  const { send } = await start(t, {
    onRequest: (connection, { stream }) => connection.write(rawFrame(1, 4, stream, '88'), rawFrame(1, 4, stream, '88')),
  });
  assert.equal(told(await send()), '200 ');
});

test('what comes for a stream that timed out is passed over, and its headers are in the table for the next', async (t) => {
  const { clock, peer, send } = await start(t, {
    onRequest(connection, { stream, body }) {
      if (body === 'next') connection.write(rawFrame(1, 4, stream, '8dbe'), wordy(stream, 'hello'));
    },
  });
  const slow = send('slow');
  while (peer.connections[0] === undefined) await new Promise(setImmediate);
  const [connection] = peer.connections;
  await connection.asked(1);
  clock.advance(10_000);
  assert.equal(told(await slow), 'timeout true');
  assert.equal((await connection.heard(3)).payload.toString('hex'), '00000008');
  connection.write(
    rawFrame(1, 4, 1, marked),
    rawFrame(8, 0, 1, '00000010'),
    wordy(1, 'late'),
    rawFrame(3, 0, 1, '00000008'),
  );
  const answer = await send('next');
  assert.equal(told(answer), '404 hello');
  assert.equal(answer.kind === 'reply' && answer.headers['x-mark'], 'v');
  assert.equal(peer.connections.length, 1);
});

test('DATA for streams that are over still gives the window of the connection back', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection, { stream }) => connection.write(rawOk(stream)) });
  assert.equal(told(await send()), '200 ');
  const [connection] = peer.connections;
  const frame = rawFrame(0, 0, 1, Buffer.alloc(16_384));
  for (let sent = 0; sent < 8_388_608; sent += 16_384) connection?.write(frame);
  const update = await connection?.heard(8, ({ payload }) => payload.readUInt32BE() === 8_388_608);
  assert.equal(update?.stream, 0);
  assert.equal(told(await send()), '200 ');
});

test('a PING is answered with its own octets, and an answer to none is passed over', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection, { stream }) => connection.write(rawOk(stream)) });
  assert.equal(told(await send()), '200 ');
  const [connection] = peer.connections;
  connection?.write(rawFrame(6, 1, 0, '0000000000000000'), rawFrame(6, 0, 0, Buffer.from('abc\0\xffxyz', 'latin1')));
  const pong = await connection?.heard(6);
  assert.deepEqual([pong?.flags, pong?.stream, pong?.payload.toString('latin1')], [1, 0, 'abc\0\xffxyz']);
  assert.equal(told(await send()), '200 ');
  assert.equal(connection?.frames.filter(({ type }) => type === 6).length, 1);
});

test('GOAWAY in two steps loses nobody and doubles nobody', async (t) => {
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
  assert.equal(told(await (sent[6] as Promise<Http2Answer>)), '200 ');
  first.write(rawFrame(7, 0, 0, '0000000500000000'));
  for (const { stream, body } of first.requests) if (stream <= 5) act(first, stream, body);
  assert.deepEqual((await Promise.all(sent)).map(told), Array(7).fill('200 '));
  assert.deepEqual(acted.toSorted(), ['0', '1', '2', '3', '4', '5', '6']);
  assert.equal((await first.heard(7)).payload.toString('hex'), '0000000000000000');
  await first.closed;
  assert.deepEqual([first.requests.length, peer.connections.length], [6, 2]);
});

test('streams that a GOAWAY refuses while their bodies are half sent are sent whole elsewhere', async (t) => {
  const { peer, send } = await start(t, {
    onRequest(connection, { stream, body }) {
      if (connection === peer.connections[0]) return;
      connection.write(rawFrame(1, 4, stream, '88'), wordy(stream, `${body.length}`));
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
  assert.deepEqual((await Promise.all(sent)).map(told), Array(3).fill('200 60000'));
  await first.closed;
});

test('a peer that ends its side and reads no more does not hold up what is under way', async (t) => {
  const { peer, send } = await start(t, {
    opening: Buffer.concat([rawFrame(4, 0, 0, '00047fffffff'), rawFrame(8, 0, 0, '7fff0000')]),
    onRequest: (connection, { stream }) => connection.write(rawOk(stream)),
  });
  assert.equal(told(await send()), '200 ');
  const [connection] = peer.connections;
  connection?.socket.pause();
  const stuck = send('x'.repeat(20_000_000));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  connection?.socket.end();
  assert.equal(told(await stuck), 'closed true');
  assert.equal(told(await send()), '200 ');
});

/** Octets of bodies that came on a stream, or on all. */
function bodyBytes({ frames }: RawConnection, stream: number | null = null): number {
  const data = frames.filter((frame) => frame.type === 0 && (stream === null || frame.stream === stream));
  return data.reduce((sum, { payload }) => sum + payload.length, 0);
}

async function pinged(connection: RawConnection, payload: string): Promise<void> {
  connection.write(rawFrame(6, 0, 0, payload));
  await connection.heard(6, (frame) => frame.payload.toString('hex') === payload);
}

test('no more is sent than the window of the connection, in bodies however small; those that wait longest go first', async (t) => {
  const { peer, send } = await start(t, { onRequest: (connection, { stream }) => connection.write(rawOk(stream)) });
  assert.equal(told(await send()), '200 ');
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
  assert.deepEqual((await Promise.all(sent)).map(told), Array(80).fill('200 '));
  assert.equal(bodyBytes(connection), 80_000);
});

test('of a body whose request is answered or given up nothing more is sent', async (t) => {
  const { clock, peer, send } = await start(t, {
    onRequest: (connection, { stream }) => connection.write(rawOk(stream)),
  });
  assert.equal(told(await send()), '200 ');
  const [connection] = peer.connections;
  assert.ok(connection);
  const [answered, slow] = [send('x'.repeat(100_000)), send('x'.repeat(100_000))];
  await connection.heard(1, ({ stream }) => stream === 5);
  connection.write(rawOk(3));
  assert.equal(told(await answered), '200 ');
  clock.advance(10_000);
  assert.equal(told(await slow), 'timeout true');
  const resets = await Promise.all([3, 5].map((id) => connection.heard(3, ({ stream }) => stream === id)));
  assert.deepEqual(
    resets.map(({ payload }) => payload.toString('hex')),
    ['00000000', '00000008'],
  );
  connection.write(rawFrame(8, 0, 0, '00100000'), rawFrame(8, 0, 3, '00100000'), rawFrame(8, 0, 5, '00100000'));
  await pinged(connection, '0000000000000001');
  assert.equal(bodyBytes(connection), 65_535);
  assert.equal(told(await send('x'.repeat(60_000))), '200 ');
});

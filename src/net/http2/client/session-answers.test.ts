import assert from 'node:assert/strict';
import { test as nodeTest, type TestContext } from 'node:test';
import { type RawConnection, type RawPeerOptions, rawFrame, rawOk } from '../../../../test/support/raw-http2-peer.ts';
import {
  lastData,
  markedHex,
  startRawHttp2Pool as start,
  stringHex,
  summaryOf,
} from '../../../../test/support/raw-http2-pool.ts';

// Tests the session against a peer whose frames are written by hand: answers that are allowed and rare, and broken ones.

const test = (name: string, run: (t: TestContext) => Promise<void>) => nodeTest(name, { timeout: 120_000 }, run);

/** Frames that a session must ignore. */
const noise = Buffer.concat([
  rawFrame(2, 0, 1, '0000000010'), // PRIORITY
  rawFrame(2, 0, 8, '0000000010'),
  rawFrame(0xfa, 0xff, 1, '00112233'),
  rawFrame(0x10, 0, 0, Buffer.from('u=1')),
  rawFrame(8, 0, 1, '00000001'),
  rawFrame(4, 0, 0, '00ff00000001' + '000600000400'), // an unknown setting, and the size of a header list
]);

const answers: [string, (stream: number) => Buffer[]][] = [
  [
    'padding',
    (id) => [
      rawFrame(1, 0xc, id, `03${markedHex}000000`),
      rawFrame(0, 9, id, `04${'hello'.replace(/./g, hexed)}00000000`),
    ],
  ],
  [
    'padding and nothing else',
    (id) => [
      rawFrame(1, 4, id, markedHex),
      rawFrame(0, 8, id, '02' + '0000'),
      rawFrame(0, 8, id, '00'),
      lastData(id, 'hello'),
    ],
  ],
  ['a priority', (id) => [rawFrame(1, 0x24, id, `8000000310${markedHex}`), lastData(id, 'hello')]],
  [
    'padding, a priority and CONTINUATION',
    (id) => [
      rawFrame(1, 0x28, id, `020000000010${markedHex.slice(0, 6)}0000`),
      rawFrame(9, 0, id, markedHex.slice(6, 10)),
      rawFrame(9, 0, id),
      rawFrame(9, 4, id, markedHex.slice(10)),
      lastData(id, 'hello'),
    ],
  ],
  [
    'one octet of its headers in each CONTINUATION',
    (id) => [
      rawFrame(1, 0, id),
      ...[...Buffer.from(markedHex, 'hex')].map((octet, at, all) =>
        rawFrame(9, at === all.length - 1 ? 4 : 0, id, Buffer.of(octet)),
      ),
      lastData(id, 'hello'),
    ],
  ],
  [
    'unknown frames and PRIORITY in between',
    (id) => [
      noise,
      rawFrame(1, 4, id, markedHex),
      noise,
      rawFrame(0, 0, id, Buffer.from('hel')),
      noise,
      lastData(id, 'lo'),
      noise,
    ],
  ],
  [
    'flags that mean nothing',
    (id) => [
      rawFrame(1, 0xd6, id, markedHex).fill(0xd4, 4, 5).fill(0xd4, 4, 5),
      lastData(id, 'hello').fill(0xf7, 4, 5),
    ],
  ],
  [
    'the reserved bit',
    (id) => [rawFrame(1, 4, id, markedHex).fill(0x80, 5, 6), lastData(id, 'hello').fill(0x80, 5, 6)],
  ],
  [
    'the end of the stream in a separate frame',
    (id) => [rawFrame(1, 4, id, markedHex), rawFrame(0, 0, id, Buffer.from('hello')), rawFrame(0, 1, id)],
  ],
  [
    'trailers in CONTINUATION',
    (id) => [
      rawFrame(1, 4, id, markedHex),
      rawFrame(0, 0, id, Buffer.from('hello')),
      rawFrame(1, 1, id, '00'),
      rawFrame(9, 4, id, stringHex('x-mark') + stringHex('w')),
    ],
  ],
  [
    'interim answers before it',
    (id) => [
      rawFrame(1, 4, id, `08${stringHex('103')}`),
      rawFrame(1, 4, id, `48${stringHex('100')}`),
      rawFrame(1, 4, id, markedHex),
      lastData(id, 'hello'),
    ],
  ],
  [
    'a reset without an error after it',
    (id) => [rawFrame(1, 4, id, markedHex), lastData(id, 'hello'), rawFrame(3, 0, id, '00000000')],
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
        assert.equal(summaryOf(answer), '404 hello');
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
  ['has no status', (id) => [rawFrame(1, 5, id, `40${stringHex('x-mark')}${stringHex('v')}`)]],
  ['has no header at all', (id) => [rawFrame(1, 5, id)]],
  ['has its status after other headers', (id) => [rawFrame(1, 5, id, `00${stringHex('x-a')}${stringHex('b')}88`)]],
  ['has a status that is not a number', (id) => [rawFrame(1, 4, id, `08${stringHex('2oo')}`), lastData(id, 'hello')]],
  ['has a status of four digits', (id) => [rawFrame(1, 5, id, `08${stringHex('2000')}`)]],
  ['has a status below 100', (id) => [rawFrame(1, 5, id, `08${stringHex('020')}`)]],
  ['begins with its body', (id) => [lastData(id, 'hello'), rawFrame(1, 5, id, '8d')]],
  ['has two heads', (id) => [rawFrame(1, 4, id, '8d'), rawFrame(1, 4, id, '8d'), lastData(id, 'hello')]],
  ['ends with an interim one', (id) => [rawFrame(1, 5, id, `08${stringHex('103')}`)]],
  [
    'has an interim one after its head',
    (id) => [rawFrame(1, 4, id, '8d'), rawFrame(1, 4, id, `08${stringHex('103')}`)],
  ],
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
    assert.deepEqual(sent.map(summaryOf), ['200 ', 'reset 1 true', '200 ']);
    const [connection] = peer.connections;
    const reset = await connection?.heard(3);
    assert.deepEqual([reset?.stream, reset?.payload.toString('hex')], [3, '00000001']);
    assert.equal(summaryOf(await send('next')), '200 ');
    assert.equal(peer.connections.length, 1);
  });
}

test('a success with a second head is still a success, because its status is enough', async (t) => {
  const { send } = await start(t, {
    onRequest: (connection, { stream }) => connection.write(rawFrame(1, 4, stream, '88'), rawFrame(1, 4, stream, '88')),
  });
  assert.equal(summaryOf(await send()), '200 ');
});

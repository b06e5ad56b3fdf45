// Connections that a middlebox drops without a word: nothing closes them, and nothing comes any more.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type RawConnection, rawFrame, rawOk } from '../../../../test/support/raw-http2-peer.ts';
import { startRawHttp2Pool, summaryOf } from '../../../../test/support/raw-http2-pool.ts';

/** Answers every request, except those named `lost`. */
const answering = {
  onRequest: (connection: RawConnection, { stream, body }: { stream: number; body: string }) => {
    if (!body.startsWith('lost')) connection.write(rawOk(stream));
  },
};

const isOurPing = ({ flags }: { flags: number }) => flags === 0;

test('after the first timeout the next request goes over a new connection at once', async (t) => {
  const { clock, peer, send } = await startRawHttp2Pool(t, answering);
  assert.equal(summaryOf(await send('first')), '200 ');
  clock.advance(1_000);
  const lost = send('lost');
  await peer.connections[0]?.asked(2);
  for (let seconds = 0; seconds < 10; seconds += 1) clock.advance(1_000);
  assert.equal(summaryOf(await lost), 'timeout true');
  assert.equal(summaryOf(await send('second')), '200 ');
  assert.equal(peer.connections.length, 2);
  assert.deepEqual(
    peer.connections.map(({ requests }) => requests.map(({ body }) => body)),
    [['first', 'lost'], ['second']],
  );
});

test('a suspect connection that does not answer its PING within three seconds is closed with all that it carries', async (t) => {
  const { clock, peer, send } = await startRawHttp2Pool(t, answering);
  await send('first');
  clock.advance(1_000);
  const lost = [send('lost 1')];
  await peer.connections[0]?.asked(2);
  for (let seconds = 0; seconds < 5; seconds += 1) clock.advance(1_000);
  lost.push(send('lost 2'));
  await peer.connections[0]?.asked(3);
  for (let seconds = 0; seconds < 5; seconds += 1) clock.advance(1_000);
  await peer.connections[0]?.heard(6, isOurPing);
  for (let seconds = 0; seconds < 3; seconds += 1) clock.advance(1_000);
  assert.deepEqual((await Promise.all(lost)).map(summaryOf), ['timeout true', 'closed silent true']);
  await peer.connections[0]?.closed;
});

test('a peer that answers the PING gets the requests again', async (t) => {
  const { clock, peer, send } = await startRawHttp2Pool(t, answering);
  await send('first');
  clock.advance(1_000);
  const lost = send('lost');
  await peer.connections[0]?.asked(2);
  for (let seconds = 0; seconds < 10; seconds += 1) clock.advance(1_000);
  await lost;
  await peer.connections[0]?.pong();
  assert.equal(summaryOf(await send('again')), '200 ');
  assert.equal(peer.connections.length, 1);
});

test('a timeout on a connection that answers others does not make it suspect', async (t) => {
  const { clock, peer, send } = await startRawHttp2Pool(t, answering);
  await send('first');
  const lost = send('lost');
  await peer.connections[0]?.asked(2);
  for (let seconds = 0; seconds < 10; seconds += 1) {
    await send(`other ${seconds}`);
    clock.advance(1_000);
  }
  assert.equal(summaryOf(await lost), 'timeout true');
  await send('last');
  assert.equal(peer.connections.length, 1);
});

test('an answer of 60,000 DATA frames of one octet arrives whole', async (t) => {
  const octets = 60_000;
  const { send } = await startRawHttp2Pool(t, {
    onRequest(connection, { stream }) {
      const data = Array.from({ length: octets }, (_, n) => rawFrame(0, n === octets - 1 ? 1 : 0, stream, '61'));
      connection.write(rawFrame(1, 4, stream, '88'), ...data);
    },
  });
  assert.equal(summaryOf(await send()), `200 ${'a'.repeat(octets)}`);
});

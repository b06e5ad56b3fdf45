import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { pino } from 'pino';
import { MovableClock } from '../../../lib/movable-clock.ts';
import { changesOf } from './changes.ts';
import { EventStreams } from './streams.ts';

const log = pino({ enabled: false });
const LIMIT_BYTES = 65_536;

/** An answer whose reader asks for it and then does nothing. */
async function answerTo(t: TestContext): Promise<{ answer: ServerResponse; reader: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    reader.destroy();
    server.close();
  });
  const asked = once(server, 'request');
  reader.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [, answer] = (await asked) as [unknown, ServerResponse];
  answer.writeHead(200).flushHeaders();
  return { answer, reader };
}

test('a reader that does not read is cut off before much waits for it', { timeout: 60_000 }, async (t) => {
  const { answer, reader } = await answerTo(t);
  reader.pause();
  const clock = new MovableClock(new Date(0));
  const streams = new EventStreams({ clock, log, mayStillRead: async (ids) => new Set(ids) });
  let isOver = false;
  const stream = streams.add('one', answer, () => {
    isOver = true;
  });
  const changes = changesOf(
    ['dispatches'],
    Array.from({ length: 100 }, (_, at) => `${at}`.padStart(32, '0')),
  );
  let most = 0;
  // The kernel takes megabytes on both sides before anything waits here.
  for (let written = 0; written < 64_000_000 && !isOver; written += 3_500) {
    stream.changed('id', changes);
    most = Math.max(most, answer.writableLength);
    if (written % 350_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(isOver, 'it is cut off');
  assert.ok(most > 0 && most <= LIMIT_BYTES, `${most} bytes waited`);
  assert.equal(streams.size, 0);
});

test('streams end when nobody can say for a while who may read them', async (t) => {
  const { answer } = await answerTo(t);
  const clock = new MovableClock(new Date(0));
  let isAway = false;
  const streams = new EventStreams({
    clock,
    log,
    async mayStillRead(ids) {
      if (isAway) throw new Error('the database is away');
      return new Set(ids);
    },
  });
  streams.add('one', answer, () => undefined);
  const step = async () => {
    clock.advance(2_000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let at = 0; at < 20; at += 1) await step();
  assert.equal(streams.size, 1, 'it stays open while it is allowed');
  isAway = true;
  for (let at = 0; at < 7; at += 1) await step();
  assert.equal(answer.writableEnded, false, 'not at once');
  await step();
  assert.equal(answer.writableEnded, true);
  if (streams.size > 0) await once(answer, 'close');
  assert.equal(streams.size, 0);
});

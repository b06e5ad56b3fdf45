import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

/** Sends these headers and the beginning of a body. Returns the connection and what it is answered. */
async function sendHead(
  t: TestContext,
  app: TestApp,
  head: string,
  body = '{',
): Promise<{ socket: Socket; answer: string }> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined); // A write to a destroyed connection fails. The test waits for its end.
  await once(socket, 'connect');
  socket.write(`${head}\r\nhost: x\r\n\r\n${body}`);
  const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
  return { socket, answer };
}

const heads: [what: string, head: string, status: number][] = [
  ['an unknown path', 'POST /nowhere HTTP/1.1\r\ncontent-length: 4000000', 401],
  ['an unknown path in chunks', 'POST /nowhere HTTP/1.1\r\ntransfer-encoding: chunked', 401],
  ['a page', 'POST /s/x HTTP/1.1\r\ncontent-length: 4000000', 413],
  ['a page for browsers', 'POST /sdk/web-push/subscriptions HTTP/1.1\r\ncontent-length: 4000000', 413],
  ['another method', 'PUT /messages/send HTTP/1.1\r\ncontent-length: 4000000', 405],
  ['no key', 'POST /messages/send HTTP/1.1\r\ncontent-length: 4000000', 401],
  ['a wrong key', 'POST /users/track HTTP/1.1\r\nauthorization: Bearer wrong\r\ncontent-length: 4000000', 401],
];
for (const [what, head, status] of heads) {
  test(`${what}: the answer comes before the body, and the connection is closed`, async (t) => {
    const app = await startTestApp(t);
    const { socket, answer } = await sendHead(t, app, head, head.includes('chunked') ? '1000\r\n{' : '{');
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, /connection: close/);
    await once(socket, 'close');
  });
}

test('a refused request with a small body leaves its connection usable', async (t) => {
  const app = await startTestApp(t);
  const { socket, answer } = await sendHead(t, app, 'POST /nowhere HTTP/1.1\r\ncontent-length: 1');
  assert.match(answer, /^HTTP\/1\.1 401 /);
  socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
  const [next] = (await once(socket, 'data')) as [string];
  assert.match(next, /^HTTP\/1\.1 200 /);
});

test('a path segment of any length is answered with 404, never with 500', async (t) => {
  const app = await startTestApp(t);
  for (const length of [101, 513, 8_000]) {
    const link = await app.get(`/s/${'a'.repeat(length)}`, { key: null });
    assert.equal(link.status, 404);
    const dispatch = await app.get(`/dispatches/${'a'.repeat(length)}`);
    assert.ok(dispatch.status === 404 || dispatch.status === 400, String(dispatch.status));
  }
});

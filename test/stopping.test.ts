import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { startTestApp } from './support/app.ts';

test('a stopping server closes the connections that a browser holds open, used or not', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const { hostname, port } = new URL(app.url);
  const opened = async () => {
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return socket;
  };
  const request = 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n';
  const used = await opened();
  used.write(request);
  await once(used, 'data');
  const unused = await opened();
  // Node.js has seen the connection once it answers another that came later.
  const later = await opened();
  later.write(request);
  await once(later, 'data');
  const closed = Promise.all([used, unused, later].map((socket) => once(socket.resume(), 'close')));
  await app.app.server?.close();
  assert.deepEqual(
    (await closed).map(([hadError]) => hadError),
    [false, false, false],
  );
});

test('a stopping server does not wait for the rest of a body that does not come', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const { hostname, port } = new URL(app.url);
  const socket = connect({ host: hostname, port: Number(port) }).on('error', () => undefined);
  const head = `POST /messages/send HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${app.key}\r\ncontent-length: 4000\r\n\r\n{`;
  await once(socket, 'connect');
  const { server } = app.app;
  assert.ok(server);
  const isAsked = once(server.server, 'request');
  socket.write(head);
  await isAsked;
  const closed = once(socket.resume(), 'close');
  await app.app.server?.close();
  await closed;
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, program, type ServerProcess, startServer } from '../rig/process.ts';
import { startTestApp } from './support/app.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const KEY = 'a-key-of-the-tests';
const PASSWORD = 'a password of the tests';
/** Docker kills what has not stopped by then. */
const DOCKER_MS = 10_000;
const IN_FLIGHT = 50;

async function call<T>({ url }: { url: string }, path: string, body?: object): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url + path, { ...init, headers: { authorization: `Bearer ${KEY}` } });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return (await response.json()) as T;
}

async function untilLogged({ child, log }: ServerProcess, text: string): Promise<void> {
  while (!log().includes(text)) await once(child.stderr ?? assert.fail(), 'data');
}

/** What a terminal does at Ctrl+C, and systemd with `KillMode=mixed`, each with the signal to the processes that get it. */
const stops: [what: string, stop: (server: ServerProcess) => unknown][] = [
  ['Ctrl+C', ({ child }) => process.kill(-(child.pid ?? assert.fail()), 'SIGINT')],
  ['systemctl stop', ({ child }) => child.kill('SIGTERM')],
];

/** The stream of a tab of the console that stays open. Returns what waits for its end. */
async function openTab({ url }: { url: string }): Promise<() => Promise<unknown>> {
  const signIn = { name: 'admin', password: PASSWORD };
  const headers = { 'x-cresset-console': '1' };
  const begun = await fetch(`${url}/operator/v1/sign-in`, { method: 'POST', headers, body: JSON.stringify(signIn) });
  const cookie = begun.headers.get('set-cookie') ?? '';
  const events = await fetch(`${url}/operator/v1/events`, { headers: { cookie } });
  assert.equal(events.status, 200);
  return () => events.text();
}

// Rows 12, 13, 14 and 38 of the traps of the product.
test('what is in flight is finished before the embedded database stops, and nothing else is said', async (t) => {
  const sink = await startWebhookSink(t);
  const dataDir = dataFolder(t);
  const workspace = join(dataDir, 'workspace.yaml');
  writeFileSync(workspace, `webhook: { deliver: true, allow: ["${sink.host}"] }\n`);
  const env = {
    ...{ CRESSET_DATA_DIR: dataDir, CRESSET_WORKSPACE: workspace, CRESSET_API_KEY: KEY, PORT: '0' },
    ...{ CRESSET_ADMIN_PASSWORD: PASSWORD, CRESSET_BROADCAST_THREADS: '1', CRESSET_TEST_WITHOUT_CONSOLE: '1' },
  };
  const people = Array.from({ length: IN_FLIGHT }, (_, index) => `p${index}`);
  const dispatches: string[] = [];
  for (const [what, stop] of stops) {
    const server = await startServer(env, program, { inGroup: true });
    const before = sink.total();
    const release = sink.holdAfter(before);
    await call(server, '/users/track', { attributes: people.map((external_id) => ({ external_id })) });
    const webhook = { url: sink.url, request_method: 'POST', body: 'x' };
    const body = { external_user_ids: people, messages: { webhook } };
    dispatches.push((await call<{ dispatch_id: string }>(server, '/messages/send', body)).dispatch_id);
    await sink.until(() => sink.total() === before + IN_FLIGHT);
    const tabEnded = await openTab(server);
    const stoppedAt = performance.now();
    stop(server);
    await untilLogged(server, '"msg":"stopping"');
    release();
    assert.equal(await server.ended, 0, what);
    await tabEnded();
    const tookMs = performance.now() - stoppedAt;
    assert.ok(tookMs < DOCKER_MS, `${what}: ${tookMs} ms`);
    assert.match(server.log(), /"msg":"stopped"/, what);
    assert.doesNotMatch(server.log(), /"level":[456]0|OTLP|spans/, what);
  }
  const server = await startServer(env);
  for (const id of dispatches) {
    const { state, channels } = await call<{ state: string; channels: { webhook: { sent: number } } }>(
      server,
      `/dispatches/${id}`,
    );
    assert.deepEqual([state, channels.webhook.sent], ['finished', IN_FLIGHT]);
  }
  assert.equal(await server.end('SIGTERM'), 0);
  assert.doesNotMatch(server.log(), /did not stop in order/);
  assert.equal(sink.total(), 2 * IN_FLIGHT, 'nobody got it twice');
});

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

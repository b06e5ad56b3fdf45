import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { makeCertificate } from '../../simulate/certificate.ts';
import type { Post } from '../http-post.ts';
import { Http1Pool, type Http1PoolOptions } from './pool.ts';

const usual = { connections: 1, connectMs: 5_000, replyMs: 5_000 };

/** A peer that is told what comes on each of its connections. */
async function startPeer(t: TestContext, onRequest: (socket: Socket, text: string) => void) {
  let connections = 0;
  const open = new Set<Socket>();
  const server = net.createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    socket.on('data', (bytes) => onRequest(socket, bytes.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { origin: originOf(server.address()), connections: () => connections };
}

function originOf(address: ReturnType<net.Server['address']>): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`;
}

function givenPool(t: TestContext, origin: string, options: Partial<Http1PoolOptions> = {}) {
  const pool = new Http1Pool(origin, { ...usual, ...options });
  t.after(() => pool.destroy());
  /** The answer in one line, or the error's code or name. */
  const send = (path: string, more: Partial<Post> = {}): Promise<string> =>
    pool.post({ path, headers: {}, body: 'x', maxReplyBytes: 100, ...more }).then(
      ({ status, body }) => `${status} ${body}`,
      ({ code, name }: { code?: unknown; name: string }) => (typeof code === 'string' ? code : name),
    );
  return { pool, send };
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const long = 'a'.repeat(60_000);
/** What a peer says, what the caller hears, and whether the connection is used again. */
const answers: [says: string, heard: string, isKept: boolean][] = [
  [ok, '200 ok', true],
  ['HTTP/1.1 204 No Content\r\n\r\n', '204 ', true],
  [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: a\r\n\r\n${ok}`, '200 ok', true],
  [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nt: u\r\n\r\n',
    '200 abcde',
    true,
  ],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok', '200 ok', true],
  ['HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', '200 ', true],
  ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok', '200 ok', false],
  ['HTTP/1.1 200 OK\r\nConnection: Keep, Close\r\ncontent-length: 2\r\n\r\nok', '200 ok', false],
  [`${ok}${ok}`, '200 ok', false], // an answer that nobody asked for must not answer the next request
  [`HTTP/1.1 200 OK\r\ncontent-length: 150\r\n\r\n${'b'.repeat(150)}`, `200 ${'b'.repeat(100)}`, true],
  [`HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n${long}`, `200 ${long.slice(0, 100)}`, false],
  ['HTTP/1.1 200 OK\r\n\r\nuntil the end|', '200 until the end', false],
  ['HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\npart|', '500 part', false], // a refusal whose body breaks off is one
  ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart|', 'ECONNRESET', false],
  ['HTTP/1.1 200 OK\r\ncontent-le|', 'ECONNRESET', false],
  ['|', 'ECONNRESET', false],
  ['HTTP/1.1 101 Switch\r\n\r\n', 'EPROTO', false],
  ['HTTP/2 200\r\n\r\n', 'EPROTO', false],
  ['SSH-2.0-x\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\ncontent-length: 2\n\nok\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\nno field\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n', 'EPROTO', false],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\n', 'EPROTO', false],
  [`HTTP/1.1 200 OK\r\na: ${long}\r\n\r\n`, 'EPROTO', false],
  [`HTTP/1.1 200 OK\r\na: ${long}`, 'EPROTO', false],
];

test('whatever a peer answers is heard as what it is, at once or octet by octet, and junk costs its connection', async (t) => {
  const peer = await startPeer(t, (socket, text) => {
    const [, index = '', way] = /^POST \/(\d+)\/(\w+)/.exec(text) ?? [];
    const [says = ok] = answers[Number(index)] ?? [];
    const said = Buffer.from(says.replace(/\|$/, ''), 'latin1');
    // Nagle's algorithm would put octets together again; the turns of the loop keep most of them apart.
    if (way === 'whole' || said.length > 1_000) socket.write(said);
    else for (const octet of said) socket.write(Buffer.of(octet));
    if (says.endsWith('|')) socket.end();
  });
  const { send } = givenPool(t, peer.origin);
  await send('/0/whole');
  for (const way of ['whole', 'octets']) {
    for (const [index, [says, heard, isKept]] of answers.entries()) {
      const before = peer.connections();
      assert.equal(await send(`/${index}/${way}`), heard, says.slice(0, 120));
      assert.equal(await send('/0/whole'), '200 ok', says.slice(0, 120));
      assert.equal(peer.connections() === before, isKept, says.slice(0, 120));
    }
  }
});

test('a request reaches a real server as it is, and what cannot be sent is refused before anything is', async (t) => {
  const seen: string[] = [];
  const server = createHttpServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const { host, 'x-a': a = '', 'content-length': length = 'none' } = request.headers;
    seen.push(`${request.method} ${request.url} ${host?.replace(/\d+$/, 'port')} ${a} ${length} ${body}`);
    response.end('heard');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { send } = givenPool(t, originOf(server.address()));
  await send('/a?b=c', { headers: { 'X-A': 'b\xc3\xa4r' }, body: 'Grüße' });
  await send('/b', { method: 'PUT', body: Buffer.from('{}') });
  await send('/c', { body: null });
  await send('/d', { method: 'GET', body: null, headers: { Host: 'ada.example', connection: 'close' } });
  await send('/e', { method: 'DELETE', body: null });
  await send('/f', { body: 'x'.repeat(200_000), headers: { 'content-length': '200000' } });
  assert.deepEqual(
    seen.map((line) => line.slice(0, 60)),
    [
      `POST /a?b=c 127.0.0.1:port b\xc3\xa4r 7 Grüße`,
      'PUT /b 127.0.0.1:port  2 {}',
      'POST /c 127.0.0.1:port  0 ',
      'GET /d ada.example  none ',
      'DELETE /e 127.0.0.1:port  none ',
      `POST /f 127.0.0.1:port  200000 ${'x'.repeat(30)}`.slice(0, 60),
    ],
  );
  const refused: Partial<Post>[] = [
    { path: '/ b' },
    { path: '/\r\nx: y' },
    { path: '' },
    ...['a b', 'a:', '', 'ä'].map((name) => ({ headers: { [name]: 'x' } })),
    ...['a\r\nb: c', 'a\0', 'ā'].map((value) => ({ headers: { a: value } })),
    ...['transfer-encoding', 'Expect', 'upgrade'].map((name) => ({ headers: { [name]: 'x' } })),
    { headers: { 'content-length': '2' } },
    { headers: { connection: 'upgrade' } },
  ];
  for (const one of refused) assert.equal(await send('/', one), 'malformed_request', JSON.stringify(one));
  assert.equal(seen.length, 6);
});

test('a request that waits is given back when it may not begin any more; one under way ends', async (t) => {
  const answered = Promise.withResolvers<Socket>();
  const peer = await startPeer(t, (socket) => answered.resolve(socket));
  const { pool, send } = givenPool(t, peer.origin);
  const stop = new AbortController();
  const [first, second] = [send('/1', { mayBegin: stop.signal }), send('/2', { mayBegin: stop.signal })];
  const socket = await answered.promise;
  stop.abort();
  const third = send('/3', { mayBegin: stop.signal });
  socket.write(ok);
  assert.deepEqual(await Promise.all([first, second, third]), ['200 ok', 'NotBegunError', 'NotBegunError']);
  await pool.close();
  assert.equal(await send('/4'), 'POOL_CLOSED');
});

test('what takes too long, and what is aborted, ends its connection and nothing else', async (t) => {
  const peer = await startPeer(t, (socket, text) => {
    if (text.startsWith('POST /ok')) socket.write(ok);
    else if (text.startsWith('POST /part')) socket.write(ok.slice(0, -1));
    else if (text.startsWith('POST /no')) socket.write('HTTP/1.1 503 No\r\ncontent-length: 5\r\n\r\nlat');
  });
  const { send } = givenPool(t, peer.origin, { connections: 6 });
  const stop = new AbortController();
  const all = [
    send('/ok'),
    send('/silent', { timeoutMs: 10 }),
    send('/part', { timeoutMs: 10 }),
    send('/no', { timeoutMs: 10 }),
    send('/part', { timeoutMs: 10, maxReplyBytes: 0 }), // its head is enough
    send('/silent', { signal: stop.signal }),
  ];
  assert.equal(await all[0], '200 ok');
  stop.abort();
  assert.deepEqual(await Promise.all(all), ['200 ok', 'TimeoutError', 'TimeoutError', '503 lat', '200 ', 'AbortError']);
  assert.equal(await send('/ok'), '200 ok');
});

test('each request of a crowd gets its own answer over a few connections, and fails alone where nobody listens', async (t) => {
  const peer = await startPeer(t, (socket, text) => {
    const [, name = ''] = /^POST \/(\d+)/.exec(text) ?? [];
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`);
    if (name.endsWith('7')) socket.end(); // closes without a word after some answers
  });
  const { pool, send } = givenPool(t, peer.origin, { connections: 5 });
  const names = Array.from({ length: 500 }, (_, index) => String(index));
  const heard = await Promise.all(names.map((name) => send(`/${name}`)));
  // A request that met the end of its connection is never repeated by itself.
  const lost = heard.filter((one) => one === 'ECONNRESET').length;
  assert.ok(lost <= 50, `${lost} were lost`);
  for (const [index, one] of heard.entries()) if (one !== 'ECONNRESET') assert.equal(one, `200 ${index}`);
  await pool.close();
  const dead = givenPool(t, peer.origin.replace(/\d+$/, '1'), { connections: 2 });
  assert.deepEqual(await Promise.all(['/1', '/2', '/3'].map((path) => dead.send(path))), [
    'ECONNREFUSED',
    'ECONNREFUSED',
    'ECONNREFUSED',
  ]);
});

test('over TLS: a certificate of nobody known is refused, and answers of any length arrive on kept connections', async (t) => {
  const { key, cert } = makeCertificate();
  const connections = new Set<Socket>();
  const server = createHttpsServer({ key, cert }, (request, response) => {
    connections.add(request.socket);
    response.end('b'.repeat(Number(request.url?.slice(1))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = originOf(server.address()).replace('http:', 'https:');
  const strange = givenPool(t, origin);
  assert.equal(await strange.send('/1'), 'DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.equal(connections.size, 0, 'nothing was sent');
  const { pool } = givenPool(t, origin, { ca: cert });
  for (const length of [0, 1, 4_096, 100_000]) {
    const { status, body } = await pool.post({ path: `/${length}`, headers: {}, body: 'x', maxReplyBytes: 1_000_000 });
    assert.deepEqual([status, body.length, String(body)], [200, length, 'b'.repeat(length)]);
  }
  assert.equal(connections.size, 1);
  await pool.destroy();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startTestApp } from './support/app.ts';
import { playing, startOriginal } from './support/shadow/original.ts';
import { startShadow } from './support/shadow/shadowed.ts';

const success = playing({ status: 201, body: { attributes_processed: 1, message: 'success' } });
const ada = JSON.stringify({ attributes: [{ external_id: 'ada' }] });

/** Sends a request as it is told, and reads the raw answer. */
async function raw(
  port: number,
  {
    method = 'POST',
    path = '/users/track',
    headers = {},
    body = '',
  }: { method?: string; path?: string; headers?: Record<string, string | string[]>; body?: string | Buffer },
): Promise<{ response: IncomingMessage; body: Buffer }> {
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { response, body: Buffer.concat(chunks) };
}

/** Writes bytes to the proxy and reads until it closes. */
async function bytes(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

async function started(t: TestContext, options = {}) {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  return { app, original, ...(await startShadow(t, original.url, app, options)) };
}

test('an original that is down is 502 for the caller, and nothing is written here', async (t) => {
  const app = await startTestApp(t);
  const { port, lines } = await startShadow(t, 'http://127.0.0.1:1', app);
  const { response, body } = await raw(port, { body: ada });
  assert.equal(response.statusCode, 502);
  assert.match(body.toString(), /could not reach the original: ECONNREFUSED/);
  assert.deepEqual(
    (await lines()).map((line) => [line.not_compared, line.there]),
    [['upstream_unreachable', null]],
  );
});

// Row 5 of the traps of the product.
test('a request whose answer breaks off is never repeated, and its outcome is told as unknown', async (t) => {
  const { original, port, lines } = await started(t);
  original.play((request) => void request.socket.destroy());
  await assert.rejects(raw(port, { path: '/messages/send', body: '{}' }), /socket hang up|ECONNRESET/);
  original.play((_request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{"message":', () => response.destroy());
  });
  await assert.rejects(raw(port, { body: ada }), /aborted|ECONNRESET/);
  assert.equal(original.got.length, 2);
  assert.deepEqual(
    (await lines()).map((line) => line.not_compared),
    ['upstream_failed', 'upstream_failed'],
  );
});

test('an answer passes while it comes, however slow it is; a caller who leaves ends it there, too', async (t) => {
  const { original, port, lines } = await started(t);
  const closed = new Promise<void>((done) => {
    original.play((_request, response) => {
      response.on('close', () => done());
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"first":1,');
    });
  });
  const request = httpRequest({ host: '127.0.0.1', port, path: '/segments/list', agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [chunk] = (await once(response, 'data')) as [Buffer];
  assert.equal(chunk.toString(), '{"first":1,');
  response.on('error', () => assert.ok(response.destroyed));
  request.destroy();
  await closed;
  // The next exchange ends after this one, so its line comes later.
  original.play(success);
  await raw(port, { body: ada });
  assert.deepEqual(
    (await lines()).map((line) => line.not_compared),
    ['caller_left'],
  );
});

// Row 56 of the traps of the product.
test('packed bodies pass as they are, and are compared unpacked', async (t) => {
  const { original, port, lines, shadow, app } = await started(t);
  const answer = gzipSync(JSON.stringify({ attributes_processed: 1, message: 'success' }));
  original.play((_request, response) => {
    response.writeHead(201, {
      'Content-Type': 'application/json',
      'Content-Encoding': 'gzip',
      'Set-Cookie': ['a=1', 'b=2'],
    });
    response.end(answer);
  });
  const packed = gzipSync(ada);
  const headers = { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' };
  const { response, body } = await raw(port, { body: packed, headers });
  assert.deepEqual(body, answer);
  assert.equal(response.headers['content-encoding'], 'gzip');
  assert.deepEqual(response.headers['set-cookie'], ['a=1', 'b=2']);
  assert.deepEqual(gunzipSync(original.got[0]?.body ?? ''), Buffer.from(ada));
  assert.deepEqual(await lines(), []);
  assert.equal(shadow.summary().alike, 1);
  const found = await app.post('/users/export/ids', { external_ids: ['ada'], fields_to_export: ['external_id'] });
  assert.deepEqual(found.body.users, [{ external_id: 'ada' }]);
});

test('a packed answer that unpacks to more than 1 MiB is not unpacked further', async (t) => {
  const { original, port, lines } = await started(t);
  const bomb = gzipSync(Buffer.alloc(50_000_000, '1'));
  original.play((_request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.end(bomb);
  });
  assert.equal((await raw(port, { body: ada })).body.byteLength, bomb.byteLength);
  assert.deepEqual(
    (await lines()).map((line) => line.not_compared),
    ['body_unreadable'],
  );
});

test('10 MB in both directions pass whole, and are compared by status alone', async (t) => {
  const { original, port, lines, app } = await started(t);
  const large = JSON.stringify({ message: 'x'.repeat(10_000_000) });
  original.play(playing({ status: 200, body: large }), success);
  const { body } = await raw(port, { method: 'GET', path: '/segments/list' });
  assert.equal(body.toString() === large, true);
  await raw(port, { body: large });
  assert.equal(original.got[1]?.body.byteLength, large.length);
  assert.deepEqual(
    (await lines()).map((line) => line.not_compared),
    ['body_too_large', 'body_too_large'],
  );
  assert.equal((await app.get('/users/messages')).status >= 400, true);
});

test('without room for copies requests pass all the same, and drops are counted', async (t) => {
  const { original, port, shadow, lines } = await started(t, { bufferBytes: 5_000 });
  original.play(success, success);
  const long = JSON.stringify({ attributes: [{ external_id: 'ada', about: 'x'.repeat(20_000) }] });
  assert.equal((await raw(port, { body: long })).response.statusCode, 201);
  assert.equal(original.got[0]?.body.toString(), long);
  await lines();
  assert.deepEqual(shadow.summary().not_compared, { dropped: 1 });
  assert.equal((await raw(port, { body: ada })).response.statusCode, 201);
  await lines();
  assert.equal(shadow.summary().alike, 1);
});

test('a Cresset that breaks off neither delays nor changes an answer', async (t) => {
  const original = await startOriginal(t);
  const hanging = createServer((request, response) => {
    if (request.url === '/openapi.json') response.end('{"paths":{"/users/track":{"post":{}}}}');
    else request.socket.destroy();
  });
  hanging.listen(0, '127.0.0.1');
  await once(hanging, 'listening');
  t.after(() => hanging.close());
  const url = `http://127.0.0.1:${(hanging.address() as { port: number }).port}`;
  const { port, lines } = await startShadow(t, original.url, { url, key: 'a-key' });
  original.play(success);
  assert.equal((await raw(port, { body: ada })).response.statusCode, 201);
  assert.deepEqual(
    (await lines()).map((line) => line.not_compared),
    ['cresset_failed'],
  );
});

test('headers of the connection end here; a caller cannot name away the length of a body', async (t) => {
  const { original, port } = await started(t);
  original.play((_request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'x-hop': '1', connection: 'x-hop', 'X-Kept': 'yes' });
    response.end('{"message":"success"}');
  });
  const headers = {
    ...{ connection: 'close, x-mine, content-length', 'x-mine': '1', te: 'trailers', 'x-kept': ['a', 'b'] },
    ...{ 'content-length': String(ada.length), expect: '100-continue', authorization: 'Bearer of-the-caller' },
  };
  const { response } = await raw(port, { headers, body: ada });
  assert.equal(response.headers['x-hop'], undefined);
  assert.equal(response.headers['x-kept'], 'yes');
  const [got] = original.got;
  const names = got?.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()) ?? [];
  for (const gone of ['x-mine', 'te', 'expect', 'transfer-encoding']) assert.equal(names.includes(gone), false, gone);
  assert.equal(names.filter((name) => name === 'x-kept').length, 2);
  assert.equal(names.filter((name) => name === 'host').length, 1);
  assert.equal(got?.rawHeaders.includes('Bearer of-the-caller'), true);
  assert.equal(got?.body.toString(), ada);
});

test('chunked bodies keep their frame with every method, and paths keep their spelling', async (t) => {
  const { original, port } = await started(t);
  for (const method of ['POST', 'DELETE', 'PUT', 'GET']) {
    original.play(playing({ status: 404, body: { message: 'Invalid URL' } }));
    const path = '/a//b/../c?x=%2F&y';
    await raw(port, {
      method,
      path,
      headers: { 'transfer-encoding': 'chunked' },
      body: 'GET /smuggled HTTP/1.1\r\n\r\n',
    });
    assert.equal(original.got.at(-1)?.url, path);
    assert.equal(original.got.at(-1)?.method, method);
    assert.equal(original.got.at(-1)?.body.toString(), 'GET /smuggled HTTP/1.1\r\n\r\n');
  }
  assert.equal(original.got.length, 4);
});

test('requests with two lengths, another coding or no path never reach the original', async (t) => {
  const { original, port } = await started(t);
  const host = 'host: x\r\nconnection: close\r\n';
  const refused: [status: string, request: string][] = [
    ['400', `POST /users/track HTTP/1.1\r\n${host}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['400', `POST /users/track HTTP/1.1\r\n${host}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`],
    ['501', `POST /users/track HTTP/1.1\r\n${host}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['400', `GET http://example.com/ HTTP/1.1\r\n${host}\r\n`],
    ['400', `POST /users/track HTTP/1.1\r\n${host}x: a\r\n content-length: 3\nbad\r\n\r\n`],
  ];
  for (const [status, request] of refused)
    assert.match(await bytes(port, request), new RegExp(`^HTTP/1\\.1 ${status} `));
  assert.equal(original.got.length, 0);
});

test('an answer that comes before the body was read reaches the caller', async (t) => {
  const app = await startTestApp(t);
  const early = createServer((_request, response) => {
    response.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
    response.end('{"message":"too large"}');
  });
  early.listen(0, '127.0.0.1');
  await once(early, 'listening');
  t.after(() => early.close());
  const { port } = await startShadow(t, `http://127.0.0.1:${(early.address() as { port: number }).port}`, app);
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/users/track',
    headers: { 'content-length': '100' },
    agent: false,
  });
  request.write('{');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 413);
  request.on('error', () => assert.ok(request.destroyed));
  request.destroy();
});

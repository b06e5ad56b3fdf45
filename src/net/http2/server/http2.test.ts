import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type ListenOptions, listen } from '../../../simulate/listen.ts';
import type { Reaction, WireRequest } from '../../wire.ts';

/** Answers with the request as the server understood it. */
const echo = (request: WireRequest): Reaction => ({
  kind: 'answer',
  answer: {
    status: 200,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({
      method: request.method,
      path: request.path,
      headers: request.headers.filter((_, at) => !request.headers[at - (at % 2)]?.startsWith(':')),
      body: request.body.toString('latin1'),
      oversize: request.isOversize,
    }),
  },
});

async function started(
  t: TestContext,
  onRequest: ListenOptions['onRequest'] = echo,
  change: Partial<ListenOptions> = {},
) {
  const server = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    protocols: ['h2', 'http/1.1'],
    maxBodyBytes: 100_000,
    maxStreams: 100,
    goAwayText: '{"reason":"Shutdown"}',
    onRequest,
    ...change,
  });
  const session = connect(server.url);
  session.on('error', () => undefined);
  t.after(async () => {
    session.destroy();
    await server.stop();
  });
  return { server, session };
}

function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body = '',
): Promise<{ status: number; text: string }> {
  const stream = session.request({ ':method': 'POST', ':path': '/', ...headers });
  stream.end(body, 'latin1');
  return answerOf(stream);
}

async function answerOf(stream: ClientHttp2Stream) {
  let status = 0;
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return { status, text: Buffer.concat(parts).toString('latin1') };
}

test('headers, path and body of an independent client arrive unchanged', async (t) => {
  const { session } = await started(t);
  const name = fc.stringMatching(/^x-[a-z0-9-]{1,20}$/);
  const value = fc.stringMatching(/^[!-~]([ -~]{0,200}[!-~])?$/);
  const request = fc.record({
    path: fc.stringMatching(/^\/[!-~]{0,120}$/),
    headers: fc.dictionary(name, value, { maxKeys: 12 }),
    body: fc.stringMatching(/^[ -~]{0,3000}$/),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ path, headers, body }) => {
      const { status, text } = await ask(session, { ':path': path, ...headers }, body);
      const heard = JSON.parse(text);
      assert.equal(status, 200);
      assert.equal(heard.path, path);
      assert.equal(heard.body, body);
      const pairs: [string, string][] = [];
      for (let at = 0; at < heard.headers.length; at += 2) pairs.push([heard.headers[at], heard.headers[at + 1]]);
      assert.deepEqual(Object.fromEntries(pairs), { ...headers });
    }),
    { numRuns: 300 },
  );
});

test('headers of many kilobytes in CONTINUATION frames are put together', async (t) => {
  const { session } = await started(t);
  const long = 'abcdefghij'.repeat(3_000);
  const { text } = await ask(session, { 'x-long': long });
  assert.deepEqual(JSON.parse(text).headers, ['x-long', long]);
});

test("a body larger than the client's windows arrives whole, and so do its neighbours", async (t) => {
  const body = Buffer.alloc(3_000_000, 'x');
  const { session } = await started(t, ({ path }) => ({
    kind: 'answer',
    answer: { status: 200, headers: [], body: path === '/huge' ? body : 'small' },
  }));
  const [huge, small] = await Promise.all([ask(session, { ':path': '/huge' }), ask(session, { ':path': '/' })]);
  assert.equal(huge.text.length, body.length);
  assert.equal(small.text, 'small');
});

test('ten thousand requests, a hundred at a time, are each answered with their own body', async (t) => {
  const { session } = await started(t);
  let next = 0;
  const lane = async () => {
    while (next < 10_000) {
      const body = `body ${next++} `.repeat(20);
      const { text } = await ask(session, { ':path': `/${next}` }, body);
      assert.equal(JSON.parse(text).body, body);
    }
  };
  await Promise.all(Array.from({ length: 100 }, lane));
});

test('a request with too long a body is cut and answered at once', async (t) => {
  const { session } = await started(t, (request) => ({
    kind: 'answer',
    answer: { status: request.isOversize ? 413 : 200, headers: [], body: '' },
  }));
  const { status } = await ask(session, {}, 'x'.repeat(400_000));
  assert.equal(status, 413);
  assert.equal((await ask(session, {}, 'x')).status, 200);
});

test('streams beyond the acknowledged setting are refused, and a later setting allows more', async (t) => {
  const onRequest = ({ connection, path }: WireRequest): Reaction => {
    if (path === '/more') connection.allowStreams(50);
    return path === '/wait' ? { kind: 'silence' } : { kind: 'answer', answer: { status: 200, headers: [], body: '' } };
  };
  const { server, session } = await started(t, onRequest, { maxStreams: 1 });
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.maxConcurrentStreams, 1);
  const raised = once(session, 'remoteSettings');
  await ask(session, { ':path': '/more' });
  await raised;
  assert.equal(session.remoteSettings.maxConcurrentStreams, 50);

  // A client that acknowledges the setting and breaks it. It is written by hand, because a good client queues.
  const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  const head = '82' + '84'; // GET /
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n').toString('hex');
  const wait = `820405${Buffer.from('/wait').toString('hex')}`;
  socket.write(Buffer.from(`${preface}000000040100000000000008010500000001${wait}000002010500000003${head}`, 'hex'));
  let heard = '';
  for await (const chunk of socket) {
    heard += (chunk as Buffer).toString('hex');
    if (heard.includes('00000403000000000300000007')) break;
  }
});

test('requests under way finish after GOAWAY, which carries its text', async (t) => {
  const { session } = await started(t, ({ connection, path }) => {
    if (path === '/last') connection.goAway();
    return { kind: 'answer', afterMs: 5, answer: { status: 200, headers: [], body: path } };
  });
  const said = once(session, 'goaway');
  const closed = once(session, 'close');
  const [first, last] = await Promise.all([ask(session, { ':path': '/first' }), ask(session, { ':path': '/last' })]);
  assert.deepEqual([first.text, last.text], ['/first', '/last']);
  const [code, , data] = await said;
  assert.equal(code, constants.NGHTTP2_NO_ERROR);
  assert.equal(String(data), '{"reason":"Shutdown"}');
  await closed;
});

test('a request that GOAWAY excludes fails at the client as refused; the one before it is answered', async (t) => {
  const { session } = await started(t, ({ path }) =>
    path === '/out'
      ? { kind: 'unprocessed' }
      : { kind: 'answer', afterMs: 20, answer: { status: 200, headers: [], body: 'in' } },
  );
  const before = ask(session, { ':path': '/in' });
  const out = session.request({ ':method': 'POST', ':path': '/out' }).end('x');
  out.on('error', () => undefined);
  await new Promise((closed) => out.once('close', closed));
  assert.equal(out.rstCode, constants.NGHTTP2_REFUSED_STREAM);
  assert.equal((await before).text, 'in');
});

test('a reset ends one stream, a truncated answer is cut short, a close ends the connection', async (t) => {
  const { session } = await started(t, ({ path }): Reaction => {
    const answer = { status: 200, headers: [], body: 'x'.repeat(100) };
    if (path === '/reset') return { kind: 'reset' };
    if (path === '/truncate') return { kind: 'truncate', answer };
    if (path === '/close') return { kind: 'close' };
    return { kind: 'answer', answer };
  });
  await assert.rejects(ask(session, { ':path': '/reset' }), /NGHTTP2_INTERNAL_ERROR/);
  await assert.rejects(ask(session, { ':path': '/truncate' }), /NGHTTP2_INTERNAL_ERROR/);
  assert.equal((await ask(session, {})).status, 200);
  const closed = once(session, 'close');
  const last = ask(session, { ':path': '/close' }).catch(() => 'failed');
  await closed;
  await last;
});

const attacks: [string, string][] = [
  ['does not begin as HTTP/2 does', Buffer.from('PRX * HTTP/2.0\r\n\r\nSM\r\n\r\n').toString('hex')],
  ['sends a frame that is too large', '7fffff000000000001'],
  ['sends data for a stream that is not open', '000001000000000001aa'],
  ['opens an even stream', '000001010500000002' + '82'],
  ['sends a header block that cannot be decoded', '000001010500000001' + '80'],
  ['continues a header block that was not begun', '000001090400000001' + '82'],
  ['pushes', '000004050400000001' + '00000002'],
  ['updates a window by nothing', '000004080000000000' + '00000000'],
  ['makes a window too large', '000004080000000000' + '7fffffff'],
];
for (const [what, hex] of attacks) {
  test(`a client that ${what} gets GOAWAY and loses its connection; other clients go on`, async (t) => {
    const { server, session } = await started(t, echo, { protocols: ['h2'] });
    const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
    const preface = what.startsWith('does not') ? '' : Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n').toString('hex');
    socket.write(Buffer.from(preface + hex, 'hex'));
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    assert.equal((await ask(session, {})).status, 200);
  });
}

test('the server survives any octets after the preface', async (t) => {
  const { server, session } = await started(t);
  const frames = fc.array(
    fc.record({
      type: fc.integer({ min: 0, max: 10 }),
      flags: fc.integer({ min: 0, max: 255 }),
      stream: fc.integer({ min: 0, max: 9 }),
      payload: fc.uint8Array({ maxLength: 30 }),
    }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(frames, async (list) => {
      const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      for (const { type, flags, stream, payload } of list) {
        socket.write(Buffer.of(0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload));
      }
      socket.end();
      await once(socket, 'close');
    }),
    { numRuns: 300 },
  );
  assert.equal((await ask(session, {})).status, 200);
});

test('HTTP/1.1 on the same port is understood in the same way', async (t) => {
  const { server } = await started(t);
  const answer = await fetch(`${server.url}/x?y`, { method: 'POST', body: 'hello', headers: { 'X-A': 'b' } });
  const heard = (await answer.json()) as { method: string; path: string; headers: string[]; body: string };
  assert.deepEqual([heard.method, heard.path, heard.body], ['POST', '/x?y', 'hello']);
  assert.equal(heard.headers[heard.headers.indexOf('x-a') + 1], 'b');
});

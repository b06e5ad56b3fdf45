import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import test, { type TestContext } from 'node:test';
import type { FileCredential } from '../settings.ts';
import { fetchFile, MAX_FILE_BYTES } from './fetch-file.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, origin: string) => void;

async function server(t: TestContext, answer: Answer): Promise<{ origin: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const http = createServer((request, response) => {
    asked.push(request);
    answer(request, response, origin);
  });
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const origin = `http://127.0.0.1:${address.port}`;
  return { origin, asked };
}

const credential: FileCredential = { name: 'files', username: 'ada', password: 's3cret-word' };
const neverStops = new AbortController().signal;
const fetchFrom = (url: string, options: Partial<Parameters<typeof fetchFile>[1]> = {}) =>
  fetchFile(url, { allow: [new URL(url).host], credential: null, signal: neverStops, ...options });

test('a file comes with its bytes and type, over redirects, and the credential stays at its origin', async (t) => {
  const other = await server(t, (_request, response) =>
    response.setHeader('content-type', 'application/pdf').end('%PDF'),
  );
  const first = await server(t, ({ url }, response, origin) => {
    const next = url === '/a' ? `${origin}/b` : `${other.origin}/c.pdf?sig=a.b`;
    response.writeHead(url === '/a' ? 302 : 307, { location: next }).end();
  });
  const allow = [first.origin, other.origin].map((origin) => new URL(origin).host);
  const file = await fetchFrom(`${first.origin}/a`, { allow, credential });
  assert.equal(file.kind, 'file');
  assert.ok(file.kind === 'file');
  assert.equal(String(file.bytes), '%PDF');
  assert.equal(file.contentType, 'application/pdf');
  assert.equal(file.url.pathname, '/c.pdf');
  const authorizations = [...first.asked, ...other.asked].map(({ headers }) => headers.authorization ?? null);
  const basic = `Basic ${Buffer.from('ada:s3cret-word').toString('base64')}`;
  assert.deepEqual(authorizations, [basic, basic, null]);
});

test('no hop may lead inside: neither the first URL nor a redirect is called', async (t) => {
  const inner = await server(t, (_request, response) => response.end('secret'));
  const outer = await server(t, (_request, response) => response.writeHead(302, { location: inner.origin }).end());
  for (const url of [inner.origin, outer.origin]) {
    const found = await fetchFrom(url, { allow: [new URL(outer.origin).host] });
    assert.deepEqual([found.kind, 'reason' in found && found.reason], ['failed', 'blocked_target'], url);
    const { host } = new URL(inner.origin);
    const detail = `the attachment from ${host} leads to an address or port that may not be called; email.attachments.allow in the workspace file lists exceptions`;
    assert.equal('detail' in found && found.detail, detail);
  }
  assert.equal(inner.asked.length, 0);
  for (const location of ['http://169.254.169.254/', 'file:///etc/passwd', 'http://user:pw@example.com/']) {
    const leading = await server(t, (_request, response) => response.writeHead(302, { location }).end());
    const found = await fetchFrom(leading.origin);
    assert.deepEqual('reason' in found && found.reason, 'blocked_target', location);
  }
});

const refusals: [what: string, answer: Answer, outcome: string][] = [
  ['404 with a page', (_q, response) => response.writeHead(404).end('<h1>gone</h1>'), 'failed attachment_unusable'],
  ['a server error', (_q, response) => response.writeHead(503).end(), 'retry attachment 503'],
  ['a busy server', (_q, response) => response.writeHead(429).end(), 'retry attachment 429'],
  [
    'half a file',
    (_q, response) => {
      response.writeHead(200, { 'content-length': 1_000 }).write(Buffer.alloc(500));
      setImmediate(() => response.destroy());
    },
    'retry attachment UND_ERR_SOCKET',
  ],
  ['an empty file', (_q, response) => response.writeHead(200).end(), 'failed attachment_unusable'],
  ['no file', (_q, response) => response.writeHead(204).end(), 'failed attachment_unusable'],
  [
    'a file that says that it is too large',
    (_q, response) =>
      void response.writeHead(200, { 'content-length': MAX_FILE_BYTES + 1 }).end(Buffer.alloc(MAX_FILE_BYTES + 1)),
    'failed payload_too_large',
  ],
  [
    'a file without a length that is too large',
    (_q, response) => {
      response.write(Buffer.alloc(MAX_FILE_BYTES));
      response.end('x');
    },
    'failed payload_too_large',
  ],
  [
    'a compressed file',
    (_q, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    'failed attachment_unusable',
  ],
  [
    'redirects without end',
    (_q, response, origin) => response.writeHead(302, { location: `${origin}/x` }).end(),
    'failed attachment_unusable',
  ],
  ['a redirect to nowhere', (_q, response) => response.writeHead(302).end(), 'failed attachment_unusable'],
];
for (const [what, answer, outcome] of refusals) {
  test(`${what}: ${outcome}`, async (t) => {
    const { origin, asked } = await server(t, answer);
    const found = await fetchFrom(`${origin}/file?secret=abcdef`, { credential });
    assert.equal(`${found.kind} ${'reason' in found ? found.reason : ''}`, outcome);
    assert.doesNotMatch(JSON.stringify(found), /abcdef|s3cret-word/);
    assert.ok(asked.length <= 4);
  });
}

test('the largest file is attached whole', async (t) => {
  const { origin } = await server(t, (_request, response) => response.end(Buffer.alloc(MAX_FILE_BYTES, 7)));
  const found = await fetchFrom(origin);
  assert.equal(found.kind === 'file' && found.bytes.length, MAX_FILE_BYTES);
});

test('a server that does not answer, or never ends its answer, is given up in time', async (t) => {
  for (const answer of [() => undefined, (_q: unknown, response: ServerResponse) => void response.write('x')]) {
    const { origin } = await server(t, answer);
    const found = await fetchFrom(origin, { longestMs: 100 });
    assert.deepEqual([found.kind, 'reason' in found && found.reason], ['retry', 'attachment timeout']);
  }
});

test('a server that cannot be reached, and a name that nobody has, are tried again', async (t) => {
  const { origin } = await server(t, () => undefined);
  const port = Number(new URL(origin).port);
  const gone = await fetchFrom(`http://127.0.0.1:${port === 65_535 ? 1 : 9}/`);
  assert.deepEqual([gone.kind, 'reason' in gone && gone.reason], ['retry', 'attachment ECONNREFUSED']);
  const unknown = await fetchFrom('http://nobody.invalid/x.pdf');
  assert.equal(unknown.kind, 'retry');
});

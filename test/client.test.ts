// cresset/client: against a real server, and against servers that fail in ways that a healthy one does not.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { clientOperations, type Document } from '../scripts/client/operations.ts';
import { type ClientOptions, CressetError, createClient, NoAnswerError } from '../src/client/client.ts';
import { startTestApp } from './support/app.ts';
import { temporaryFolder } from './support/command-line.ts';

const webhook = { url: 'https://example.com', request_method: 'POST', body: 'Hello {{${first_name}}}' } as const;
const toAda = { external_user_ids: ['ada'], messages: { webhook } };

/** A server that answers as told, and the requests that it got. */
async function givenServer(
  t: TestContext,
  answer: (response: ServerResponse, count: number, request: IncomingMessage) => void,
  options: Partial<ClientOptions> = {},
) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(response, requests.length, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, client: createClient({ url, key: 'a-key', ...options }) };
}

function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

test('the client writes a person, sends to them, and reads what became of it', async (t) => {
  const app = await startTestApp(t);
  const client = createClient({ url: `${app.url}/`, key: app.key });
  const tracked = await client.call('POST /users/track', {
    body: { attributes: [{ external_id: 'ada', first_name: 'Ada' }] },
  });
  assert.equal(tracked.attributes_processed, 1);
  const sent = await client.call('POST /messages/send', { body: toAda });
  assert.equal(sent.message, 'success');
  await app.drain();
  const dispatches = await client.call('GET /dispatches', { query: { limit: 1 } });
  const [dispatch] = dispatches.dispatches;
  assert.ok(dispatch);
  const recipients = await client.call('GET /dispatches/{dispatch_id}/recipients', {
    path: { dispatch_id: dispatch.dispatch_id },
    query: { status: 'sent' },
  });
  assert.deepEqual(
    recipients.recipients.map((one) => one.external_id),
    ['ada'],
  );
  const people = await client.call('POST /users/export/ids', {
    body: { external_ids: ['ada'], fields_to_export: ['external_id', 'first_name'] },
  });
  assert.deepEqual(people.users, [{ external_id: 'ada', first_name: 'Ada' }]);
});

test('one idempotency key is one dispatch', async (t) => {
  const app = await startTestApp(t);
  const client = createClient({ url: app.url, key: app.key });
  const twice = [{ idempotencyKey: 'once' }, { idempotencyKey: 'once' }];
  for (const options of twice) await client.call('POST /messages/send', { body: toAda }, options);
  assert.equal((await client.call('GET /dispatches')).dispatches.length, 1);
});

test('a refusal has its status, its message and all its problems', async (t) => {
  const app = await startTestApp(t);
  const client = createClient({ url: app.url, key: app.key });
  const refused = await client.call('GET /dispatches', { query: { limit: 9_999 } }).catch((error: unknown) => error);
  assert.ok(refused instanceof CressetError);
  assert.equal(refused.status, 400);
  assert.match(String(refused.errors[0]), /^limit: /);
  assert.match(refused.requestId ?? '', /^[0-9a-f-]{36}$/);
  const stranger = createClient({ url: app.url, key: 'nobody' });
  await assert.rejects(stranger.call('GET /status'), { name: 'CressetError', status: 401 });
});

test('a name in a path cannot lead to another endpoint', async (t) => {
  const { client, requests } = await givenServer(t, (response) => answerJson(response, 200, { messages: [] }));
  await client.call('GET /users/{external_id}/messages', { path: { external_id: '../a/b?c#d' } });
  assert.equal(requests[0]?.url, '/users/..%2Fa%2Fb%3Fc%23d/messages');
  await assert.rejects(
    client.call('GET /users/{external_id}/messages', { path: { external_id: '..' } }),
    /path.external_id/,
  );
});

test('a server that does not answer in time is given up, and said to be', async (t) => {
  const { client, requests } = await givenServer(t, () => undefined, { timeoutMs: 300 });
  const late = { name: 'NoAnswerError', reason: 'timeout' };
  await assert.rejects(client.call('POST /users/track', { body: { attributes: [] } }), late);
  assert.ok(requests.length <= 1, 'it may have been carried out, so it is not repeated');
});

test('a send is repeated with its key, and what has no key is not', async (t) => {
  const { client, requests } = await givenServer(t, (response, count) =>
    count === 2 ? answerJson(response, 201, { message: 'success' }) : response.destroy(),
  );
  await client.call('POST /messages/send', { body: toAda });
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  assert.equal(keys.length, 2);
  assert.ok(keys[0]);
  assert.equal(keys[0], keys[1]);
  await assert.rejects(client.call('POST /users/track', { body: {} }), { reason: 'connection' });
  assert.equal(requests.length, 3);
  assert.equal(requests[2]?.headers['idempotency-key'], undefined);
});

test('a server without idempotency keys gets none, and a send that broke off is not repeated', async (t) => {
  const { client, requests } = await givenServer(t, (response) => response.destroy(), { knowsIdempotencyKeys: false });
  await assert.rejects(client.call('POST /messages/send', { body: toAda }), NoAnswerError);
  assert.deepEqual(
    requests.map(({ headers }) => headers['idempotency-key']),
    [undefined],
  );
});

test('what was over the rate is repeated when the server says, unless that is too long', async (t) => {
  const over = { message: 'too many' };
  const { client, requests } = await givenServer(t, (response, count) => {
    if (count === 2) answerJson(response, 201, { message: 'success' });
    else answerJson(response, 429, over, { 'retry-after': count === 1 ? '0' : '3600' });
  });
  await client.call('POST /users/track', { body: {} });
  assert.equal(requests.length, 2);
  await assert.rejects(client.call('POST /users/track', { body: {} }), { status: 429, retryAfterMs: 3_600_000 });
  assert.equal(requests.length, 3);
});

test('an answer that is too large or no JSON is refused, and a redirect is not followed', async (t) => {
  const page = (text: string) => (response: ServerResponse) => response.end(text);
  const large = await givenServer(t, page('"'.padEnd(5_000, 'x')), { mostAnswerBytes: 1_000, retries: 0 });
  await assert.rejects(large.client.call('GET /status'), { reason: 'too_large' });
  const html = await givenServer(t, page('<html>'), { retries: 0 });
  await assert.rejects(html.client.call('GET /status'), { reason: 'unreadable' });
  const away = await givenServer(t, (response) => response.writeHead(302, { location: '/elsewhere' }).end(), {
    retries: 0,
  });
  await assert.rejects(away.client.call('GET /status'), { reason: 'connection' });
  assert.equal(away.requests.length, 1);
});

test('an address that cannot be one is refused at once', () => {
  for (const url of ['cresset', 'ftp://a.example', 'https://me:pw@a.example', 'https://a.example?x=1'])
    assert.throws(() => createClient({ url, key: 'k' }), /^TypeError: url: /);
  assert.throws(() => createClient({ url: 'https://a.example', key: 'a\r\nb: c' }), /^TypeError: key: /);
});

test('the types are those of the document that a server shows', async (t) => {
  const app = await startTestApp(t);
  const { body } = await app.get('/openapi.json', { key: null });
  assert.equal(readFileSync('src/client/operations.ts', 'utf8'), clientOperations(body as Document));
});

test('the example of docs/client.md does what it says', async (t) => {
  const app = await startTestApp(t);
  const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync('docs/client.md', 'utf8')) ?? [];
  const file = join(temporaryFolder(t), 'example.mjs');
  writeFileSync(file, example.replace("'cresset/client'", `'${new URL('../src/client/client.ts', import.meta.url)}'`));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { URL: app.url, KEY: app.key } });
  assert.match(stdout, /^(accepted|sending|finished)\n400 .*limit: /s);
});

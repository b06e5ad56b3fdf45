// Requests of which the bytes cannot be read: not UTF-8, or packed. Nothing of them is stored, and the answer says what is wrong.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a14';
const WEB = `
apps:
  - id: ${APP}
    name: Acme Web
    platform: web
    content_cards: { keys: [{ algorithm: HS256, key: "${'c'.repeat(32)}" }] }`;

interface Sent {
  method?: string;
  headers?: Record<string, string>;
}

/** Sends the bytes, and the path, as they are. */
async function send(app: TestApp, path: string, bytes: Buffer, { method = 'POST', headers = {} }: Sent = {}) {
  const { hostname, port } = new URL(app.url);
  const answer = await new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (done, failed) => {
      const request = httpRequest(
        {
          hostname,
          port,
          path,
          method,
          headers: { authorization: `Bearer ${app.key}`, 'content-length': bytes.length, ...headers },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }));
        },
      );
      request.on('error', failed);
      request.end(bytes.length === 0 ? undefined : bytes);
    },
  );
  return { ...answer, body: JSON.parse(answer.text) as { message: string; errors?: string[]; error?: string } };
}

const latin = (text: string) => Buffer.from(text, 'latin1');
const nothing = Buffer.alloc(0);

test('a JSON body that is not UTF-8 is a 400 with its place, on every kind of route, and nothing is stored', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(WEB);
  const track = latin('{"attributes":[{"external_id":"lat",\n"first_name":"J\xfcrgen"}]}');
  const hello = latin(
    '{"external_user_ids":["lat"],"messages":{"webhook":{"url":"https://x.test","body":"Gr\xfc\xdfe"}}}',
  );
  const table: [path: string, body: Buffer, place: string, method?: string][] = [
    ['/users/track', track, 'line 2, byte 16'],
    ['/users/track/bulk', track, 'line 2, byte 16'],
    ['/messages/send', hello, 'line 1, byte 86'],
    ['/campaigns/trigger/send', latin('{"campaign_id":"\xff"}'), 'line 1, byte 17'],
    ['/messages/preview', hello, 'line 1, byte 86'],
    ['/templates/email/create', latin('{"template_name":"\xe9"}'), 'line 1, byte 19'],
    ['/catalogs/shop/items/a', latin('{"items":[{"name":"\xe9"}]}'), 'line 1, byte 20', 'PUT'],
    ['/catalogs/shop/items', latin('{"items":[{"id":"\xe9"}]}'), 'line 1, byte 18', 'DELETE'],
    ['/media_library/create', latin('{"name":"\xe9"}'), 'line 1, byte 10'],
    ['/feed/v1/content_cards/events', latin('{"events":"\xe9"}'), 'line 1, byte 12'],
    ['/sdk/web-push/subscriptions', latin('{"app_id":"\xe9"}'), 'line 1, byte 12'],
  ];
  for (const [path, body, place, method] of table) {
    const answer = await send(app, path, body, { ...(method && { method }) });
    const problem = `body: expected UTF-8, got something else at ${place}`;
    assert.deepEqual([answer.status, answer.body.message, answer.body.errors], [400, 'Bad Request', [problem]], path);
    assert.match(answer.body.error ?? '', /^Error while parsing request body/);
  }
  const stored = await app.db.one(sql`
    select (select count(*) from profiles) as people, (select count(*) from dispatches) as dispatches`);
  assert.deepEqual(stored, { people: 0, dispatches: 0 });

  const umlauts = Buffer.from('{"attributes":[{"external_id":"utf","first_name":"Jürgen \ufffd"}]}');
  assert.equal((await send(app, '/users/track', umlauts)).status, 201);
  const { first_name } = await app.db.one<{ first_name: string }>(sql`select first_name from profiles`);
  assert.equal(first_name, 'Jürgen \ufffd');
});

test('texts of a form that are not UTF-8 are a 400', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace('media_library: { storage_bytes: 1000000 }');
  const dot = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  const form = (name: string, fileName: string) =>
    Buffer.concat([
      latin(`--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n${name}\r\n`),
      latin(`--b\r\nContent-Disposition: form-data; name="asset_file"; filename="${fileName}"\r\n\r\n`),
      ...[dot, latin('\r\n--b--\r\n')],
    ]);
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const table: [Buffer, string][] = [
    [form('Gr\xfc\xdfe', 'dot.gif'), 'name: expected UTF-8, got something else at line 1, byte 3'],
    [
      form('Greetings', 'Gr\xfc\xdfe.gif'),
      'body: expected multipart/form-data of at most 20 well-formed parts, with headers in UTF-8',
    ],
  ];
  for (const [body, problem] of table) {
    const answer = await send(app, '/media_library/create', body, { headers });
    assert.deepEqual([answer.status, answer.body.errors], [400, [problem]]);
  }
  assert.equal((await send(app, '/media_library/create', form('Greetings', 'dot.gif'), { headers })).status, 200);
});

test('a path or query that is not UTF-8 is a 400 that says so', async (t) => {
  const app = await startTestApp(t);
  const table: [string, string][] = [
    ['/users/%ff/messages', 'path: expected percent-encoded UTF-8'],
    ['/users/messages?external_id=J%fcrgen', 'query: expected percent-encoded UTF-8, got %fc'],
    ['/email/unsubscribes?email=%E2%82', 'query: expected percent-encoded UTF-8, got %E2%82'],
  ];
  for (const [path, problem] of table) {
    const answer = await send(app, path, nothing, { method: 'GET' });
    assert.deepEqual([answer.status, answer.body.message, answer.body.errors], [400, 'Bad Request', [problem]], path);
  }
  for (const name of ['100%', '%E2%82%AC', '%EF%BF%BD', '50%25']) {
    const answer = await send(app, `/users/messages?external_id=${name}`, nothing, { method: 'GET' });
    assert.deepEqual(
      [answer.status, answer.body.errors],
      [404, ['external_id: nobody of this workspace has it']],
      name,
    );
  }
  const typeless = await send(app, '/users/track', latin('{}'), { headers: { 'content-type': 'json' } });
  assert.equal(typeless.status, 400);
  assert.ok((typeless.body.errors ?? []).length > 0, typeless.text);
});

test('a packed body is a 415 that names the encodings an endpoint takes, and is not read', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(WEB);
  const body = gzipSync('{"attributes":[{"external_id":"zip"}]}');
  const none = (encoding: string) => `Content-Encoding: expected none; send the body as it is, got "${encoding}"`;
  const table: [path: string, encoding: string, problem: string, takes: string, type?: string][] = [
    ['/users/track', 'gzip', none('gzip'), 'identity'],
    ['/messages/send', 'GZIP', none('gzip'), 'identity'],
    ['/messages/send', 'br', none('br'), 'identity'],
    ['/media_library/create', 'deflate', none('deflate'), 'identity', 'multipart/form-data; boundary=b'],
    ['/sdk/web-push/subscriptions', 'gzip', none('gzip'), 'identity'],
    ['/dispatches', 'br', 'Content-Encoding: expected gzip or none, got "br"', 'gzip', 'application/x-ndjson'],
  ];
  for (const [path, encoding, problem, takes, type = 'application/json'] of table) {
    const answer = await send(app, path, body, { headers: { 'content-encoding': encoding, 'content-type': type } });
    assert.deepEqual(
      [answer.status, answer.body.message, answer.body.errors],
      [415, 'Unsupported Media Type', [problem]],
    );
    assert.equal(answer.headers['accept-encoding'], takes, path);
  }
  const { people } = await app.db.one<{ people: number }>(sql`select count(*) as people from profiles`);
  assert.equal(people, 0);
  const plain = await send(app, '/users/track', latin('{"attributes":[{"external_id":"plain"}]}'), {
    headers: { 'content-encoding': 'identity' },
  });
  assert.equal(plain.status, 201);
  const stranger = await send(app, '/users/track', body, {
    headers: { 'content-encoding': 'gzip', authorization: 'Bearer nobody' },
  });
  assert.equal(stranger.status, 401);
});

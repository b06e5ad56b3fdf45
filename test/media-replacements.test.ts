// A file of the media library gets other bytes, under the same address. Source: more-endpoints.md §10.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { startFileServer } from './support/media.ts';
import { zipOf } from './support/zip.ts';

const PATH = '/media_library/replace_file';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const dot = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const other = Buffer.concat([dot, Buffer.alloc(58, 1)]);
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 1)]);
const jpeg = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(20)]);
const ole = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(20)]);
const text = (bytes: Buffer) => bytes.toString('base64');

interface Asset {
  asset_id: string;
  url: string;
  name: string;
}

async function created(app: TestApp, name: string, bytes: Buffer): Promise<Asset> {
  const { body } = await app.post('/media_library/create', { name, asset_file: text(bytes) });
  return body.new_assets[0];
}

const replace = (app: TestApp, body: object) => app.call('PUT', PATH, body);

async function upload(app: TestApp, id: string, bytes: Buffer, fileName: string) {
  const form = new FormData();
  form.append('asset_id', id);
  form.append('asset_file', new Blob([new Uint8Array(bytes)]), fileName);
  const headers = { authorization: `Bearer ${app.key}` };
  const response = await fetch(app.url + PATH, { method: 'PUT', headers, body: form });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a replaced file keeps its address and its name, and everybody gets the new bytes within moments', async (t) => {
  const host = await startFileServer(t, { '/new.gif': dot });
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`email: { attachments: { allow: ["${host}"] } }`);
  const another = await app.startAnotherServer();
  const asset = await created(app, 'Banner', dot);
  const path = new URL(asset.url).pathname;
  const read = async (server: string, headers = {}) => {
    const answer = await fetch(server + path, { headers });
    return { status: answer.status, etag: answer.headers.get('etag'), bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const first = await read(another);
  assert.deepEqual([first.status, first.bytes], [200, dot]);

  const { status, body } = await replace(app, { asset_id: asset.asset_id, asset_file: text(other) });
  const info = 'Asset file updated successfully.';
  const new_image_asset = { ...asset, size: other.length };
  assert.deepEqual([status, body], [200, { info, new_image_asset, message: 'success' }]);
  app.clock.advance(5_000);
  for (const server of [app.url, another]) assert.deepEqual((await read(server)).bytes, other);
  const again = await read(another, { 'if-none-match': first.etag ?? '' });
  assert.deepEqual([again.status, again.bytes], [200, other], 'who has the old one gets the new one');
  assert.equal((await read(another, { 'if-none-match': again.etag ?? '' })).status, 304);
  const listed = async () => {
    const { body } = await app.get('/media_library/list');
    return [body.total_count, body.total_size, body.assets[0].size, body.assets[0].name];
  };
  assert.deepEqual(await listed(), [1, other.length, other.length, 'Banner']);

  const form = await upload(app, asset.asset_id, png, 'x.gif');
  assert.deepEqual([form.status, form.body.error_code], [400, 'EXTENSION_MISMATCH'], 'the bytes say what it is');
  const small = await upload(app, asset.asset_id.toUpperCase(), dot, 'whatever.png');
  assert.equal(small.status, 200, JSON.stringify(small.body));
  assert.deepEqual(await listed(), [1, dot.length, dot.length, 'Banner']);
  await replace(app, { asset_id: asset.asset_id, asset_file: text(other) });
  const fetched = await replace(app, { asset_id: asset.asset_id, asset_url: `http://${host}/new.gif` });
  assert.equal(fetched.body.new_image_asset.size, dot.length, JSON.stringify(fetched.body));

  const picture = await created(app, 'a.jpeg', jpeg);
  assert.equal((await upload(app, picture.asset_id, Buffer.concat([jpeg, jpeg]), 'b.jpg')).status, 200);
  const table = await created(app, 'a.xls', ole);
  assert.equal((await upload(app, table.asset_id, ole, 'b.final')).status, 200);
  assert.deepEqual((await upload(app, table.asset_id, ole, 'b.ppt')).body.meta, {
    ...{ expected_extension: 'xls', received_extension: 'ppt' },
  });
  const replacements = await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      replace(app, { asset_id: asset.asset_id, asset_file: text(at % 2 ? dot : other) }),
    ),
  );
  assert.deepEqual([...new Set(replacements.map((one) => one.status))], [200]);
  const [, total] = await listed();
  const { body: all } = await app.get('/media_library/list');
  assert.equal(
    total,
    all.assets.reduce((sum: number, { size }: { size: number }) => sum + size, 0),
  );
});

test('a replacement that is not possible is refused in the form of the original, and the file stays', async (t) => {
  const host = await startFileServer(t, {});
  const app = await startTestApp(t, { worker: false });
  const allow = `email: { attachments: { allow: ["${host}"] } }`;
  await app.givenWorkspace(`{ ${allow}, media_library: { storage_bytes: 200 } }`);
  const { asset_id, url } = await created(app, 'a.gif', dot);
  const asset_file = text(dot);
  const rows: [body: object, status: number, said: string, meta?: object][] = [
    [{ asset_file }, 400, 'asset_id is required.'],
    [{ asset_id: '', asset_file }, 400, 'asset_id is required.'],
    [{ asset_id: {}, asset_file }, 400, 'Bad Request'],
    [{ asset_id }, 400, 'Either file or asset_url is required.'],
    [
      { asset_id, asset_file, asset_url: 'https://x.test/a.gif' },
      400,
      'Both asset_url and asset_file cannot be provided. Please provide only one.',
    ],
    [{ asset_id: UNKNOWN, asset_file }, 404, 'ASSET_NOT_FOUND', { asset_id: UNKNOWN }],
    [{ asset_id: "x'; --", asset_file }, 404, 'ASSET_NOT_FOUND', { asset_id: "x'; --" }],
    [
      { asset_id, asset_file: text(png) },
      400,
      'EXTENSION_MISMATCH',
      { expected_extension: 'gif', received_extension: 'png' },
    ],
    [
      { asset_id, asset_file: text(await zipOf(['a.gif', dot])) },
      400,
      'EXTENSION_MISMATCH',
      { expected_extension: 'gif', received_extension: 'zip' },
    ],
    [{ asset_id, asset_file: text(Buffer.from('<html>')) }, 400, 'CORRUPT_FILE', { file_name: 'file' }],
    [
      { asset_id, asset_file: text(Buffer.concat([dot, Buffer.alloc(5_242_880)])) },
      400,
      'ASSET_SIZE_EXCEEDS_LIMIT',
      { size_limit_bytes: 5_242_880, file_size_bytes: 5_242_880 + dot.length },
    ],
    [
      { asset_id, asset_url: 'http://127.0.0.1:1/a.gif' },
      400,
      'INVALID_ASSET_URL',
      { asset_url: 'http://127.0.0.1:1/a.gif' },
    ],
    [{ asset_id, asset_url: `http://${host}/gone` }, 400, 'INVALID_ASSET_URL', { asset_url: `http://${host}/gone` }],
    [
      { asset_id, asset_file: text(Buffer.concat([dot, Buffer.alloc(200)])) },
      400,
      'MEDIA_LIBRARY_LIMIT_REACHED',
      { limit: 200 },
    ],
  ];
  for (const [given, status, said, meta] of rows) {
    const answer = await replace(app, given);
    const note = `${JSON.stringify(given).slice(0, 100)}: ${JSON.stringify(answer.body)}`;
    assert.deepEqual(
      [answer.status, answer.body.error_code ?? answer.body.message, answer.body.meta],
      [status, said, meta],
      note,
    );
  }
  const served = await fetch(app.url + new URL(url).pathname);
  assert.deepEqual(Buffer.from(await served.arrayBuffer()), dot);
  const stranger = await app.givenKey({ permissions: ['media_library.create'] });
  assert.equal((await app.call('PUT', PATH, { asset_id, asset_file }, { key: stranger })).status, 403);
});

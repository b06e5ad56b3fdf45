// Zips for the media library: their files are stored, whatever an archive says of itself. Source: more-endpoints.md §10.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { startFileServer } from './support/media.ts';
import { directoryOf, renamed, zipOf } from './support/zip.ts';

const MB = 1_048_576;
const dot = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 1)]);
/** A picture that packs well. */
const gif = (bytes: number) => Buffer.concat([dot.subarray(0, 6), Buffer.alloc(bytes - 6)]);

type Body = Record<string, unknown> & { new_assets: { name: string; ext: string; url: string; size: number }[] };

/** An archive comes in a form, as public clients send it. */
async function upload(app: TestApp, zip: Buffer, name?: string): Promise<{ status: number; body: Body }> {
  const form = new FormData();
  form.append('asset_file', new Blob([new Uint8Array(zip)]), 'pictures.zip');
  if (name !== undefined) form.append('name', name);
  const headers = { authorization: `Bearer ${app.key}` };
  const response = await fetch(`${app.url}/media_library/create`, { method: 'POST', headers, body: form });
  return { status: response.status, body: (await response.json()) as Body };
}

async function totals(app: TestApp): Promise<[files: number, bytes: number]> {
  const { body } = await app.get('/media_library/list');
  return [body.total_count, body.total_size];
}

test('each file of a zip is stored, and those that the library does not take are named', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const document = await zipOf(['[Content_Types].xml', 'x'], ['xl/workbook.xml', 'x']);
  const zip = await zipOf(
    ['one.gif', dot],
    ['__MACOSX/._one.gif', 'x'],
    ['notes.txt', 'hello'],
    ['two.gif', png],
    ['sheet.xlsx', document],
    ['inner.zip', await zipOf(['one.gif', dot])],
    ['large.gif', gif(5 * MB + 1)],
    ['most.gif', gif(5 * MB)],
    ['link.svg', '<svg/>', 0o120777],
  );
  const { status, body } = await upload(app, zip);
  assert.equal(status, 200, JSON.stringify(body));
  const shown = (assets: Body['new_assets']) => assets.map(({ name, ext, size }) => [name, ext, size]);
  assert.deepEqual(shown(body.new_assets), [
    ['one.gif', 'gif', dot.length],
    ['two.gif', 'png', png.length],
    ['sheet.xlsx', 'xlsx', document.length],
    ['most.gif', 'gif', 5 * MB],
  ]);
  const [notes, inner, large, link, ...more] = body.errors as Record<string, unknown>[];
  assert.deepEqual(notes, { name: 'notes.txt', size: 5, ext: 'txt', error: 'UNSUPPORTED_FILE_TYPE' });
  assert.deepEqual([inner?.name, inner?.error], ['inner.zip', 'UNSUPPORTED_FILE_TYPE']);
  assert.deepEqual([large?.name, large?.ext, large?.error], ['large.gif', 'gif', 'ASSET_SIZE_EXCEEDS_LIMIT']);
  assert.ok(Number(large?.size) > 5 * MB && Number(large?.size) < 6 * MB, 'no more is read of it');
  assert.deepEqual([link?.name, link?.error, more], ['link.svg', 'UNSUPPORTED_FILE_TYPE', []]);
  const second = await fetch(app.url + new URL(body.new_assets[1]?.url ?? '').pathname);
  assert.deepEqual(Buffer.from(await second.arrayBuffer()), png);
  assert.deepEqual(await totals(app), [4, dot.length + png.length + document.length + 5 * MB]);

  const numbered = await upload(app, await zipOf(['b.gif', dot], ['a.txt', 'x'], ['c.png', png]), 'My File');
  assert.deepEqual(
    numbered.body.new_assets.map(({ name }) => name),
    ['My File 1', 'My File 2'],
  );
  const json = await app.post('/media_library/create', {
    asset_file: (await zipOf(['a.gif', dot], ['e\u0301.gif', dot])).toString('base64'),
    name: 'x.zip',
  });
  assert.deepEqual(
    json.body.new_assets.map(({ name }: { name: string }) => name),
    ['x.zip 1', 'x.zip 2'],
  );
});

test('a zip from an address may be larger than a file', async (t) => {
  const noise = Buffer.from(Array.from({ length: 3 * MB }, (_, at) => (at * at * 31) >>> 5));
  const zip = await zipOf(['a.gif', Buffer.concat([dot, noise])], ['b.gif', Buffer.concat([dot, noise, dot])]);
  const host = await startFileServer(t, { '/all.ZIP': Buffer.concat([zip, Buffer.alloc(0)]), '/all': gif(5 * MB + 1) });
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`email: { attachments: { allow: ["${host}"] } }`);
  const found = await app.post('/media_library/create', { asset_url: `http://${host}/all.ZIP` });
  assert.deepEqual(
    found.body.new_assets?.map(({ name }: { name: string }) => name),
    ['a.gif', 'b.gif'],
    JSON.stringify(found.body),
  );
  const other = await app.post('/media_library/create', { asset_url: `http://${host}/all` });
  assert.equal(other.body.error_code, 'ASSET_SIZE_EXCEEDS_LIMIT');
});

test('an archive that lies, leads elsewhere or unpacks to too much is refused whole, and nothing of it stays', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const good = await zipOf(['a.gif', dot], ['bbbb.gif', png]);
  /** Changes the first entry of the directory. */
  const lying = (change: (zip: Buffer, at: number) => void) => {
    const zip = Buffer.from(good);
    change(zip, directoryOf(zip));
    return zip;
  };
  const bomb = await zipOf(...Array.from({ length: 11 }, (_, at): [string, Buffer] => [`${at}.gif`, gif(5 * MB)]));
  assert.ok(bomb.length < MB / 8);
  const mixed = await zipOf(
    ...Array.from({ length: 5 }, (_, at): [string, Buffer] => [`${at}.gif`, gif(5 * MB)]),
    ...Array.from({ length: 6 }, (_, at): [string, Buffer] => [`${at}.txt`, Buffer.alloc(20 * MB)]),
  );
  const many = await zipOf(...Array.from({ length: 1_001 }, (_, at): [string, Buffer] => [`${at}.gif`, dot]));
  const broken = 'ZIP_UPLOAD_ERROR';
  const folder = 'ZIPPED_ENTITY_CANNOT_HAVE_NESTED_DIRECTORY';
  const rows: [what: string, zip: Buffer, code: string, words: RegExp][] = [
    ['a bomb', bomb, 'ZIP_FILE_TOO_LARGE', /more than 52428800 bytes/],
    ['a bomb of files that are left out', mixed, 'ZIP_FILE_TOO_LARGE', /more than 52428800 bytes/],
    ['too many files', many, broken, /more than 1000 files/],
    ['a folder', await zipOf(['a/', ''], ['b.gif', dot]), folder, /folder: a\//],
    ['a file in a folder', await zipOf(['b.gif', dot], ['a/b.gif', dot]), folder, /a\/b.gif/],
    ['a way out', renamed(good, 'bbbb.gif', '../b.gif'), folder, /\.\.\/b/],
    ['a way out of another system', renamed(good, 'bbbb.gif', '..\\b.gif'), folder, /\.\.\/b/],
    ['an absolute path', renamed(good, 'bbbb.gif', '/etc/xyz'), folder, /etc/],
    ['no name', renamed(good, 'bbbb.gif', '        '), 'ZIPPED_ENTITY_HAS_NO_NAME', /no name/],
    ['no files', await zipOf(), broken, /has no files/],
    ['cut off', good.subarray(0, good.length - 30), broken, /not found/],
    ['another sum', lying((zip, at) => zip.writeUInt32LE(1, at + 16)), broken, /damaged/],
    ['fewer bytes', lying((zip, at) => zip.writeUInt32LE(dot.length - 1, at + 24)), broken, /bytes/],
    ['more bytes', lying((zip, at) => zip.writeUInt32LE(dot.length + 1, at + 24)), broken, /bytes/],
    ['a place beyond the end', lying((zip, at) => zip.writeUInt32LE(99_999, at + 42)), broken, /./],
    ['an encrypted file', lying((zip, at) => zip.writeUInt16LE(1, at + 8)), broken, /encrypted/],
    ['strong encryption', lying((zip, at) => zip.writeUInt16LE(0x41, at + 8)), broken, /encryption/],
    ['an unknown method', lying((zip, at) => zip.writeUInt16LE(99, at + 10)), broken, /compression method/],
  ];
  for (const [what, zip, code, words] of rows) {
    const { status, body } = await upload(app, zip);
    assert.deepEqual([status, body.error_code], [400, code], `${what}: ${JSON.stringify(body)}`);
    assert.match(`${body.message} ${JSON.stringify(body.meta)}`, words, what);
    assert.deepEqual(await totals(app), [0, 0], what);
  }
  const tooLarge = await upload(app, bomb);
  assert.deepEqual(tooLarge.body.meta, { zip_file_name: 'pictures.zip', zip_file_size: bomb.length });
  await app.givenWorkspace(`media_library: { storage_bytes: ${dot.length} }`);
  assert.equal((await upload(app, good)).body.error_code, 'MEDIA_LIBRARY_LIMIT_REACHED');
  assert.deepEqual(await totals(app), [0, 0]);
});

test('whatever bytes an archive has, the answer is no 5xx', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace('rate_limits: { media_library_create: 100000 }');
  const good = await zipOf(['a.gif', dot], ['b.png', png], ['c.txt', 'x']);
  let seed = 20261130;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const statuses = new Map<number, number>();
  for (let turn = 0; turn < 300; turn += 1) {
    const zip = Buffer.from(good);
    for (let changes = 0; changes <= next(4); changes += 1) zip[4 + next(zip.length - 4)] = next(256);
    const { status } = await upload(app, zip);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  assert.deepEqual([...statuses.keys()].sort(), [200, 400]);
});

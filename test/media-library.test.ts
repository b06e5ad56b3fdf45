// The media library: files that messages show, stored from a body or an address, and served to everybody.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { zipOf } from './support/zip.ts';

const dot = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 1)]);
const svg = Buffer.from(
  '<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
);
const docx = await zipOf(['[Content_Types].xml', 'x'], ['word/document.xml', 'x']);

/** Answers with files by path. */
async function startFiles(t: TestContext): Promise<string> {
  const server = createServer(({ url }, response) => {
    if (url === '/a/logo%20big.png?x=1') response.end(png);
    else if (url === '/large') response.end(Buffer.alloc(5_242_881, 1));
    else if (url === '/inside') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function upload(app: TestApp, form: FormData, key = app.key) {
  const response = await fetch(`${app.url}/media_library/create`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${key}` }, body: form },
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

function formOf(fields: Record<string, string | Blob>, fileName = 'dot.gif'): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, fileName);
  }
  return form;
}

const fileOf = (bytes: Buffer) => new Blob([new Uint8Array(bytes)]);

// Row 4 of the traps of the product.
test('a file is stored from a form, from JSON or from an address, and everybody finds it', async (t) => {
  const host = await startFiles(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`email: { attachments: { allow: ["${host}"] } }`);
  const create = (body: object) => app.post('/media_library/create', body);
  const stored: [
    what: string,
    answer: { status: number; body: Record<string, never> },
    name: string,
    ext: string,
    size: number,
  ][] = [
    ['form', await upload(app, formOf({ asset_file: fileOf(dot) })), 'dot.gif', 'gif', dot.length],
    [
      'path',
      await upload(app, formOf({ asset_file: fileOf(dot), name: 'A dot' }, 'C:\\x\\dot.png')),
      'A dot',
      'gif',
      dot.length,
    ],
    ['JSON', await create({ asset_file: svg.toString('base64'), name: 'Logo' }), 'Logo', 'svg', svg.length],
    ['docx', await create({ asset_file: docx.toString('base64'), name: 'a.zip' }), 'a.zip', 'docx', docx.length],
    ['address', await create({ asset_url: `http://${host}/a/logo%20big.png?x=1` }), 'logo big.png', 'png', png.length],
    [
      'empty',
      await create({ asset_url: `http://${host}/a/logo%20big.png?x=1`, asset_file: '', name: '' }),
      'logo big.png',
      'png',
      png.length,
    ],
  ];
  for (const [what, { status, body }, name, ext, size] of stored) {
    const [asset] = (body as Record<string, unknown>).new_assets as Record<string, string>[];
    const url = asset?.url ?? '';
    assert.deepEqual(
      [what, status, asset],
      [what, 200, { name, size, url, ext, asset_id: url.slice(26, -ext.length - 1) }],
    );
    assert.match(url, /^http:\/\/cresset\.test\/media\/[0-9a-f-]{36}\.[a-z]+$/);
  }
  const assets = stored.map(
    ([, { body }]) => ((body as Record<string, unknown>).new_assets as Record<string, string>[])[0],
  );
  const get = (at: number, headers = {}) => fetch(app.url + new URL(assets[at]?.url ?? '').pathname, { headers });
  const served: [at: number, bytes: Buffer, type: string, disposition: string | null][] = [
    [0, dot, 'image/gif', null],
    [2, svg, 'image/svg+xml', 'attachment'],
    [3, docx, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'attachment'],
    [4, png, 'image/png', null],
  ];
  for (const [at, bytes, type, disposition] of served) {
    const answer = await get(at);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes, type);
    const header = (name: string) => answer.headers.get(name);
    assert.deepEqual(
      [answer.status, header('content-type'), header('content-disposition'), header('x-content-type-options')],
      [200, type, disposition, 'nosniff'],
    );
    assert.equal(header('cache-control'), 'public, max-age=300');
    assert.equal(header('content-security-policy'), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    const again = await get(at, { 'if-none-match': header('etag') });
    assert.deepEqual([again.status, await again.text()], [304, '']);
  }
  const path = new URL(assets[0]?.url ?? '').pathname;
  for (const unknown of [
    path.replace('.gif', '.svg'),
    path.replace('.gif', ''),
    '/media/x.gif',
    path.replace(/[0-9a-f]{12}\./, 'aaaaaaaaaaaa.'),
  ])
    assert.equal((await app.get(unknown, { key: null })).status, 404, unknown);
  const list = await app.get('/media_library/list?page=0');
  assert.deepEqual(
    [list.body.total_count, list.body.total_size],
    [6, 2 * dot.length + svg.length + docx.length + 2 * png.length],
  );
  assert.deepEqual(
    list.body.assets.map(({ asset_id }: Record<string, string>) => asset_id).sort(),
    assets.map((asset) => asset?.asset_id).sort(),
  );
  assert.equal((await app.get('/media_library/list?page=1')).body.assets.length, 0);
});

test('what is no file, too large, of another type, inside the network or beyond the room is refused in the form of the original', async (t) => {
  const host = await startFiles(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`{ email: { attachments: { allow: ["${host}"] } }, media_library: { storage_bytes: 100 } }`);
  const text = (bytes: Buffer) => bytes.toString('base64');
  const rows: [body: object, message: string | RegExp, code: string | undefined, meta?: object][] = [
    [{}, 'Either asset_url or asset_file must be provided.', undefined],
    [{ asset_url: '', asset_file: null }, 'Either asset_url or asset_file must be provided.', undefined],
    [
      { asset_url: 'https://x.test/a.png', asset_file: text(dot) },
      'Both asset_url and asset_file cannot be provided. Please provide only one.',
      undefined,
    ],
    [{ asset_file: '{binary}' }, 'Bad Request', undefined],
    [{ asset_file: text(dot), name: ' ' }, 'Bad Request', undefined],
    [{ asset_file: text(dot), name: 'x'.repeat(256) }, 'Bad Request', undefined],
    [{ asset_file: {} }, 'Bad Request', undefined],
    [
      { asset_file: text(Buffer.from('<html><svg>')), name: 'a.png' },
      /no file of a type/,
      'UNSUPPORTED_FILE_TYPE',
      { file_type: 'png' },
    ],
    [
      { asset_file: text(Buffer.from('504b0304', 'hex')), name: 'a.zip' },
      /archive cannot be read/,
      'ZIP_UPLOAD_ERROR',
      {
        original_error:
          'End of central directory record signature not found. Either not a zip file, or file is truncated.',
      },
    ],
    [
      { asset_file: text(Buffer.alloc(5_242_881)) },
      /at most 5242880 bytes/,
      'ASSET_SIZE_EXCEEDS_LIMIT',
      { size_limit_bytes: 5_242_880, file_size_bytes: 5_242_881 },
    ],
    [
      { asset_url: `http://${host}/large` },
      /at most 5242880 bytes/,
      'ASSET_SIZE_EXCEEDS_LIMIT',
      { size_limit_bytes: 5_242_880 },
    ],
    [
      { asset_url: `http://${host}/gone` },
      /^the file from .* was answered 404$/,
      'ASSET_UPLOAD_FAILED',
      { asset_url: `http://${host}/gone` },
    ],
    [
      { asset_url: `http://${host}/inside` },
      /may not be called/,
      'INVALID_ASSET_URL',
      { asset_url: `http://${host}/inside` },
    ],
    [
      { asset_url: 'http://127.0.0.1:1/a.png' },
      /may not be called/,
      'INVALID_ASSET_URL',
      { asset_url: 'http://127.0.0.1:1/a.png' },
    ],
    [
      { asset_url: 'file:///etc/passwd' },
      /may not be called/,
      'INVALID_ASSET_URL',
      { asset_url: 'file:///etc/passwd' },
    ],
    [{ asset_file: text(png) }, 'The media library is full.', 'MEDIA_LIBRARY_LIMIT_REACHED', { limit: 100 }],
  ];
  for (const [given, message, code, meta] of rows) {
    const { status, body } = await app.post('/media_library/create', given);
    const said = `${JSON.stringify(given).slice(0, 80)}: ${JSON.stringify(body)}`;
    assert.deepEqual([status, body.error_code, body.meta], [400, code, meta], said);
    if (typeof message === 'string') assert.equal(body.message, message, said);
    else assert.match(body.message, message, said);
  }
  const forms: [what: string, type: string, body: string][] = [
    ['no end', 'multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="name"\r\n\r\nx'],
    ['no name', 'multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--'],
    ['no blank line', 'multipart/form-data; boundary=b', '--b\r\nx\r\n--b--'],
    [
      'another boundary',
      'multipart/form-data; boundary=c',
      '--b\r\ncontent-disposition: form-data; name="name"\r\n\r\nx\r\n--b--',
    ],
    ['nothing', 'multipart/form-data; boundary=b', ''],
    [
      'many',
      'multipart/form-data; boundary=b',
      `${'--b\r\ncontent-disposition: form-data; name=a\r\n\r\nx\r\n'.repeat(21)}--b--`,
    ],
    ['no boundary', 'multipart/form-data', '--b--'],
  ];
  for (const [what, type, body] of forms) {
    const answer = await app.post('/media_library/create', body, { headers: { 'content-type': type } });
    assert.equal(answer.status, 400, `${what}: ${JSON.stringify(answer.body)}`);
  }
  const quoted = '--b\r\nContent-Disposition: form-data; name="asset_file"; filename="a\\"b.gif"\r\n\r\n';
  const body = `${quoted}${dot.toString('latin1')}\r\n--b--\r\n`;
  const inForm = await fetch(`${app.url}/media_library/create`, {
    ...{ method: 'POST', body: Buffer.from(body, 'latin1') },
    headers: { authorization: `Bearer ${app.key}`, 'content-type': 'multipart/form-data; boundary="b"' },
  });
  const { new_assets: made } = (await inForm.json()) as { new_assets: { name: string }[] };
  assert.deepEqual(
    made.map(({ name }) => name),
    ['a"b.gif'],
  );
  await app.givenWorkspace('media_library: { storage_bytes: 0 }');
  const off = await app.post('/media_library/create', { asset_file: text(dot) });
  assert.deepEqual(
    [off.status, off.body],
    [403, { message: 'Media Library Public APIs are not enabled for this company.' }],
  );
  const noReplacing = await app.call('PUT', '/media_library/replace_file', { asset_id: 'x', asset_file: text(dot) });
  assert.equal(noReplacing.status, 403);
  const large = await app.post('/media_library/create', { asset_file: 'A'.repeat(8_388_600) });
  assert.equal(large.status, 413);
  const other = await app.givenKey({ permissions: ['media_library.list'] });
  assert.equal((await upload(app, formOf({ asset_file: fileOf(dot) }), other)).status, 403);
});

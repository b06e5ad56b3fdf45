// Exports of a segment: a request over HTTP, the file over HTTP, and the callback to a real server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import yauzl from 'yauzl';
import { createWatchers } from '../rig/watchers.ts';
import { sql } from '../src/db/sql.ts';
import { leaseExport, storeChunk } from '../src/exports/store.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const BLUE = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a18';
const segments = `
segments:
  - id: ${BLUE}
    name: Blue
    filter: { custom_attribute: { custom_attribute_name: eyes, comparison: equals, value: blue } }
  - { id: ${EVERYBODY}, name: Everybody, filter: null }
`;
const people = [
  { external_id: 'ada', first_name: 'Ada', email: 'ada@example.test', eyes: 'blue', shoes: 38 },
  { external_id: 'bob', first_name: 'Bob', eyes: 'brown' },
  { external_id: 'cid', first_name: 'Cid', eyes: 'blue', shoes: 44 },
];

async function start(t: TestContext, { allow, worker }: { allow?: string; worker?: boolean } = {}): Promise<TestApp> {
  const app = await startTestApp(t, worker === undefined ? {} : { worker });
  await app.givenWorkspace(`${allow === undefined ? '' : `webhook: { allow: ["${allow}"] }`}${segments}`);
  await app.post('/users/track', { attributes: people });
  return app;
}

/** A server of the caller, which is told when an export has ended. */
async function startListener(t: TestContext, firstStatus = 204) {
  const watchers = createWatchers();
  const bodies: unknown[] = [];
  let status = firstStatus;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    bodies.push([request.method, request.url, JSON.parse(text)]);
    response.writeHead(status).end();
    watchers.look();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    bodies,
    received: (count: number) => watchers.until(() => bodies.length >= count),
    answer: (next: number) => {
      status = next;
    },
  };
}

const order = (app: TestApp, body: object) => app.post('/users/export/segment', body);

/**
 * Fetches a file until it is ready. Each look asks the database, so that the export can proceed. `stepMs`: how far each
 * look moves the clock.
 */
async function fetched(app: TestApp, url: string, stepMs = 0): Promise<{ response: Response; bytes: Buffer }> {
  const path = new URL(url).pathname;
  for (let looks = 0; ; looks += 1) {
    assert.ok(looks < 20_000, 'it never came');
    const response = await fetch(app.url + path);
    const bytes = Buffer.from(await response.arrayBuffer());

    if (response.status !== 403) return { response, bytes };
    app.clock.advance(stepMs);
    await app.db.query(sql`select 1`);
  }
}

/** The files of a zip, as lists of people. */
async function unzipped(bytes: Buffer): Promise<{ name: string; people: Record<string, unknown>[] }[]> {
  const open = promisify(yauzl.fromBuffer) as (buffer: Buffer, options: yauzl.Options) => Promise<yauzl.ZipFile>;
  const zip = await open(bytes, { lazyEntries: true });
  const files: { name: string; people: Record<string, unknown>[] }[] = [];
  zip.on('entry', async (entry: yauzl.Entry) => {
    const stream = await promisify(zip.openReadStream.bind(zip))(entry);
    const chunks: Buffer[] = [];
    for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
    files.push({ name: entry.fileName, people: linesOf(Buffer.concat(chunks)) });
    zip.readEntry();
  });
  const ended = once(zip, 'end');
  zip.readEntry();
  await ended;
  return files;
}

function linesOf(bytes: Buffer): Record<string, unknown>[] {
  const text = bytes.toString('utf8');
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('a segment becomes a zip of its people, in the form of /users/export/ids, and a callback says where it is', async (t) => {
  const listener = await startListener(t);
  const app = await start(t, { allow: listener.host });
  const fields_to_export = ['external_id', 'first_name', 'email', 'custom_attributes', 'not a field'];
  const callback_endpoint = `http://${listener.host}/done`;
  const { status, body } = await order(app, { segment_id: BLUE, fields_to_export, callback_endpoint });
  assert.deepEqual([status, body.message, Object.keys(body)], [201, 'success', ['object_prefix', 'url', 'message']]);
  assert.match(body.object_prefix, /^[0-9a-f-]{36}-1773576000$/);
  const { response, bytes } = await fetched(app, body.url);
  assert.equal(response.headers.get('content-type'), 'application/zip');
  assert.equal(Number(response.headers.get('content-length')), bytes.length);
  const [file, ...others] = await unzipped(bytes);
  assert.deepEqual([file?.name, others], [`${body.object_prefix}-1.txt`, []]);
  const ids = await app.post('/users/export/ids', { external_ids: ['ada', 'cid'], fields_to_export });
  assert.deepEqual(file?.people, ids.body.users);
  await listener.received(1);
  assert.deepEqual(listener.bodies, [['POST', '/done', { success: true, url: body.url }]]);
});

test('a gzip holds one line for each person, and only the custom attributes that were asked for', async (t) => {
  const app = await start(t);
  const { body } = await order(app, {
    segment_id: EVERYBODY.toUpperCase(),
    fields_to_export: ['external_id'],
    custom_attributes_to_export: ['shoes'],
    output_format: 'gzip',
  });
  const { response, bytes } = await fetched(app, body.url);
  assert.equal(response.headers.get('content-type'), 'application/gzip');
  assert.deepEqual(linesOf(gunzipSync(bytes)), [
    { external_id: 'ada', custom_attributes: { shoes: 38 } },
    { external_id: 'bob' },
    { external_id: 'cid', custom_attributes: { shoes: 44 } },
  ]);
});

test('whoever asks for all custom attributes gets all, whichever are named beside', async (t) => {
  const app = await start(t);
  const { body } = await order(app, {
    ...{ segment_id: BLUE, fields_to_export: ['external_id', 'custom_attributes'], output_format: 'gzip' },
    custom_attributes_to_export: ['shoes'],
  });
  assert.deepEqual(linesOf(gunzipSync((await fetched(app, body.url)).bytes)), [
    { external_id: 'ada', custom_attributes: { eyes: 'blue', shoes: 38 } },
    { external_id: 'cid', custom_attributes: { eyes: 'blue', shoes: 44 } },
  ]);
});

test('a zip has 5,000 people in a file; an empty segment is a zip with an empty file', async (t) => {
  const app = await start(t);
  const empty = await order(app, { segment_id: BLUE, fields_to_export: ['external_id'] });
  await app.db.run(sql`update profiles set custom = '{}'`);
  await app.db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, 5000) as n)
    insert into profiles (bucket, user_id, workspace_id, external_id)
    select bucket_of(user_id), user_id, ${app.workspaceId}, 'p' || n from numbered`);
  await fetched(app, empty.body.url);
  const { body } = await order(app, { segment_id: EVERYBODY, fields_to_export: ['external_id'] });
  const files = await unzipped((await fetched(app, body.url)).bytes);
  assert.deepEqual(
    files.map((file) => file.people.length),
    [5_000, 3],
  );
  const exported = files.flatMap((file) => file.people.map(({ external_id }) => external_id));
  assert.equal(new Set(exported).size, 5_003);
  const again = await order(app, { segment_id: BLUE, fields_to_export: ['external_id'] });
  const [only, ...others] = await unzipped((await fetched(app, again.body.url)).bytes);
  assert.deepEqual([only?.people, others], [[], []]);
});

test('a segment is exported once at a time; a cancelled export has no file; after four hours there is none', async (t) => {
  const app = await start(t, { worker: false });
  const body = { segment_id: BLUE, fields_to_export: ['external_id'] };
  const first = await order(app, body);
  const path = new URL(first.body.url).pathname;
  const [waiting, second, other] = [
    await fetch(app.url + path),
    await order(app, body),
    await order(app, { ...body, segment_id: EVERYBODY }),
  ];
  assert.equal(waiting.status, 403);
  assert.deepEqual([second.status, second.body], [429, { message: 'An export of this segment is already running' }]);
  assert.equal(other.status, 201);
  await app.db.run(sql`update segment_exports set size_bytes = ${5 * 2 ** 30} where segment_id = ${EVERYBODY}`);
  await app.db.run(sql`update segment_exports set state = 'ready' where segment_id = ${EVERYBODY}`);
  const full = await order(app, { ...body, segment_id: EVERYBODY });
  assert.deepEqual([full.status, full.body], [429, { message: 'Too many exports are running' }]);
  await app.db.run(sql`update segment_exports set size_bytes = 1 where segment_id = ${EVERYBODY}`);
  assert.deepEqual((await app.post('/export/segment/cancel', { segment_id: BLUE })).body, { message: 'success' });
  assert.equal((await fetch(app.url + path)).status, 404);
  const third = await order(app, body);
  assert.equal(third.status, 201);
  await app.startAnotherWorker();
  assert.equal((await fetched(app, third.body.url, 5_000)).response.status, 200);
  app.clock.advance(4 * 3_600_000);
  assert.equal((await fetch(app.url + new URL(third.body.url).pathname)).status, 404);
});

test('an export whose server died is begun again by another, and the dead one writes nothing more', async (t) => {
  const app = await start(t, { worker: false });
  const { body } = await order(app, { segment_id: BLUE, fields_to_export: ['external_id'] });
  const dead = await leaseExport(app.db, app.clock.now());
  assert.ok(dead !== null);
  const chunk = { number: 0, bytes: Buffer.from('half a fi'), now: app.clock.now() };
  assert.equal(await storeChunk(app.db, dead, chunk), true);
  await app.startAnotherWorker();
  app.clock.advance(5_000);
  assert.equal((await fetch(app.url + new URL(body.url).pathname)).status, 403);
  const [file] = await unzipped((await fetched(app, body.url, 5_000)).bytes);
  assert.equal(file?.people.length, 2);
  assert.equal(await storeChunk(app.db, dead, { ...chunk, number: 1 }), false);
  const left = await app.db.one(sql`select count(*) as chunks from segment_export_chunks where try = ${dead.tries}`);
  assert.deepEqual(left, { chunks: 0 });
});

test('a callback that fails is tried again, and says when there is no file', async (t) => {
  const listener = await startListener(t, 503);
  const app = await start(t, { worker: false, allow: listener.host });
  const callback_endpoint = `http://${listener.host}/done`;
  await order(app, { segment_id: BLUE, fields_to_export: ['external_id'], callback_endpoint });
  await app.db.run(sql`delete from segments where id = ${BLUE}`);
  await app.refreshCatalog();
  await app.startAnotherWorker();
  app.clock.advance(5_000);
  await listener.received(1);
  const next = async () =>
    (await app.db.one<{ at: Date | null }>(sql`select callback_at as at from segment_exports`)).at;
  const again = app.clock.now().getTime() + 10_000;
  for (let looks = 0; (await next())?.getTime() !== again; looks += 1) assert.ok(looks < 5_000);
  listener.answer(204);
  for (let looks = 0; listener.bodies.length < 2; looks += 1) {
    assert.ok(looks < 5_000);
    app.clock.advance(5_000);
    await app.db.query(sql`select 1`);
  }
  assert.deepEqual(
    listener.bodies,
    [1, 2].map(() => ['POST', '/done', { success: false }]),
  );
  for (let looks = 0; (await next()) !== null; looks += 1) assert.ok(looks < 5_000);
});

test('a callback to an inner address that is not allowed is never made', async (t) => {
  const listener = await startListener(t);
  const app = await start(t);
  const body = { segment_id: BLUE, fields_to_export: ['external_id'] };
  const { body: answer } = await order(app, { ...body, callback_endpoint: `http://${listener.host}/` });
  assert.equal((await fetched(app, answer.url)).response.status, 200);
  const tries = () =>
    app.db.one<{ tries: number; at: Date | null }>(sql`
    select callback_tries as tries, callback_at as at from segment_exports`);
  for (let looks = 0; (await tries()).tries === 0; looks += 1) assert.ok(looks < 5_000);
  assert.deepEqual(listener.bodies, []);
});

test('what is wrong with a request is named', async (t) => {
  const app = await start(t, { worker: false });
  const ok = { segment_id: BLUE, fields_to_export: ['external_id'] };
  const noSegment = 'segment_id must be a string of the segment api identifier';
  const cases: [string, object, string, RegExp][] = [
    ['no segment', { fields_to_export: ['email'] }, noSegment, /^segment_id/],
    ['an unknown segment', { ...ok, segment_id: 'nope' }, noSegment, /^segment_id/],
    ['a segment of another type', { ...ok, segment_id: 7 }, noSegment, /^segment_id/],
    ['no fields', { segment_id: BLUE }, 'Bad Request', /^fields_to_export is required$/],
    ['empty fields', { ...ok, fields_to_export: [] }, 'Bad Request', /^fields_to_export is required$/],
    [
      'fields that are a text',
      { ...ok, fields_to_export: 'email' },
      'Bad Request',
      /^fields_to_export: expected an array/,
    ],
    ['a field that is no text', { ...ok, fields_to_export: [1.5] }, 'Bad Request', /^fields_to_export\[0\]/],
    ['501 attributes', { ...ok, custom_attributes_to_export: Array(501).fill('a') }, 'Bad Request', /at most 500/],
    ['a form', { ...ok, output_format: 'tar' }, 'Bad Request', /^output_format: expected zip or gzip$/],
    [
      'a callback of another scheme',
      { ...ok, callback_endpoint: 'file:///etc/passwd' },
      'Bad Request',
      /^callback_endpoint/,
    ],
    ['a callback that is no URL', { ...ok, callback_endpoint: 'http://' }, 'Bad Request', /^callback_endpoint/],
  ];
  for (const [name, body, message, detail] of cases) {
    const answer = await order(app, body);
    assert.deepEqual([answer.status, answer.body.message], [400, message], name);
    assert.match(answer.body.errors[0], detail, name);
  }
  assert.equal((await order(app, { ...ok, callback_endpoint: '', output_format: null })).status, 201);
  const cancelled = await app.post('/export/segment/cancel', { segment_id: 'nope' });
  assert.deepEqual([cancelled.status, cancelled.body.message], [400, noSegment]);
  for (const file of ['nope.zip', `${'0'.repeat(64)}.zip`, `${'0'.repeat(64)}`, '..%2f..%2fetc'])
    assert.equal((await fetch(`${app.url}/exports/${file}`)).status, 404, file);
});

// The threads of a server that send a broadcast: one call for all of them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, startServer } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';
import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { allowed, contentServer } from './support/content-server.ts';
import { givenPopulation } from './support/population.ts';

const PEOPLE = 3_000;
/** A broadcast that takes longer runs on a machine with too much to do, in milliseconds. */
const QUICK_MS = 30_000;
/** A chunk whose calls take longer puts its messages off, in milliseconds. */
const AT_ONCE_MS = 3_000;
const EVERYBODY = '11111111-1111-4111-8111-111111111111';

test(`a broadcast to ${PEOPLE} people from three threads makes one call of one URL, and as many as people of own URLs`, async (t) => {
  const workers = new Set<string>();
  let noteWorkers = async (): Promise<void> => undefined;
  const content = await contentServer(t, {
    // It answers once several threads have taken tasks, so that all of them want what is not there yet.
    '/one': async (response) => {
      for (const startedMs = performance.now(); workers.size < 3 && performance.now() - startedMs < 750; ) {
        await noteWorkers();
        await pause(50);
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"Shoe"}');
    },
    '/own': (response, { url }) => {
      const id = url.split('?')[1] ?? '';
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name: id }));
    },
  });
  const dataDir = dataFolder(t);
  const workspace = join(dataDir, 'workspace.yaml');
  writeFileSync(workspace, `${allowed(content)}segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]\n`);
  const server = await startServer({
    ...{ CRESSET_DATA_DIR: dataDir, PORT: '0', CRESSET_BROADCAST_THREADS: '3', CRESSET_WORKSPACE: workspace },
  });
  const db = connect({ url: (await attachEmbedded({ dataDir })) ?? '' });
  t.after(() => db.close());
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  await givenPopulation(db, { workspaceId, count: PEOPLE });
  noteWorkers = async () => {
    const rows = await db.query<{ worker: string }>(sql`select distinct worker from tasks where worker is not null`);
    for (const { worker } of rows) workers.add(worker);
  };
  const headers = { authorization: `Bearer ${server.announced.api_key}`, 'content-type': 'application/json' };
  const broadcast = async (tag: string) => {
    const webhook = { url: 'https://example.com/', request_method: 'POST', body: `${tag}{{offer.name}}` };
    const body = JSON.stringify({ broadcast: true, segment_id: EVERYBODY, messages: { webhook } });
    const answer = await fetch(`${server.url}/messages/send`, { method: 'POST', headers, body });
    const { dispatch_id: id } = (await answer.json()) as { dispatch_id: string };
    assert.equal(answer.status, 201);
    const state = async () =>
      ((await (await fetch(`${server.url}/dispatches/${id}`, { headers })).json()) as { state: string }).state;
    while ((await state()) !== 'finished') {
      await noteWorkers();
      await pause(20);
    }
    return db.query<{ body: string; count: number }>(sql`
      select case when message ->> 'body' = lower(external_id) then 'own' else message ->> 'body' end as body,
             count(*)::int as count
        from sandbox_messages join profiles using (bucket, user_id)
       where dispatch_id = ${id}
       group by 1`);
  };

  const oneMs = performance.now();
  const one = await broadcast(`{% connected_content ${content.origin}/one :save offer %}`);
  if (one.length === 1) {
    assert.deepEqual(one, [{ body: 'Shoe', count: PEOPLE }]);
    assert.equal(content.count('/one'), 1);
  } else {
    // On a machine with too much to do the call takes longer than it has. Each thread may call again after five seconds.
    assert.deepEqual(one.map(({ body }) => body).sort(), ['', 'Shoe']);
    assert.ok(content.count('/one') <= 3 * (1 + (performance.now() - oneMs) / 5_000), `${content.count('/one')} calls`);
  }
  assert.ok(workers.size >= 2, `${workers.size} threads have worked on it`);
  const startedMs = performance.now();
  const own = await broadcast(`{% connected_content ${content.origin}/own?{{\${user_id}}} :save offer %}`);
  const tookMs = performance.now() - startedMs;
  // There, too, a call takes longer than it has. Its message is empty then, and never another's.
  const had = own.find(({ body }) => body === 'own')?.count ?? 0;
  assert.ok(had > PEOPLE * 0.9, `${had} had their content`);
  const known = own.filter(({ body }) => body === 'own' || body === '');
  assert.deepEqual(known, own);
  assert.equal(
    own.reduce((sum, { count }) => sum + count, 0),
    PEOPLE,
    JSON.stringify(await db.query(sql`select status, reason, detail, count(*)::int from sends group by 1, 2, 3`)),
  );
  const calls = content.asked.filter(({ url }) => url.startsWith('/own')).map(({ url }) => url);
  const urls = new Set(calls).size;
  assert.ok(urls >= had && urls <= PEOPLE, `${urls} URLs for ${had} messages`);
  // A call without an answer is made again, which is a hundredth of them on a busy machine. If messages kept no answers, each call
  // would be made at least twice.
  if (tookMs < QUICK_MS) assert.ok(calls.length < PEOPLE * 1.1, `${calls.length} calls`);
  // So soon no message was put off, and if all have their content, no call was late.
  if (tookMs < AT_ONCE_MS && had === PEOPLE) assert.equal(calls.length, PEOPLE);
  assert.equal(await server.end('SIGTERM'), 0, server.log());
});

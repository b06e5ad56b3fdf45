// Two workspaces in one server, with the same people and names: what a key of one asks, whatever it names, is about that one.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { exampleIds } from '../src/http/openapi/example-ids.ts';
import { type Reply, startTestApp } from './support/app.ts';
import { type Call, exampleOf, examplesOf, send } from './support/openapi/call.ts';
import { type ApiOperation, readDocument } from './support/openapi/document.ts';
import { fillWorld, startWorld, type World } from './support/openapi/world.ts';
import { contentsOf, givenNeighbour } from './support/tenants.ts';

const MARK = 'mark-of-the-neighbour';

/** The id of the neighbour's definition. Campaigns are called as in a file, all others have UUIDs. */
const neighboursId = (id: string) => (/^[\da-f-]{20,}$/.test(id) ? id.replace('7c9a52', '7c9a5f') : `${id}-2`);

/** A world of the same people, names and texts, in a workspace beside. */
async function startNeighbour(world: World): Promise<World> {
  const neighbour = await fillWorld(await givenNeighbour(world.app, 'neighbour'), neighboursId);
  await neighbour.app.post('/users/track', {
    attributes: ['ada', 'bob', 'eve'].map((external_id) => ({
      external_id,
      ...{ last_name: MARK, mark: MARK },
    })),
    events: [{ external_id: 'ada', name: MARK, time: '2026-03-01T00:00:00Z' }],
  });
  const { body } = await neighbour.app.post('/users/export/ids', {
    external_ids: ['ada'],
    fields_to_export: ['braze_id'],
  });
  neighbour.standIns.set(exampleIds.person, body.users[0].braze_id);
  return neighbour;
}

/** Another id of the same form, which nothing has. A name stays as it is. */
function unknownId(id: string): string {
  if (/^[\da-f-]{20,}$/.test(id)) return `${id.slice(0, -6)}${id.endsWith('000000') ? '111111' : '000000'}`;
  return id.endsWith('-2') ? id.replace(/-2$/, '-0') : id;
}

/** Without ids and times, which differ between answers that say the same. */
function comparable({ status, body }: Reply): string {
  const text = JSON.stringify([status, body]);
  return text
    .replace(/[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}/g, '#')
    .replace(/[\da-f]{24}/g, '#')
    .replace(/(spring|welcome|receipt)-[02]/g, '#');
}

/** The calls of an operation that name ids of the neighbour, each with the same call that names ids which nothing has. */
function strangeCalls(operation: ApiOperation, own: World, neighbour: World): { theirs: Call; unknown: Call }[] {
  const named = new Map([...own.standIns, ...neighbour.standIns]);
  const unnamed = new Map([...named].map(([from, to]) => [from, unknownId(to)]));
  return [operation.example, ...operation.moreBodies]
    .map((body) => ({
      theirs: exampleOf(operation, named, body),
      unknown: exampleOf(operation, unnamed, body),
    }))
    .filter(({ theirs, unknown }) => JSON.stringify(theirs) !== JSON.stringify(unknown));
}

// Row 50 of the traps of the product.
test('a key reads, sends to, counts and changes nothing of another workspace, whatever ids and names it gives', {
  timeout: 400_000,
}, async (t: TestContext) => {
  const world = await startWorld(t);
  const neighbour = await startNeighbour(world);
  const { app } = world;
  const document = await readDocument(app);
  const wrong: string[] = [];
  let strange = 0;
  for (const operation of document.operations) {
    await neighbour.prepare(operation.name);
    const before = await contentsOf(app.db, neighbour.app.workspaceId);
    const look = async (what: string, reply: Reply) => {
      if (JSON.stringify(reply.body).includes(MARK)) wrong.push(`${operation.name}: ${what} shows the neighbour`);
      const after = await contentsOf(app.db, neighbour.app.workspaceId);
      const touched = [...after].filter(([table, digest]) => before.get(table) !== digest).map(([table]) => table);
      if (touched.length > 0) wrong.push(`${operation.name}: ${what} changed ${touched.join(', ')}`);
    };
    for (const { theirs, unknown } of strangeCalls(operation, world, neighbour)) {
      strange += 1;
      const expected = await send(app, operation, unknown);
      const reply = await send(app, operation, theirs);
      await look('a call with its ids', reply);
      const [got, wanted] = [comparable(reply), comparable(expected)];
      if (got !== wanted) wrong.push(`${operation.name}: an id of the neighbour is answered ${got}, no id ${wanted}`);
    }
    for (let at = 0; at <= operation.moreBodies.length; at += 1) {
      await world.prepare(operation.name);
      const call = examplesOf(operation, world.standIns)[at];
      if (call === undefined) continue;
      const reply = await send(app, operation, call);
      await look('the own call', reply);
      if (reply.status >= 300 !== operation.alwaysRefuses)
        wrong.push(`${operation.name}: the own call is answered ${reply.status} ${JSON.stringify(reply.body)}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(strange >= 50, `${strange} calls named ids of the neighbour`);
  t.diagnostic(`${strange} calls with ids of the neighbour, of ${document.operations.length} operations`);
});

/** An answer without what /status says of the whole server: its processes and its queue. */
function withoutServer({ servers: _servers, workers: _workers, queue: _queue, ...own }: Record<string, unknown>) {
  return own;
}

test('what a workspace reads of itself is the same with and without a neighbour', { timeout: 400_000 }, async (t) => {
  const world = await startWorld(t);
  const document = await readDocument(world.app);
  const reading = document.operations.filter(({ method, alwaysRefuses }) => method === 'GET' && !alwaysRefuses);
  for (const { name } of reading) await world.prepare(name);
  const read = async () => {
    const answers: [string, unknown][] = [];
    for (const operation of reading) {
      const [call] = examplesOf(operation, world.standIns);
      if (call !== undefined)
        answers.push([operation.name, withoutServer((await send(world.app, operation, call)).body)]);
    }
    return answers;
  };
  const alone = await read();
  const neighbour = await startNeighbour(world);
  for (const { name } of document.operations) await neighbour.prepare(name);
  assert.deepEqual(await read(), alone);
});

test('of two files with the same new ids, applied at once to two workspaces, one is refused', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const neighbour = await givenNeighbour(app, 'neighbour');
  const ids = Array.from({ length: 10 }, (_, at) => `0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a${at + 10}`);
  for (const id of ids) {
    const file = `apps: [{ id: ${id}, name: ${id}, platform: ios }]`;
    const ends = await Promise.allSettled([app.givenWorkspace(file), neighbour.givenWorkspace(file)]);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
    assert.equal(refused.length, 1);
    assert.match(refused[0] ?? '', /apps\[0\]\.id: is in use by another workspace/);
  }
});

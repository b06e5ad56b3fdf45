// The document and the readers agree: what is documented is read, with its type and no other, and what is read is documented.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { failureOf } from '../src/http/answers.ts';
import type { Schema } from '../src/http/openapi/schema.ts';
import type { Answer, RouteRequest } from '../src/http/route.ts';
import { profileFields } from '../src/people/profile/profile-fields.ts';
import { type Call, exampleOf, send } from './support/openapi/call.ts';
import { type ApiDocument, type ApiOperation, readDocument } from './support/openapi/document.ts';
import { RecordingQuery, recording } from './support/openapi/recording.ts';
import { type DocumentedMember, isFree, membersOf, pathOf, sampleOf, withValue, wrongFor } from './support/openapi/samples.ts';
import { startWorld, type World } from './support/openapi/world.ts';

interface Setting {
  world: World;
  document: ApiDocument;
}

async function start(t: TestContext): Promise<Setting> {
  const world = await startWorld(t);
  return { world, document: await readDocument(world.app) };
}

/** Has the route read a request, without the server, so that the request may be watched. */
async function handle({ world: { app } }: Setting, operation: ApiOperation, call: Call, query = new URLSearchParams()): Promise<Answer> {
  const route = app.app.routes.find(
    ({ method, path }) => method === operation.method && path.replace(/:(\w+)/g, '{$1}') === operation.path,
  );
  if (route === undefined) throw new Error(`no route is ${operation.name}`);
  const rawBody = Buffer.from(JSON.stringify(call.body ?? {}));
  const request = {
    ...{ workspaceId: app.workspaceId, apiKey: { id: randomUUID(), name: 'test' }, requestId: randomUUID() },
    ...{ body: call.body ?? {}, rawBody, params: call.params, query, headers: {} },
    rate: { window: null, chargeNarrower: async () => undefined, charge: async () => undefined, charged: () => undefined },
  } as unknown as RouteRequest;
  try {
    return (await route.replay?.(request)) ?? (await route.handle(request));
  } catch (error) {
    return failureOf(error);
  }
}

test('every documented member of a body is read, and every member that is read is documented', async (t) => {
  const setting = await start(t);
  const { world, document } = setting;
  const wrong: string[] = [];
  let members = 0;
  for (const operation of document.operations) {
    const { body: schema } = operation;
    if (schema === null) continue;
    const asked = new Map<string, { holder: readonly (string | number)[]; name: string }>();
    const watch = async (call: Call) => {
      const body = recording(call.body as object, (holder, name) => asked.set(pathOf([...holder, name]), { holder, name }));
      await handle(setting, operation, { ...call, body });
    };
    await world.prepare(operation.name);
    const example = exampleOf(operation, world.standIns);
    const documented = membersOf(document, schema);
    members += documented.length;
    await watch(example);
    for (const { place, schema: member } of documented) {
      for (const value of [sampleOf(document, member), undefined])
        await watch({ ...example, body: withValue(document, schema, example.body, place, value) });
    }
    const known = new Set(documented.map(({ place }) => pathOf(place)));
    for (const { place, schema: member } of documented) {
      const path = pathOf(place);
      if (asked.has(path)) continue;
      // Who goes through all members asks for none by name, and still says which is wrong.
      const body = withValue(document, schema, example.body, place, wrongFor(document, member));
      const { body: answer } = await send(world.app, operation, { ...example, body });
      const isRead = JSON.stringify(answer).includes(String(place.at(-1)));
      if (!isRead && !isStoredAsIs(member)) wrong.push(`${operation.name}: ${path} is documented, and nobody reads it`);
    }
    for (const [path, { holder, name }] of asked) {
      if (known.has(path) || isFree(document, schema, holder)) continue;
      const body = withValue(document, schema, example.body, [...holder, name], 'sample');
      const reply = await send(world.app, operation, { ...example, body });
      const isRefused = reply.status >= 400 && JSON.stringify(reply.body).includes(name);
      if (!isRefused) wrong.push(`${operation.name}: ${path} is read, and neither documented nor refused`);
    }
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${members} members`);
});

test('a documented member may have its type, and no other', async (t) => {
  const { world, document } = await start(t);
  const wrong: string[] = [];
  let tried = 0;
  for (const operation of document.operations) {
    const { body: schema } = operation;
    if (schema === null) continue;
    for (const { place, schema: member, holder } of membersOf(document, schema)) {
      const name = String(place.findLast((part) => typeof part === 'string'));
      const saysOf = async (value: unknown, alone = false) => {
        await world.prepare(operation.name);
        const example = exampleOf(operation, world.standIns);
        const given = alone ? withOnly(document, schema, example.body, { place, holder }) : example.body;
        const body = withValue(document, schema, given, place, value);
        const { status, body: answer } = await send(world.app, operation, { ...example, body });
        return { status, text: JSON.stringify(answer) };
      };
      const good = await saysOf(sampleOf(document, member));
      if (isOfType(good.text, name)) wrong.push(`${operation.name}: ${pathOf(place)} has the documented type, got ${good.status} ${good.text}`);
      const other = wrongFor(document, member);
      if (other === undefined) continue;
      tried += 1;
      const bad = await saysOf(other);
      // A member may count only where another is not given.
      const isTold = bad.text.includes(name) || (await saysOf(other, true)).text.includes(name);
      const isTolerated = member['x-cresset-other-types'] !== undefined;
      if (isTold === isTolerated) wrong.push(`${operation.name}: ${pathOf(place)} was ${JSON.stringify(other)}, got ${bad.status} ${bad.text.slice(0, 300)}`);
    }
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${tried} members were tried with another type`);
});

/** Any JSON, which cannot be wrong. */
function isStoredAsIs(member: Schema): boolean {
  return member.type === undefined && member.anyOf === undefined;
}

/** The body, of whose object with this member only the members are left that are required. */
function withOnly(
  document: ApiDocument,
  schema: Schema,
  body: unknown,
  { place, holder }: Pick<DocumentedMember, 'place' | 'holder'>,
): unknown {
  const names = Object.keys(holder.properties ?? {}).filter((name) => !holder.required?.includes(name));
  return names.reduce((left, name) => withValue(document, schema, left, [...place.slice(0, -1), name], undefined), body);
}

/** Whether an answer refuses the member because of its type. */
function isOfType(answer: string, name: string): boolean {
  return new RegExp(`${name.replace(/\W/g, '.')}(\\[0\\])?: expected (a text|an integer|a number|a boolean|an array|an object|an ISO)`).test(answer);
}

test('every documented parameter of a query is read', async (t) => {
  const setting = await start(t);
  const { world, document } = setting;
  const wrong: string[] = [];
  for (const operation of document.operations) {
    const documented = operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
    // What there never is needs no parameter to be refused.
    if (documented.length === 0 || operation.alwaysRefuses) continue;
    await world.prepare(operation.name);
    const example = exampleOf(operation, world.standIns);
    const asked = new Set<string>();
    for (const left of [null, ...example.query.map(([name]) => name)]) {
      const query = new RecordingQuery(example.query.filter(([name]) => name !== left));
      query.asked.clear();
      await handle(setting, operation, example, query);
      for (const name of query.asked) asked.add(name);
    }
    const isRead = (name: string) => asked.has(name) || (name.endsWith('[]') && asked.has(''));
    for (const name of documented) if (!isRead(name)) wrong.push(`${operation.name}: ${name} is documented, and nobody reads it`);
  }
  assert.deepEqual(wrong, []);
});

test('every member of a profile is documented for /users/track', async (t) => {
  const { document } = await start(t);
  const track = document.operations.find(({ name }) => name === 'POST /users/track');
  const documented = membersOf(document, track?.body ?? {}).map(({ place }) => pathOf(place));
  for (const name of profileFields.keys()) assert.ok(documented.includes(`attributes[0].${name}`), name);
});

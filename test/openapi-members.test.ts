// The document and the readers agree: what is documented is read, with its type and no other, and what is read is documented.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { failureOf } from '../src/http/answers.ts';
import type { Schema } from '../src/http/openapi/schema.ts';
import type { Answer, RouteRequest } from '../src/http/route.ts';
import { profileFields } from '../src/people/profile/profile-fields.ts';
import { type Call, exampleOf, examplesOf, send } from './support/openapi/call.ts';
import { type ApiDocument, type ApiOperation, readDocument } from './support/openapi/document.ts';
import { RecordingQuery, recording } from './support/openapi/recording.ts';
import { isFree, membersOf, type Place, pathOf, sampleOf, withValue, wrongFor } from './support/openapi/samples.ts';
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
async function handle(
  { world: { app } }: Setting,
  operation: ApiOperation,
  call: Call,
  query = new URLSearchParams(),
): Promise<Answer> {
  const route = app.app.routes.find(
    ({ method, path }) => method === operation.method && path.replace(/:(\w+)/g, '{$1}') === operation.path,
  );
  if (route === undefined) throw new Error(`no route is ${operation.name}`);
  const rawBody = Buffer.from(JSON.stringify(call.body ?? {}));
  const request = {
    ...{ workspaceId: app.workspaceId, apiKey: { id: randomUUID(), name: 'test' }, requestId: randomUUID() },
    ...{ body: call.body ?? {}, rawBody, params: call.params, query, headers: {} },
    rate: {
      window: null,
      chargeNarrower: async () => undefined,
      charge: async () => undefined,
      charged: () => undefined,
    },
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
  const shared = new Set<string>();
  for (const operation of document.operations) {
    const { body: schema } = operation;
    if (schema === null) continue;
    const asked = new Map<string, { holder: readonly (string | number)[]; name: string }>();
    const watch = async (call: Call) => {
      const body = recording(call.body as object, (holder, name) =>
        asked.set(pathOf([...holder, name]), { holder, name }),
      );
      await handle(setting, operation, { ...call, body });
    };
    await world.prepare(operation.name);
    const examples = examplesOf(operation, world.standIns);
    const documented = membersOf(document, schema, { known: shared });
    members += documented.length;
    for (const example of examples) await watch(example);
    for (const { place, schema: member } of documented) {
      for (const example of examplesWith(examples, place)) {
        // A member may be read only where another one is not given.
        for (const around of [example.body, withOnly(document, schema, example.body, place)]) {
          for (const value of [sampleOf(document, member), undefined])
            await watch({ ...example, body: withValue(document, schema, around, place, value) });
        }
        if (asked.has(pathOf(place))) break;
      }
    }
    const known = new Set(membersOf(document, schema).map(({ place }) => pathOf(place)));
    for (const { place, schema: member } of documented) {
      const path = pathOf(place);
      if (asked.has(path)) continue;
      const [example = examples[0] as Call] = examplesWith(examples, place);
      // Who goes through all members asks for none by name, and still says which is wrong.
      const body = withValue(document, schema, example.body, place, wrongFor(document, member));
      const { body: answer } = await send(world.app, operation, { ...example, body });
      const isRead = JSON.stringify(answer).includes(String(place.at(-1)));
      if (!isRead && !isStoredAsIs(member)) wrong.push(`${operation.name}: ${path} is documented, and nobody reads it`);
    }
    for (const [path, { holder, name }] of asked) {
      if (known.has(path) || isFree(document, schema, holder)) continue;
      const [example = examples[0] as Call] = examplesWith(examples, [...holder, name]);
      const body = withValue(document, schema, example.body, [...holder, name], 'sample');
      const reply = await send(world.app, operation, { ...example, body });
      const said = JSON.stringify(reply.body);
      const isRefused = said.includes(name) && (reply.status >= 400 || said.includes(`${name}: not known, ignored`));
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
  const shared = new Set<string>();
  for (const operation of document.operations) {
    const { body: schema } = operation;
    if (schema === null) continue;
    for (const { place, schema: member } of membersOf(document, schema, { known: shared })) {
      const name = String(place.findLast((part) => typeof part === 'string'));
      await world.prepare(operation.name);
      const examples = examplesWith(examplesOf(operation, world.standIns), place);
      // A member may count only where another one is given, or is not.
      const bodies = examples.flatMap(({ body }) => [body, withOnly(document, schema, body, place)]);
      const answersTo = async (value: unknown, until: (answer: Said) => boolean) => {
        const answers: Said[] = [];
        for (const around of bodies) {
          const body = withValue(document, schema, around, place, value);
          const { status, body: answer } = await send(world.app, operation, { ...(examples[0] as Call), body });
          answers.push({ status, text: JSON.stringify(answer) });
          if (until(answers.at(-1) as Said)) break;
        }
        return answers;
      };
      const good = await answersTo(sampleOf(document, member), ({ status }) => status < 300);
      const refused = good.find(({ text }) => isOfType(text, name));
      if (refused !== undefined)
        wrong.push(
          `${operation.name}: ${pathOf(place)} has the documented type, got ${refused.status} ${refused.text}`,
        );
      const other = wrongFor(document, member);
      if (other === undefined) continue;
      tried += 1;
      const isGood = good.some(({ status }) => status < 300);
      const isTold = ({ status, text }: Said) => text.includes(name) || (isGood && status >= 400);
      const bad = await answersTo(other, isTold);
      const isTolerated = member['x-cresset-other-types'] !== undefined;
      const isIgnored = ({ status, text }: Said) => status < 300 && !text.includes(name);
      if (!bad.some(isTolerated ? isIgnored : isTold))
        wrong.push(
          `${operation.name}: ${pathOf(place)} was ${JSON.stringify(other)}, got ${bad[0]?.status} ${bad[0]?.text.slice(0, 300)}`,
        );
    }
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${tried} members were tried with another type`);
});

/** The examples that have the object that the member is in, or as much as possible of what is around it. */
function examplesWith(examples: readonly Call[], place: Place): readonly Call[] {
  const depth = (body: unknown) => place.findLastIndex((_part, at) => valueAt(body, place.slice(0, at)) !== undefined);
  const deepest = Math.max(...examples.map(({ body }) => depth(body)));
  return examples.filter(({ body }) => depth(body) === deepest);
}

function valueAt(value: unknown, place: Place): unknown {
  const [first, ...rest] = place;
  if (first === undefined) return value;
  return typeof value === 'object' && value !== null ? valueAt(Reflect.get(value, first), rest) : undefined;
}

/** Any JSON, which cannot be wrong. */
function isStoredAsIs(member: Schema): boolean {
  return member.type === undefined && member.anyOf === undefined;
}

interface Said {
  status: number;
  text: string;
}

/** The body, of whose objects around this place only what is required is left, and what leads there. */
function withOnly(document: ApiDocument, schema: Schema, body: unknown, place: Place): unknown {
  const members = membersOf(document, schema).filter(
    ({ place: other, holder }) =>
      other.length <= place.length &&
      other.slice(0, -1).every((part, at) => part === place[at]) &&
      other.at(-1) !== place[other.length - 1] &&
      !holder.required?.includes(String(other.at(-1))),
  );
  return members.reduce(
    (left, { place: other }) =>
      valueAt(left, other) === undefined ? left : withValue(document, schema, left, other, undefined),
    body,
  );
}

/** Whether an answer refuses the member because of its type. */
function isOfType(answer: string, name: string): boolean {
  return new RegExp(
    `${name.replace(/\W/g, '.')}(\\[0\\])?: expected (a text|an integer|a number|a boolean|an array|an object|an ISO)`,
  ).test(answer);
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
    for (const name of documented)
      if (!isRead(name)) wrong.push(`${operation.name}: ${name} is documented, and nobody reads it`);
  }
  assert.deepEqual(wrong, []);
});

test('every member of a profile is documented for /users/track', async (t) => {
  const { document } = await start(t);
  const track = document.operations.find(({ name }) => name === 'POST /users/track');
  const documented = membersOf(document, track?.body ?? {}).map(({ place }) => pathOf(place));
  for (const name of profileFields.keys()) assert.ok(documented.includes(`attributes[0].${name}`), name);
});

// The document at /openapi.json: a kept linter passes it, it has every route, and its examples work.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { nameOf, openApiDocument } from '../src/http/openapi/document.ts';
import { operatorOperations } from '../src/http/operator/operations.ts';
import { operations } from '../src/http/public/operations.ts';
import { startTestApp } from './support/app.ts';
import { exampleOf, send } from './support/openapi/call.ts';
import { readDocument } from './support/openapi/document.ts';
import { startWorld } from './support/openapi/world.ts';

test('every route has an operation, and every operation a route', async (t) => {
  const { app } = await startTestApp(t);
  const routes = app.routes.map(nameOf);
  const forgotten = routes.filter((name) => operations[name] === undefined);
  assert.deepEqual(
    forgotten,
    [],
    'these routes are not in /openapi.json: describe each in the file operations.ts beside its route.ts (src/http/public/email/operations.ts is a short one), and add a new file to src/http/public/operations.ts',
  );
  assert.deepEqual(
    Object.keys(operations).filter((name) => !routes.includes(name)),
    [],
    'these operations have no route any more',
  );
  assert.deepEqual(Object.keys(operatorOperations).sort(), app.operatorRoutes.map(nameOf).sort());
});

test('an operation has the parameters of its route', async (t) => {
  const { app } = await startTestApp(t);
  for (const route of [...app.routes, ...app.operatorRoutes]) {
    const { query = {}, params = {}, body } = { ...operations, ...operatorOperations }[nameOf(route)] ?? {};
    assert.deepEqual(Object.keys(query).sort(), [...(route.query ?? [])].sort(), `query of ${nameOf(route)}`);
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    assert.deepEqual(Object.keys(params), inPath, `path of ${nameOf(route)}`);
    assert.ok(body === undefined || route.method !== 'GET', nameOf(route));
  }
});

test('a kept linter has nothing to say of the document', async (t) => {
  const app = await startTestApp(t);
  const { headers, body } = await app.get('/openapi.json', { key: null });
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(body.openapi, '3.1.1');
  const lint = async (document: object) => {
    const config = await createConfig({ extends: ['recommended-strict', 'spec'] });
    const found = await lintFromString({ source: JSON.stringify(document), config });
    return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
  };
  assert.deepEqual(await lint(body), []);
  const wrong = structuredClone(body);
  wrong.paths['/email/status'].post.operationId = 'postEmailBlocklist';
  assert.notDeepEqual(await lint(wrong), [], 'an id that is given twice is noticed');
});

// Row 53 of the traps of the product.
test('a member that may be null has two types, bounds are numbers, and the types of the client agree', async (t) => {
  const app = await startTestApp(t);
  const { body } = await app.get('/openapi.json', { key: null });
  const wrong: string[] = [];
  let nullable = 0;
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const {
      nullable: old,
      exclusiveMinimum: least = 0,
      exclusiveMaximum: most = 0,
      type,
    } = value as Record<string, unknown>;
    if (typeof old === 'boolean' || typeof least === 'boolean' || typeof most === 'boolean') wrong.push(path);
    if (Array.isArray(type) && type.includes('null')) nullable += 1;
    for (const [name, member] of Object.entries(value)) look(member, `${path}/${name}`);
  };
  look(body, '');
  assert.deepEqual(wrong, []);
  assert.ok(nullable > 20, String(nullable));
  assert.match(readFileSync('src/client/operations.ts', 'utf8'), /: string \| null/);
});

test('a route without an operation is left out of the document', () => {
  const document = openApiDocument({ routes: [], operations, schemas: {} }) as { paths: object };
  assert.deepEqual(document.paths, {});
});

test('every example is as documented, works, and gets a documented answer', async (t) => {
  const world = await startWorld(t);
  const document = await readDocument(world.app);
  const wrong: string[] = [];
  let count = 0;
  for (const operation of document.operations) {
    for (const body of [operation.example, ...operation.moreBodies]) {
      await world.prepare(operation.name);
      const call = exampleOf(operation, world.standIns, body);
      count += 1;
      if (operation.body !== null)
        wrong.push(
          ...document.problemsOfBody(operation, call.body ?? {}).map((one) => `${operation.name}: body${one}`),
        );
      const reply = await send(world.app, operation, call);
      if (reply.status >= 300 !== operation.alwaysRefuses)
        wrong.push(`${operation.name}: ${reply.status} ${JSON.stringify(reply.body)}`);
      wrong.push(
        ...document
          .problemsOf(operation, reply)
          .map((one) => `${operation.name}: ${reply.status} ${one} in ${JSON.stringify(reply.body).slice(0, 1000)}`),
      );
    }
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${count} examples of ${document.operations.length} operations`);
});

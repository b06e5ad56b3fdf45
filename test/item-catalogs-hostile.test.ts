// Whatever the body, endpoints of catalogs answer with a 2xx or a 4xx that names the mistake.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { givenCatalog, type Method, send, startCatalogsApp } from './support/item-catalogs.ts';

const types = ['string', 'number', 'boolean', 'time', 'object', 'array', 'geo'];
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('\u0000', '\ud800', 'x'.repeat(5_001), '__proto__', '{{', '{"a":1}', '2026-01-01', 'i1', 'id'),
  fc.double(),
  fc.integer(),
  fc.constantFrom(1e308, -0, 2 ** 53, 5e-324),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.oneof(
  fc.constantFrom(...types, 'id', '$add', '$remove', '__proto__', 'constructor', 'a.b', '$a'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
})).value;
/** Often right, so that many reach the database. */
const id = fc.oneof({ weight: 5, arbitrary: fc.constantFrom('i1', 'i2', 'i3') }, { weight: 1, arbitrary: json });
const item = fc
  .tuple(id, fc.constantFrom(...types), json)
  .map(([itemId, type, value]) => ({ id: itemId, [type]: value }));
const field = fc.record({
  name: fc.oneof(fc.constantFrom('f1', 'f2'), scalar),
  type: fc.oneof(fc.constantFrom(...types), json),
});
const filter = fc.record({
  field: fc.oneof(fc.constantFrom(...types), scalar),
  operator: fc.constantFrom('equals', 'less than', 'is', 'before', 'includes value', 'geo within', 'toString'),
  value: json,
});
const selection = fc.record(
  {
    name: fc.oneof(fc.constantFrom('s1', 's2'), scalar),
    filters: fc.oneof(fc.array(filter, { maxLength: 3 }), json),
    results_limit: fc.oneof(fc.constant(5), json),
    sort_field: fc.oneof(fc.constantFrom(...types), json),
    sort_order: fc.oneof(fc.constantFrom('asc', 'desc'), json),
    description: json,
  },
  { requiredKeys: ['name', 'filters', 'results_limit'] },
);
const call: fc.Arbitrary<[method: Method, path: string, body: unknown]> = fc.oneof(
  fc.tuple(
    fc.constantFrom<Method>('POST', 'PUT', 'PATCH', 'DELETE'),
    fc.constantFrom('/catalogs/c/items'),
    fc.record({
      items: fc.oneof({ weight: 5, arbitrary: fc.array(item, { maxLength: 2 }) }, { weight: 1, arbitrary: json }),
    }),
  ),
  fc.tuple(
    fc.constantFrom<Method>('POST', 'PUT', 'PATCH', 'DELETE', 'GET'),
    fc
      .string({ unit: 'binary', maxLength: 6 })
      .map((text) => `/catalogs/c/items/${encodeURIComponent(text.toWellFormed())}`),
    fc.record({
      items: fc.array(
        item.map(({ id: _, ...members }) => members),
        { maxLength: 2 },
      ),
    }),
  ),
  fc.tuple(
    fc.constant<Method>('GET'),
    fc
      .string({ unit: 'binary', maxLength: 6 })
      .map((text) => `/catalogs/c/items?cursor=${encodeURIComponent(text.toWellFormed())}`),
    fc.constant(undefined),
  ),
  fc.tuple(
    fc.constantFrom<Method>('GET', 'DELETE'),
    fc.constantFrom('', '/items', '/fields/', '/selections/').chain((rest) =>
      fc.string({ unit: 'binary', maxLength: 6 }).map((text) => {
        const word = encodeURIComponent(text.toWellFormed());
        return rest.endsWith('s/') ? `/catalogs/c${rest}${word}` : `/catalogs/x${word}${rest}`;
      }),
    ),
    fc.constant(undefined),
  ),
  fc.tuple(
    fc.constant<Method>('POST'),
    fc.constant('/catalogs'),
    fc.record({
      catalogs: fc.oneof(
        fc.array(fc.record({ name: scalar, description: json, fields: fc.array(field) }), { maxLength: 2 }),
        json,
      ),
    }),
  ),
  fc.tuple(
    fc.constant<Method>('POST'),
    fc.constant('/catalogs/c/fields'),
    fc.record({ fields: fc.oneof(fc.array(field, { maxLength: 2 }), json) }),
  ),
  fc.tuple(
    fc.constant<Method>('POST'),
    fc.constant('/catalogs/c/selections'),
    fc.record({ selection: fc.oneof(selection, json) }),
  ),
);

test('no body or path gives a 5xx', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(
    app,
    'c',
    types.map((type) => ({ name: type, type })),
  );
  const statuses: Record<number, number> = {};
  await fc.assert(
    fc.asyncProperty(call, async ([method, path, body]) => {
      const { status, body: answer } = await send(app, method, path, body);
      statuses[status] = (statuses[status] ?? 0) + 1;
      assert.ok(status < 500, `${status} ${JSON.stringify(answer)}`);
      assert.equal(JSON.stringify(answer).isWellFormed(), true);
      if (status >= 400) assert.ok(answer.message);
    }),
    { numRuns: 250, seed: 20261130 },
  );
  t.diagnostic(JSON.stringify(statuses));
  assert.ok((statuses[202] ?? 0) > 10 && (statuses[400] ?? 0) > 60, JSON.stringify(statuses));
});

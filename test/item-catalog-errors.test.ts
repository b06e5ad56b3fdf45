// What each refusal of a catalog says: its text, the member that is wrong, and what came. Source: catalogs.md §2 to §5 and §8.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestApp } from './support/app.ts';
import { givenCatalog, type Method, send, startCatalogsApp } from './support/item-catalogs.ts';

const id = { name: 'id', type: 'string' };
const long = (count: number) => 'x'.repeat(count);
const catalog = (name: unknown, fields: unknown = [id], description: unknown = '') => ({
  catalogs: [{ name, description, fields }],
});
const fields = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `f${at}`, type: 'string' }));
const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `r${at}` }));
const nested = (levels: number): object => (levels === 1 ? { a: 1 } : { a: nested(levels - 1) });
const selection = (more: object) => ({ selection: { name: 's', filters: [], results_limit: 1, ...more } });

type Row = [method: Method, path: string, body: unknown, id: string, parameter: string | null, values?: string[]];

const ofCatalogs: Row[] = [
  ['POST', '', {}, 'catalog-array-invalid', 'catalogs'],
  ['POST', '', { catalogs: [{}, {}] }, 'too-many-catalog-atoms', 'catalogs'],
  ['POST', '', catalog('c'), 'catalog-name-already-exists', 'name', ['c']],
  ['POST', '', catalog(long(251)), 'catalog-name-too-large', 'name'],
  ['POST', '', catalog('a b'), 'invalid-catalog-name', 'name', ['a b']],
  ['POST', '', catalog('a', [id], long(251)), 'description-too-long', 'description'],
  ['POST', '', catalog('a', 'x'), 'invalid-fields', 'fields'],
  ['POST', '', catalog('a', [id, { name: 'a b', type: 'string' }]), 'invalid-field-names', 'fields', ['a b']],
  ['POST', '', catalog('a', [id, { name: 'a', type: 'int' }]), 'invalid-field-types', 'fields'],
  ['POST', '', catalog('a', [id, id]), 'field-names-not-unique', 'fields', ['id']],
  ['POST', '', catalog('a', [id, { name: long(251), type: 'string' }]), 'field-names-too-large', 'fields'],
  ['POST', '', catalog('a', fields(1)), 'id-not-first-column', 'fields'],
  ['POST', '', catalog('a', [id, ...fields(500)]), 'too-many-fields', 'fields'],
  ['GET', '/nope', undefined, 'catalog-not-found', 'catalog_name', ['nope']],
];

const ofItems: Row[] = [
  ['GET', '/c/items/nobody', undefined, 'item-not-found', 'item_id', ['nobody']],
  ['PATCH', '/c/items/nobody', { items: [{ n: 1 }] }, 'item-not-found', 'item_id', ['nobody']],
  ['DELETE', '/c/items/nobody', undefined, 'item-not-found', 'item_id', ['nobody']],
  ['POST', '/c/items/there', { items: [{ n: 1 }] }, 'item-already-exists', 'item_id', ['there']],
  ['PUT', '/c/items/a', { items: [{ id: 'a' }] }, 'id-in-body', 'id'],
  ['PUT', '/c/items', { items: [{ id: long(251) }] }, 'ids-too-large', 'id'],
  ['PUT', '/c/items', { items: [{ id: 'a b' }] }, 'invalid-ids', 'id', ['a b']],
  ['PUT', '/c/items', { items: [{ id: 5 }] }, 'ids-not-strings', 'id'],
  ['PUT', '/c/items', { items: [{ id: 'a' }, { id: 'a' }] }, 'ids-not-unique', 'id', ['a']],
  ['PUT', '/c/items', { items: [{ n: 1 }] }, 'items-missing-ids', null, []],
  ['PUT', '/c/items', { items: {} }, 'item-array-invalid', 'items'],
  ['PUT', '/c/items', { items: rows(51) }, 'request-includes-too-many-items', 'items'],
  ['PUT', '/c/items/a', { items: [{}, {}] }, 'request-includes-too-many-items', 'items'],
  ['PUT', '/c/items', { items: [{ id: 'ok' }, { id: 'bad', x: 1 }] }, 'invalid-fields', 'id', ['bad']],
  ['PUT', '/c/items', { items: [{ id: 'a', o: { 'b.c': 1 } }] }, 'invalid-keys-in-value-object', 'id', ['a']],
  ['PUT', '/c/items', { items: [{ id: 'a', o: nested(51) }] }, 'too-deep-nesting-in-value-object', 'id', ['a']],
  ['PUT', '/c/items', { items: [{ id: 'a', s: long(5_001) }] }, 'items-too-large', 'id', ['a']],
  ['PUT', '/c/items', { items: [{ id: 'a', n: 'x' }] }, 'unable-to-coerce-value', 'id', ['a']],
  ['PUT', '/c/items', { items: [{ id: 'a', filtered: long(1_001) }] }, 'filtered-set-field-too-long', 'id', ['a']],
  ['GET', '/c/items?cursor=nope', undefined, 'invalid-cursor', 'cursor', ['nope']],
];

const ofDefinitions: Row[] = [
  ['POST', '/c/fields', { fields: fields(51) }, 'request-includes-too-many-fields', 'fields'],
  ['DELETE', '/c/fields/nope', undefined, 'invalid-field-name', 'field_name', ['nope']],
  ['DELETE', '/c/fields/filtered', undefined, 'field-referenced-by-selection', 'field_name', ['filtered']],
  ['POST', '/c/selections', {}, 'invalid-selection', 'selection'],
  ['POST', '/c/selections', selection({ name: 'taken' }), 'selection-name-already-exists', 'name', ['taken']],
  ['DELETE', '/c/selections/nope', undefined, 'invalid-selection', 'selection_name', ['nope']],
];

/** The texts that recordings and the original's documentation have. */
const said: Record<string, string> = {
  'catalog-name-already-exists': 'A catalog with that name already exists',
  'catalog-not-found': 'Could not find catalog',
  'item-not-found': 'Could not find item',
  'items-missing-ids': 'There are 1 item(s) that do not have ids',
  'invalid-fields': 'Some of the fields given do not exist in the catalog',
  'invalid-cursor': "'cursor' is not valid",
};

async function assertRefused(app: TestApp, [method, path, body, kind, parameter, values]: Row): Promise<void> {
  const answer = await send(app, method, `/catalogs${path}`, body);
  const [first, ...others] = answer.body.errors ?? [];
  const note = `${method} ${path} ${JSON.stringify(answer.body)}`.slice(0, 300);
  assert.equal(answer.body.message, 'Invalid Request', note);
  assert.deepEqual([first?.id, others], [kind, []], note);
  assert.deepEqual(first.parameters, parameter === null ? [] : [parameter], note);
  if (values !== undefined) assert.deepEqual(first.parameter_values, values, note);
  const text = said[kind];
  if (text !== undefined && !(kind === 'invalid-fields' && path === '')) assert.equal(first.message, text, note);
}

test('each refusal has its text, its parameter and what came', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'c', [
    { name: 'n', type: 'number' },
    { name: 's', type: 'string' },
    { name: 'o', type: 'object' },
    { name: 'filtered', type: 'string' },
  ]);
  await app.post('/catalogs/c/items', { items: [{ id: 'there' }] });
  const filters = [{ field: 'filtered', operator: 'equals', value: 'x' }];
  const made = await app.post('/catalogs/c/selections', selection({ name: 'taken', filters }));
  assert.equal(made.status, 202);
  for (const row of [...ofCatalogs, ...ofItems, ...ofDefinitions]) await assertRefused(app, row);
});

// Fields and selections of catalogs over HTTP. Source: catalogs.md §4 to §6.
import assert from 'node:assert/strict';
import test from 'node:test';
import { givenCatalog, type Method, outcome, startCatalogsApp } from './support/item-catalogs.ts';

const long = (count: number) => 'x'.repeat(count);
const strings = (count: number, prefix = 'n') =>
  Array.from({ length: count }, (_, at) => ({ name: `${prefix}${at}`, type: 'string' }));

const fieldCalls: [method: Method, path: string, body: unknown, outcome: string][] = [
  ['POST', '', { fields: [{ name: 'size', type: 'number' }] }, '202 success'],
  ['POST', '', { fields: [{ name: 'size', type: 'number' }] }, '400 field-names-not-unique'],
  ['POST', '', { fields: [{ name: 'id', type: 'string' }] }, '400 field-names-not-unique'],
  ['POST', '', { fields: [...strings(1), ...strings(1)] }, '400 field-names-not-unique'],
  ['POST', '', {}, '400 invalid-fields'],
  ['POST', '', { fields: [] }, '400 invalid-fields'],
  ['POST', '', { fields: [5] }, '400 invalid-fields'],
  ['POST', '', { fields: [{ name: 'a b', type: 'string' }] }, '400 invalid-field-names'],
  ['POST', '', { fields: [{ name: long(251), type: 'string' }] }, '400 field-names-too-large'],
  ['POST', '', { fields: [{ name: 'x', type: 'int' }] }, '400 invalid-field-types'],
  ['POST', '', { fields: strings(51) }, '400 request-includes-too-many-fields'],
  ...Array.from({ length: 9 }, (_, at): [Method, string, unknown, string] => [
    'POST',
    '',
    { fields: strings(50, `many${at}-`) },
    '202 success',
  ]),
  ['POST', '', { fields: strings(47) }, '400 catalog-exceeds-fields-limit'],
  ['POST', '', { fields: strings(46) }, '202 success'],
  ['DELETE', '/nope', undefined, '400 invalid-field-name'],
  ['DELETE', '/id', undefined, '400 invalid-field-name'],
  ['DELETE', '/price', undefined, '400 field-referenced-by-selection'],
  ['DELETE', '/title', undefined, '400 field-referenced-by-selection'],
  ['DELETE', '/size', undefined, '202 success'],
  ['DELETE', '/size', undefined, '400 invalid-field-name'],
];

test('fields are added and deleted, and the values of a deleted field are gone for good', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'c', [
    { name: 'title', type: 'string' },
    { name: 'price', type: 'number' },
  ]);
  const selection = {
    name: 'cheap',
    filters: [{ field: 'price', operator: 'less than', value: 5 }],
    results_limit: 5,
    sort_field: 'title',
    sort_order: 'asc',
  };
  assert.equal(await outcome(app, 'POST', '/catalogs/c/selections', { selection }), '202 success');
  for (const [method, path, body, expected] of fieldCalls)
    assert.equal(
      await outcome(app, method, `/catalogs/c/fields${path}`, body),
      expected,
      `${method} ${path} ${JSON.stringify(body)}`.slice(0, 200),
    );

  await givenCatalog(app, 'd', [
    { name: 'a', type: 'string' },
    { name: 'b', type: 'string' },
  ]);
  await app.post('/catalogs/d/items', { items: [{ id: 'i', a: 'old', b: 'kept' }] });
  const newField = { fields: [{ name: 'a', type: 'number' }] };
  assert.equal(await outcome(app, 'DELETE', '/catalogs/d/fields/a'), '202 success');
  assert.equal(
    await outcome(app, 'PATCH', '/catalogs/d/items', { items: [{ id: 'i', a: 'x' }] }),
    '400 invalid-fields',
  );
  assert.equal(await outcome(app, 'POST', '/catalogs/d/fields', newField), '202 success');
  assert.deepEqual((await app.get('/catalogs/d/items')).body.items, [{ id: 'i', b: 'kept' }]);
  await app.call('PATCH', '/catalogs/d/items', { items: [{ id: 'i', a: 5 }] });
  assert.deepEqual((await app.get('/catalogs/d/items')).body.items, [{ id: 'i', b: 'kept', a: 5 }]);
  const { body } = await app.get('/catalogs/d');
  assert.deepEqual(
    body.catalogs[0].fields.map(({ token }: { token: string }) => token),
    ['-1', '1', '2'],
  );
});

const filter = (field: unknown, operator: unknown, value: unknown) => ({ field, operator, value });
const base = { name: 's', filters: [], results_limit: 10 };
const withFilters = (...filters: unknown[]) => ({ ...base, filters });
const area = { center: [16.37, 48.2], radius: 5, unit: 'km' };

const selections: [selection: unknown, outcome: string][] = [
  [undefined, '400 invalid-selection'],
  ['s', '400 invalid-selection'],
  [{ ...base, name: undefined }, '400 invalid-selection'],
  [{ ...base, name: 5 }, '400 invalid-selection'],
  [{ ...base, name: 'a b' }, '400 invalid-selection'],
  [{ ...base, name: long(251) }, '400 invalid-selection'],
  [{ ...base, filters: undefined }, '400 invalid-selection'],
  [{ ...base, filters: {} }, '400 invalid-selection'],
  [{ ...base, description: 5 }, '400 invalid-selection'],
  [{ ...base, description: 'a\u0000' }, '400 invalid-selection'],
  [{ ...base, source: 'Acme' }, '400 invalid-selection'],
  [{ ...base, name: 'taken' }, '400 selection-name-already-exists'],
  [withFilters(...Array(11).fill(filter('number', 'equals', 1))), '400 too-many-filters'],
  [withFilters(filter('nope', 'equals', 1)), '400 selection-has-invalid-filter'],
  [withFilters(5), '400 selection-has-invalid-filter'],
  [withFilters(filter(5, 'equals', 1)), '400 selection-has-invalid-filter'],
  [withFilters(filter('number', 'includes value', 1)), '400 selection-has-invalid-filter'],
  [withFilters(filter('number', 'toString', 1)), '400 selection-has-invalid-filter'],
  [withFilters(filter('number', 'equals', 'x')), '400 selection-has-invalid-filter'],
  [withFilters(filter('number', 'equals', null)), '400 selection-has-invalid-filter'],
  [withFilters(filter('boolean', 'is', 'x')), '400 selection-has-invalid-filter'],
  [withFilters(filter('boolean', 'equals', true)), '400 selection-has-invalid-filter'],
  [withFilters(filter('time', 'before', 'soon')), '400 selection-has-invalid-filter'],
  [withFilters(filter('object', 'equals', '{}')), '400 selection-has-invalid-filter'],
  [withFilters(filter('string', 'equals', 'a\u0000')), '400 selection-has-invalid-filter'],
  [withFilters(filter('string', 'equals', `{{${long(5_000)}}}`)), '400 selection-has-invalid-filter'],
  [withFilters(filter('geo', 'geo within', [1, 2])), '400 selection-has-invalid-filter'],
  [withFilters(filter('geo', 'geo within', { ...area, unit: 'm' })), '400 selection-has-invalid-filter'],
  [withFilters(filter('geo', 'geo within', { ...area, radius: 0 })), '400 selection-has-invalid-filter'],
  [withFilters(filter('geo', 'geo within', { ...area, center: [181, 0] })), '400 selection-has-invalid-filter'],
  [withFilters(filter('geo', 'geo within', { ...area, center: 'Vienna' })), '400 selection-has-invalid-filter'],
  [
    withFilters(filter('array', 'includes value', 'a'), filter('more', 'includes value', 'b')),
    '400 selection-contains-too-many-arrays',
  ],
  [{ ...base, results_limit: 0 }, '400 selection-invalid-results-limit'],
  [{ ...base, results_limit: 51 }, '400 selection-invalid-results-limit'],
  [{ ...base, results_limit: '5' }, '400 selection-invalid-results-limit'],
  [{ ...base, results_limit: 1.5 }, '400 selection-invalid-results-limit'],
  [{ ...base, sort_field: 'object', sort_order: 'asc' }, '400 invalid-sorting'],
  [{ ...base, sort_field: 'array', sort_order: 'asc' }, '400 invalid-sorting'],
  [{ ...base, sort_field: 'geo', sort_order: 'asc' }, '400 invalid-sorting'],
  [{ ...base, sort_field: 'nope', sort_order: 'asc' }, '400 invalid-sort-field'],
  [{ ...base, sort_field: 5, sort_order: 'asc' }, '400 invalid-sort-field'],
  [{ ...base, sort_field: 'number', sort_order: 'up' }, '400 invalid-sort-order'],
  [{ ...base, name: 'only-field', sort_field: 'number' }, '202 success'],
  [{ ...base, name: 'only-order', sort_order: 'desc' }, '202 success'],
  [{ ...base, name: 'liquid', filters: [filter('number', 'less than', '{{custom_attribute.${max}}}')] }, '202 success'],
  [
    {
      ...base,
      name: 'around',
      filters: [filter('geo', 'geo within', area), filter('geo', 'geo outside', { ...area, center: '{{x}}' })],
    },
    '202 success',
  ],
  [
    {
      ...base,
      name: 'all',
      filters: [
        filter('string', 'does not equal', 'x'),
        filter('number', 'greater than', '1'),
        filter('boolean', 'is', 'true'),
        filter('time', 'after', '2026-01-01'),
        filter('array', 'does not include value', 'x'),
      ],
      description: 'd',
      external_id: 'e',
      source: 'Shopify',
      sort_field: 'time',
      sort_order: 'desc',
    },
    '202 success',
  ],
];

test('selections are checked, shown with their catalog and deleted', async (t) => {
  const app = await startCatalogsApp(t);
  const types = ['string', 'number', 'boolean', 'time', 'object', 'array', 'geo'];
  const fields = [
    ...types.map((type) => ({ name: type, type })),
    { name: 'more', type: 'array' },
    { name: 'long', type: 'string' },
  ];
  await givenCatalog(app, 'c', fields);
  const path = '/catalogs/c/selections';
  assert.equal(await outcome(app, 'POST', path, { selection: { ...base, name: 'taken' } }), '202 success');
  for (const [selection, expected] of selections)
    assert.equal(await outcome(app, 'POST', path, { selection }), expected, JSON.stringify(selection)?.slice(0, 300));

  const shown = (await app.get('/catalogs/c')).body.catalogs[0];
  assert.deepEqual(shown.selections.at(-1), (selections.at(-1) ?? [])[0]);
  assert.deepEqual(shown.selections[0], {
    ...base,
    name: 'taken',
    description: null,
    external_id: null,
    source: null,
    sort_field: null,
    sort_order: null,
  });
  assert.equal(shown.selections_size, JSON.stringify(shown.selections).length);

  // A text of more than 1,000 characters cannot be in a field that is filtered, whichever comes first.
  assert.equal(
    await outcome(app, 'PUT', '/catalogs/c/items/i', { items: [{ string: long(1_001) }] }),
    '400 filtered-set-field-too-long',
  );
  assert.equal(
    await outcome(app, 'PUT', '/catalogs/c/items/i', { items: [{ string: long(1_000), long: long(1_001) }] }),
    '200 success',
  );
  const filtersLong = { ...base, name: 'long', filters: [filter('long', 'equals', 'x')] };
  assert.equal(await outcome(app, 'POST', path, { selection: filtersLong }), '400 selection-has-invalid-filter');

  for (let count = 6; count < 30; count += 1)
    assert.equal(await outcome(app, 'POST', path, { selection: { ...base, name: `s${count}` } }), '202 success');
  assert.equal(
    await outcome(app, 'POST', path, { selection: { ...base, name: 'one-more' } }),
    '400 selection-limit-reached',
  );
  assert.equal(await outcome(app, 'DELETE', `${path}/all`), '202 success');
  assert.equal(await outcome(app, 'DELETE', `${path}/all`), '404 invalid-selection');
  assert.equal(await outcome(app, 'POST', path, { selection: { ...base, name: 'one-more' } }), '202 success');
});

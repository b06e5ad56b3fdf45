// Catalogs and their items over HTTP. Source: catalogs.md §1 to §3, §7 and §8.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { forgetDeletedCatalogs } from '../src/item-catalogs/catalogs-store.ts';
import { startTestApp } from './support/app.ts';
import { givenCatalog, type Method, outcome, send, startCatalogsApp } from './support/item-catalogs.ts';

const id = { name: 'id', type: 'string' };
const long = (count: number) => 'x'.repeat(count);
const catalogs = (name: unknown, fields: unknown = [id], description: unknown = '') => ({
  catalogs: [{ name, description, fields }],
});
const fieldsOf = (count: number) => [
  id,
  ...Array.from({ length: count }, (_, at) => ({ name: `f${at}`, type: 'string' })),
];

const badCatalogs: [body: unknown, outcome: string][] = [
  [{}, '400 catalog-array-invalid'],
  [{ catalogs: {} }, '400 catalog-array-invalid'],
  [{ catalogs: [] }, '400 catalog-array-invalid'],
  [{ catalogs: ['a'] }, '400 catalog-array-invalid'],
  [{ catalogs: [...catalogs('a').catalogs, ...catalogs('b').catalogs] }, '400 too-many-catalog-atoms'],
  [catalogs('taken'), '400 catalog-name-already-exists'],
  [catalogs(long(251)), '400 catalog-name-too-large'],
  [catalogs(''), '400 invalid-catalog-name'],
  [catalogs('a b'), '400 invalid-catalog-name'],
  [catalogs('ä'), '400 invalid-catalog-name'],
  [catalogs('a\u0000'), '400 invalid-catalog-name'],
  [catalogs(5), '400 invalid-catalog-name'],
  [catalogs('a', [id], long(251)), '400 description-too-long'],
  [catalogs('a', [id], { a: 1 }), '400 description-too-long'],
  [catalogs('a', [id], 'a\u0000'), '400 description-too-long'],
  [catalogs('a', undefined), '201 success'],
  [catalogs('b', null), '400 invalid-fields'],
  [catalogs('b', 'id'), '400 invalid-fields'],
  [catalogs('b', []), '400 invalid-fields'],
  [catalogs('b', [id, { type: 'string' }]), '400 invalid-fields'],
  [catalogs('b', [id, { name: 'a.b', type: 'string' }]), '400 invalid-field-names'],
  [catalogs('b', [id, { name: '', type: 'string' }]), '400 invalid-field-names'],
  [catalogs('b', [id, { name: 'a', type: 'text' }]), '400 invalid-field-types'],
  [catalogs('b', [id, { name: 'a' }]), '400 invalid-field-types'],
  [catalogs('b', [id, { name: 'toString', type: 'toString' }]), '400 invalid-field-types'],
  [catalogs('b', [id, id]), '400 field-names-not-unique'],
  [catalogs('b', [id, { name: long(251), type: 'string' }]), '400 field-names-too-large'],
  [catalogs('b', [{ name: 'a', type: 'string' }, id]), '400 id-not-first-column'],
  [catalogs('b', [{ name: 'id', type: 'number' }]), '400 id-not-first-column'],
  [catalogs('b', fieldsOf(500)), '400 too-many-fields'],
  [catalogs('b', fieldsOf(499)), '201 success'],
  [catalogs(long(250), [id, { name: long(250), type: 'geo' }], long(250)), '201 success'],
  [catalogs('B', [id]), '201 success'],
  [catalogs('a b', 'x', long(251)), '400 invalid-catalog-name description-too-long invalid-fields'],
];

test('a catalog is created, listed, read and deleted, and every bad definition has its error', async (t) => {
  const app = await startCatalogsApp(t);
  assert.deepEqual((await app.get('/catalogs')).body, { catalogs: [], message: 'success' });
  await givenCatalog(app, 'taken', []);
  for (const [body, expected] of badCatalogs)
    assert.equal(await outcome(app, 'POST', '/catalogs', body), expected, JSON.stringify(body).slice(0, 200));

  const fields = [id, { name: 'Name', type: 'string' }, { name: '__proto__', type: 'number' }];
  const created = await app.post('/catalogs/', { catalogs: [{ name: 'restaurants', fields }] });
  const shown = {
    description: '',
    fields: [
      { name: 'id', token: '-1', type: 'string' },
      { name: 'Name', token: '0', type: 'string' },
      { name: '__proto__', token: '1', type: 'number' },
    ],
    name: 'restaurants',
    source: 'Braze',
    num_items: 0,
    storage_size: 0,
    selections_size: 0,
    updated_at: app.clock.now().toISOString().replace('Z', '+00:00'),
    selections: [],
  };
  assert.equal(JSON.stringify(created.body), JSON.stringify({ catalogs: [shown], message: 'success' }));
  assert.deepEqual((await app.get('/catalogs/restaurants')).body, { catalogs: [shown], message: 'success' });
  const { body } = await app.get('/catalogs');
  assert.deepEqual(
    body.catalogs.map(({ name }: { name: string }) => name),
    ['taken', 'a', 'b', long(250), 'B', 'restaurants'],
  );

  assert.equal(
    await outcome(app, 'PUT', '/catalogs/restaurants/items', { items: [{ id: 'r1', Name: 'A' }] }),
    '202 success',
  );
  assert.equal(await outcome(app, 'DELETE', '/catalogs/restaurants'), '200 success');
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/items'],
    ['PUT', '/items'],
    ['GET', '/items/r1'],
    ['POST', '/fields'],
    ['POST', '/selections'],
    ['DELETE', '/selections/a'],
  ] as [Method, string][])
    assert.equal(await outcome(app, method, `/catalogs/restaurants${path}`, {}), '404 catalog-not-found', path);
  const { body: missing } = await app.get('/catalogs/restaurants');
  assert.equal(
    JSON.stringify(missing),
    '{"errors":[{"id":"catalog-not-found","message":"Could not find catalog","parameters":["catalog_name"],"parameter_values":["restaurants"]}],"message":"Invalid Request"}',
  );
  await givenCatalog(app, 'restaurants', []);
  assert.deepEqual((await app.get('/catalogs/restaurants/items')).body.items, []);
  const left = () => app.db.one<{ items: number }>(sql`select count(*)::int as items from catalog_items`);
  assert.deepEqual(await left(), { items: 1 });
  await forgetDeletedCatalogs(app.db);
  assert.deepEqual(await left(), { items: 0 });
});

const every = ['string', 'number', 'boolean', 'time', 'object', 'array', 'geo'];
/** Nested objects: as many levels as the count. */
const nested = (levels: number): object => (levels === 1 ? { a: 1 } : { a: nested(levels - 1) });
const values: [type: string, given: unknown, stored: unknown][] = [
  ['string', 'a', 'a'],
  ['string', 5.5, '5.5'],
  ['string', true, 'true'],
  ['string', '{{${first_name}}}', '{{${first_name}}}'],
  ['string', long(5_000), long(5_000)],
  ['string', long(5_001), 'items-too-large'],
  ['string', 'a\u0000', 'unable-to-coerce-value'],
  ['string', '\ud800', 'unable-to-coerce-value'],
  ['string', {}, 'unable-to-coerce-value'],
  ['string', [], 'unable-to-coerce-value'],
  ['number', 7, 7],
  ['number', 7.49, 7.49],
  ['number', '-1.5e3', -1_500],
  ['number', 1e308, 1e308],
  ['number', '', 'unable-to-coerce-value'],
  ['number', '1 ', 'unable-to-coerce-value'],
  ['number', '0x1', 'unable-to-coerce-value'],
  ['number', '1e999', 'unable-to-coerce-value'],
  ['number', true, 'unable-to-coerce-value'],
  ['boolean', false, false],
  ['boolean', 'TRUE', true],
  ['boolean', 1, 'unable-to-coerce-value'],
  ['boolean', 'yes', 'unable-to-coerce-value'],
  ['time', '2022-11-01T09:03:19.967Z', '2022-11-01T09:03:19.967Z'],
  ['time', '2022-11-01T10:03:19+01:00', '2022-11-01T09:03:19.000Z'],
  ['time', '2022-11-01', '2022-11-01T00:00:00.000Z'],
  ['time', 1_667_293_399, '2022-11-01T09:03:19.000Z'],
  ['time', '1667293399', '2022-11-01T09:03:19.000Z'],
  ['time', 'tomorrow', 'unable-to-coerce-value'],
  ['time', 1e300, 'unable-to-coerce-value'],
  ['time', '2022-02-30', 'unable-to-coerce-value'],
  ['object', { a: { b: [1, null, { c: 'x' }] } }, { a: { b: [1, null, { c: 'x' }] } }],
  ['object', '{"a":1}', { a: 1 }],
  ['object', JSON.parse('{"__proto__":{"b":1}}'), JSON.parse('{"__proto__":{"b":1}}')],
  ['object', '[1]', 'unable-to-coerce-value'],
  ['object', '{', 'unable-to-coerce-value'],
  ['object', [1], 'unable-to-coerce-value'],
  ['object', { a: { 'b.c': 1 } }, 'invalid-keys-in-value-object'],
  ['object', { a: [{ $b: 1 }] }, 'invalid-keys-in-value-object'],
  ['object', { a: 'x\u0000' }, 'unable-to-coerce-value'],
  ['object', { 'a\u0000': 1 }, 'unable-to-coerce-value'],
  ['object', { a: long(5_000) }, 'items-too-large'],
  ['object', nested(50), nested(50)],
  ['object', nested(51), 'too-deep-nesting-in-value-object'],
  ['array', ['a', 1, true], ['a', '1', 'true']],
  ['array', [], []],
  ['array', Array(100).fill('a'), Array(100).fill('a')],
  ['array', Array(101).fill('a'), 'items-too-large'],
  ['array', [long(5_000)], 'items-too-large'],
  ['array', [null], 'unable-to-coerce-value'],
  ['array', [['a']], 'unable-to-coerce-value'],
  ['array', 'a', 'unable-to-coerce-value'],
  ['array', { $add: ['a'] }, 'unable-to-coerce-value'],
  ['geo', [16.37, 48.2], [16.37, 48.2]],
  ['geo', [-180, 90], [-180, 90]],
  ['geo', [181, 0], 'unable-to-coerce-value'],
  ['geo', [0, 91], 'unable-to-coerce-value'],
  ['geo', ['0', '0'], 'unable-to-coerce-value'],
  ['geo', { longitude: 1, latitude: 1 }, 'unable-to-coerce-value'],
  ...every.map((type): [string, unknown, unknown] => [type, null, undefined]),
];

test('each type takes the values that it converts, and names why it takes no other', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(
    app,
    'types',
    every.map((type) => ({ name: type, type })),
  );
  for (const [type, given, expected] of values) {
    const note = `${type} ${JSON.stringify(given)?.slice(0, 100)}`;
    const { status, body } = await app.call('PUT', '/catalogs/types/items/i', { items: [{ [type]: given }] });
    if (status === 200) {
      const { body: read } = await app.get('/catalogs/types/items/i');
      const item = expected === undefined ? { id: 'i' } : { id: 'i', [type]: expected };
      assert.deepEqual(read, { items: [item], message: 'success' }, note);
    } else {
      assert.deepEqual([status, body.errors[0].id, body.errors[0].parameter_values], [400, expected, ['i']], note);
    }
  }
});

const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `r${at}` }));
const everyBulk = ['POST', 'PATCH', 'PUT'] as const;
const badItems: [methods: readonly Method[], path: string, body: unknown, outcome: string][] = [
  [[...everyBulk, 'DELETE'], '', {}, '400 item-array-invalid'],
  [[...everyBulk, 'DELETE'], '', { items: { id: 'a' } }, '400 item-array-invalid'],
  [[...everyBulk, 'DELETE'], '', { items: ['a'] }, '400 item-array-invalid'],
  [[...everyBulk, 'DELETE'], '', { items: [] }, '202 success'],
  [[...everyBulk, 'DELETE'], '', { items: rows(51) }, '400 request-includes-too-many-items'],
  [[...everyBulk, 'DELETE'], '', { items: [{}] }, '400 items-missing-ids'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: null }] }, '400 items-missing-ids'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: 5 }] }, '400 ids-not-strings'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: { a: 1 } }] }, '400 ids-not-strings'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: '' }] }, '400 invalid-ids'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: 'a b' }] }, '400 invalid-ids'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: 'a\u0000' }] }, '400 invalid-ids'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: long(251) }] }, '400 ids-too-large'],
  [[...everyBulk, 'DELETE'], '', { items: [{ id: 'a' }, { id: 'a' }] }, '400 ids-not-unique'],
  [everyBulk, '', { items: [{ id: 'a', nope: 1 }] }, '400 invalid-fields'],
  [everyBulk, '', { items: [{ id: 'a', nope: 1, n: 'x' }] }, '400 invalid-fields unable-to-coerce-value'],
  [everyBulk, '/a', { items: [{ id: 'a' }] }, '400 id-in-body'],
  [everyBulk, '/a', { items: [] }, '400 item-array-invalid'],
  [everyBulk, '/a', { items: {} }, '400 item-array-invalid'],
  [everyBulk, '/a', { items: [{}, {}] }, '400 request-includes-too-many-items'],
  [everyBulk, '/a', { items: [{ nope: 1 }] }, '400 invalid-fields'],
  [everyBulk, `/${long(251)}`, { items: [{}] }, '400 ids-too-large'],
  [everyBulk, '/a%20b', { items: [{}] }, '400 invalid-ids'],
  [['PATCH'], '/nobody', { items: [{ n: 1 }] }, '404 item-not-found'],
  [['GET', 'DELETE'], '/nobody', undefined, '404 item-not-found'],
  [['GET', 'DELETE'], '/a%00', undefined, '404 item-not-found'],
  [['POST'], '/there', { items: [{ n: 1 }] }, '400 item-already-exists'],
  [['GET'], '?cursor=nope', undefined, '400 invalid-cursor'],
  [['GET'], '?cursor=c2tpcDotMQ==', undefined, '400 invalid-cursor'],
  [['PATCH'], '', { items: [{ id: 'there', tags: { $add: 'a' } }] }, '400 unable-to-coerce-value'],
  [['PATCH'], '', { items: [{ id: 'there', tags: { $add: ['a'], $set: 1 } }] }, '400 unable-to-coerce-value'],
  [['PATCH'], '', { items: [{ id: 'there', n: { $add: ['a'] } }] }, '400 unable-to-coerce-value'],
  [
    ['PATCH'],
    '',
    {
      items: [
        {
          id: 'there',
          tags: {
            $add: Array(101)
              .fill('x')
              .map((x, at) => x + at),
          },
        },
      ],
    },
    '400 items-too-large',
  ],
];

test('every bad write of items has its error and changes nothing', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'c', [
    { name: 'n', type: 'number' },
    { name: 'tags', type: 'array' },
  ]);
  await app.post('/catalogs/c/items', { items: [{ id: 'there', n: 1, tags: ['a'] }] });
  for (const [methods, path, body, expected] of badItems)
    for (const method of methods)
      assert.equal(
        await outcome(app, method, `/catalogs/c/items${path}`, body),
        expected,
        `${method} ${path} ${JSON.stringify(body)?.slice(0, 100)}`,
      );
  assert.equal(
    await outcome(app, 'PUT', '/catalogs/c/items', {
      items: [
        { id: 'new', n: 1 },
        { id: 'bad', n: {} },
      ],
    }),
    '400 unable-to-coerce-value',
  );
  const { body, headers } = await app.get('/catalogs/c/items');
  assert.deepEqual(body.items, [{ id: 'there', n: 1, tags: ['a'] }]);
  assert.equal(headers.get('link'), null);
  const { body: answer } = await app.post('/catalogs/c/items', { items: [{}, { n: 1 }, { id: 'x' }] });
  assert.equal(
    JSON.stringify(answer),
    '{"errors":[{"id":"items-missing-ids","message":"There are 2 item(s) that do not have ids","parameters":[],"parameter_values":[]}],"message":"Invalid Request"}',
  );
  const manyIds = { items: rows(20).map(() => ({ id: '!' })) };
  assert.equal((await app.post('/catalogs/c/items', manyIds)).body.errors[0].parameter_values.length, 10);
  const deep = `{"items":${'['.repeat(250)}${']'.repeat(250)}}`;
  assert.equal((await app.post('/catalogs/c/items', deep)).status, 400);
  assert.equal((await app.call('DELETE', '/catalogs/c/items', '{"items":')).body.message, 'Bad Request');
});

const steps: [method: Method, path: string, items: object[] | null, outcome: string, after: object[]][] = [
  [
    'POST',
    '',
    [
      { id: 'b', n: 1 },
      { id: 'a', n: 2, tags: ['x', 'y'] },
    ],
    '202 success',
    [
      { id: 'b', n: 1 },
      { id: 'a', n: 2, tags: ['x', 'y'] },
    ],
  ],
  [
    'POST',
    '',
    [
      { id: 'b', n: 9 },
      { id: 'B', n: 3 },
    ],
    '202 success',
    [
      { id: 'b', n: 1 },
      { id: 'a', n: 2, tags: ['x', 'y'] },
      { id: 'B', n: 3 },
    ],
  ],
  [
    'PATCH',
    '',
    [
      { id: 'a', tags: { $add: ['z', 'y', 'z', 1], $remove: ['x', 'q'] } },
      { id: 'nobody', n: 1 },
    ],
    '202 success',
    [
      { id: 'b', n: 1 },
      { id: 'a', n: 2, tags: ['y', 'z', '1'] },
      { id: 'B', n: 3 },
    ],
  ],
  [
    'PATCH',
    '',
    [
      { id: 'b', n: null, o: { a: { b: null } } },
      { id: 'B', tags: { $add: ['n'] } },
    ],
    '202 success',
    [
      { id: 'b', o: { a: { b: null } } },
      { id: 'a', n: 2, tags: ['y', 'z', '1'] },
      { id: 'B', n: 3, tags: ['n'] },
    ],
  ],
  [
    'PATCH',
    '',
    [
      { id: 'b', o: { c: 1 } },
      { id: 'a', tags: ['w'] },
    ],
    '202 success',
    [
      { id: 'b', o: { c: 1 } },
      { id: 'a', n: 2, tags: ['w'] },
      { id: 'B', n: 3, tags: ['n'] },
    ],
  ],
  [
    'PUT',
    '',
    [{ id: 'c', n: 5 }, { id: 'a', o: {} }, { id: 'b' }],
    '202 success',
    [{ id: 'b' }, { id: 'a', o: {} }, { id: 'B', n: 3, tags: ['n'] }, { id: 'c', n: 5 }],
  ],
  ['DELETE', '', [{ id: 'B' }, { id: 'nobody' }], '202 success', [{ id: 'b' }, { id: 'a', o: {} }, { id: 'c', n: 5 }]],
  [
    'POST',
    '/one',
    [{ n: 1 }],
    '201 success',
    [{ id: 'b' }, { id: 'a', o: {} }, { id: 'c', n: 5 }, { id: 'one', n: 1 }],
  ],
  [
    'PATCH',
    '/one',
    [{ tags: { $add: ['t'] } }],
    '200 success',
    [{ id: 'b' }, { id: 'a', o: {} }, { id: 'c', n: 5 }, { id: 'one', n: 1, tags: ['t'] }],
  ],
  ['PUT', '/one', [{ n: 2 }], '200 success', [{ id: 'b' }, { id: 'a', o: {} }, { id: 'c', n: 5 }, { id: 'one', n: 2 }]],
  [
    'PUT',
    '/two/',
    [{}],
    '200 success',
    [{ id: 'b' }, { id: 'a', o: {} }, { id: 'c', n: 5 }, { id: 'one', n: 2 }, { id: 'two' }],
  ],
  ['DELETE', '/b', null, '202 success', [{ id: 'a', o: {} }, { id: 'c', n: 5 }, { id: 'one', n: 2 }, { id: 'two' }]],
];

test('items are created, changed, replaced and deleted, and counted', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'c', [
    { name: 'n', type: 'number' },
    { name: 'tags', type: 'array' },
    { name: 'o', type: 'object' },
  ]);
  for (const [method, path, items, expected, after] of steps) {
    const note = `${method} ${path} ${JSON.stringify(items)}`;
    app.clock.advance(1_000);
    assert.equal(
      await outcome(app, method, `/catalogs/c/items${path}`, items === null ? undefined : { items }),
      expected,
      note,
    );
    assert.deepEqual((await app.get('/catalogs/c/items')).body.items, after, note);
  }
  const { body } = await app.get('/catalogs/c');
  const [{ num_items, storage_size, updated_at }] = body.catalogs;
  assert.equal(num_items, 4);
  assert.equal(updated_at, app.clock.now().toISOString().replace('Z', '+00:00'));
  const { bytes } = await app.db.one<{ bytes: number }>(sql`select sum(bytes)::bigint as bytes from catalog_items`);
  assert.equal(storage_size, bytes);
});

test('writers at the same time lose nothing', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'c', [{ name: 'tags', type: 'array' }]);
  await app.post('/catalogs/c/items/hot', { items: [{ tags: [] }] });
  await Promise.all(
    Array.from({ length: 12 }, async (_, at) => {
      const items = [{ id: 'hot', tags: { $add: [`t${at}`] } }];
      assert.equal(await outcome(app, 'PATCH', '/catalogs/c/items', { items }), '202 success');
      const more = { items: rows(10).map((row) => ({ id: `${row.id}-${at}` })) };
      assert.equal(await outcome(app, at % 2 ? 'PUT' : 'POST', '/catalogs/c/items', more), '202 success');
      if (at === 5) await app.post('/catalogs/c/fields', { fields: [{ name: 'late', type: 'string' }] });
    }),
  );
  const { body } = await app.get('/catalogs/c/items/hot');
  assert.deepEqual([...body.items[0].tags].sort(), Array.from({ length: 12 }, (_, at) => `t${at}`).sort());
  assert.equal((await app.get('/catalogs/c')).body.catalogs[0].num_items, 121);
});

test('pages follow the order of creation, and links lead forward and back', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'big', [{ name: 'text', type: 'string' }]);
  for (let page = 0; page < 3; page += 1)
    await app.post('/catalogs/big/items', { items: rows(50).map(({ id: name }) => ({ id: `${2 - page}-${name}` })) });
  const path = '/catalogs/big/items';
  const linkOf = async (query: string) => {
    const { body, headers } = await app.get(path + query);
    return [headers.get('link'), body.items.length, body.items[0]?.id];
  };
  const link = (rel: string, n: number) =>
    `<${path}?cursor=${Buffer.from(`skip:${n}`).toString('base64')}>; rel="${rel}"`;
  assert.equal(link('prev', 0), '</catalogs/big/items?cursor=c2tpcDow>; rel="prev"');
  assert.deepEqual(await linkOf(''), [link('next', 50), 50, '2-r0']);
  assert.deepEqual(await linkOf('?cursor=c2tpcDo1MA=='), [`${link('prev', 0)},${link('next', 100)}`, 50, '1-r0']);
  assert.deepEqual(await linkOf('?cursor=c2tpcDoxMDA='), [link('prev', 50), 50, '0-r0']);
  assert.deepEqual(await linkOf('?cursor=c2tpcDoxMDA'), [link('prev', 50), 50, '0-r0']);
  assert.deepEqual(await linkOf('?cursor=c2tpcDoxNTA='), [link('prev', 100), 0, undefined]);
  // A large page is cut: 50 items of 1 MB would be an answer of 50 MB.
  await givenCatalog(app, 'heavy', [{ name: 'text', type: 'string' }]);
  await app.db.run(sql`
    insert into catalog_items (catalog_id, item_id, ordinal, data)
    select c.id, 'h' || n, n, jsonb_build_object('0', repeat('x', 1200000))
      from item_catalogs c cross join generate_series(1, 9) as n
     where c.name = 'heavy'`);
  const first = await app.get('/catalogs/heavy/items');
  assert.equal(first.body.items.length, 7);
  const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  assert.deepEqual(
    (await app.get(next)).body.items.map((item: { id: string }) => item.id),
    ['h8', 'h9'],
  );
});

test('a page of a large catalog and a write to it read a few rows, by index', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'large', [{ name: 'n', type: 'number' }]);
  const { id: catalogId } = await app.db.one<{ id: number }>(sql`select id from item_catalogs`);
  await app.db.run(sql`
    insert into catalog_items (catalog_id, item_id, ordinal, data)
    select ${catalogId}, 'i' || n, n, jsonb_build_object('0', n) from generate_series(1, 50000) as n`);
  await app.db.run(sql`update item_totals set items = 50000, last_ordinal = 50000`);
  await app.db.run(sql`analyze catalog_items`);
  const read = async () => {
    await app.db.run(sql`select pg_stat_force_next_flush()`);
    const row = await app.db.one<{ rows: number }>(sql`
      select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows
        from pg_stat_user_tables where relname = 'catalog_items'`);
    return row.rows;
  };
  const before = await read();
  const cursor = Buffer.from('skip:40000').toString('base64');
  assert.equal((await app.get(`/catalogs/large/items?cursor=${cursor}`)).body.items[0].id, 'i40001');
  const items = rows(50).map((row) => ({ ...row, n: 1 }));
  assert.equal(await outcome(app, 'PUT', '/catalogs/large/items', { items }), '202 success');
  assert.equal(await outcome(app, 'PATCH', '/catalogs/large/items', { items }), '202 success');
  assert.ok((await read()) - before < 2_000, `${(await read()) - before} rows were read`);
  assert.equal((await app.get('/catalogs/large')).body.catalogs[0].num_items, 50_050);
});

test('the storage of a workspace is limited, for all its catalogs together', async (t) => {
  const app = await startCatalogsApp(t);
  await app.givenWorkspace('item_catalogs: { storage_bytes: 10000 }');
  for (const name of ['one', 'two']) await givenCatalog(app, name, [{ name: 'text', type: 'string' }]);
  const put = (catalog: string, item: string, size: number) =>
    outcome(app, 'PUT', `/catalogs/${catalog}/items`, { items: [{ id: item, text: long(size) }] });
  assert.equal(await put('one', 'a', 4_900), '202 success');
  assert.equal(await put('two', 'a', 4_900), '202 success');
  assert.equal(await put('two', 'b', 4_900), '400 company-size-limit-surge');
  assert.equal((await app.get('/catalogs/two')).body.catalogs[0].num_items, 1);
  assert.equal(await put('two', 'a', 5_000), '202 success');
  assert.equal(await put('two', 'b', 200), '400 company-size-limit-surge');
  await app.givenWorkspace('item_catalogs: { storage_bytes: 9000 }');
  assert.equal(await put('one', 'a', 1), '400 company-size-limit-already-reached');
  assert.equal(await outcome(app, 'DELETE', '/catalogs/two/items', { items: [{ id: 'a' }] }), '202 success');
  assert.equal(await put('one', 'a', 1), '202 success');
});

test('each bucket has the limit of the original and a count of its own', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const limits: [Method, string, string][] = [
    ['POST', '/catalogs', '50'],
    ['GET', '/catalogs', '50'],
    ['GET', '/catalogs/c', '50'],
    ['DELETE', '/catalogs/c', '50'],
    ['GET', '/catalogs/c/items', '50'],
    ...(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method): [Method, string, string] => [
      method,
      '/catalogs/c/items/a',
      '50',
    ]),
    ...(['POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method): [Method, string, string] => [
      method,
      '/catalogs/c/items',
      '16000',
    ]),
    ['POST', '/catalogs/c/fields', '50'],
    ['DELETE', '/catalogs/c/selections/s', '50'],
  ];
  const left: string[] = [];
  for (const [method, path, limit] of limits) {
    const { headers } = await send(app, method, path, {});
    assert.equal(headers.get('x-ratelimit-limit'), limit, `${method} ${path}`);
    left.push(headers.get('x-ratelimit-remaining') ?? '');
  }
  assert.deepEqual(left, [
    '49',
    '48',
    '47',
    '46',
    '49',
    '48',
    '47',
    '46',
    '45',
    '44',
    '15999',
    '15998',
    '15997',
    '15996',
    '49',
    '48',
  ]);
  for (let count = 0; count < 46; count += 1) await app.get('/catalogs');
  const { status, body } = await app.get('/catalogs');
  assert.deepEqual([status, body.message], [429, 'Rate Limited']);
});

test('PUT, PATCH and DELETE obey the rules of every request', async (t) => {
  const app = await startCatalogsApp(t);
  await givenCatalog(app, 'c', []);
  const [path, body] = ['/catalogs/c/items', { items: [{ id: 'a' }] }];
  for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
    const repeated = await app.call(method, path, body, { headers: { 'idempotency-key': 'k' } });
    assert.deepEqual([repeated.status, repeated.body.message], [400, 'Bad Request'], method);
    const broken = await app.call(method, path, '{');
    assert.deepEqual([broken.status, broken.body.message], [400, 'Bad Request'], method);
    assert.equal((await app.call(method, `${path}?limit=5`, body)).status, 400, method);
  }
  await app.givenWorkspace('requests: { strict_content_type: true }');
  for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
    assert.equal((await app.call(method, path, body)).status, 415, method);
    const headers = { 'content-type': 'application/json' };
    assert.equal((await app.call(method, path, body, { headers })).status, 202, method);
  }
  assert.equal((await app.call('DELETE', '/catalogs/c')).status, 200, 'a DELETE without a body needs no type');
});

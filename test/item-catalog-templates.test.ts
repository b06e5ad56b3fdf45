// Templates that read catalogs: the examples of catalogs.md §9, and one reading for many people.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import type { TestApp } from './support/app.ts';
import { givenCatalog, outcome, startCatalogsApp } from './support/item-catalogs.ts';

const WEBHOOK = { url: 'https://example.test/', request_method: 'POST' };

/** The messages that people got, or why they got none, by external id. */
async function sendTo(app: TestApp, people: string[], body: string): Promise<Record<string, string>> {
  const messages = { webhook: { ...WEBHOOK, body } };
  const { status, body: answer } = await app.post('/messages/send', { external_user_ids: people, messages });
  if (status !== 201) return Object.fromEntries(people.map((name) => [name, `${status} ${answer.errors[0]}`]));
  const path = `/dispatches/${answer.dispatch_id}`;
  // On a machine with too much to do, messages that there is no time for are composed a little later.
  for (let seconds = 0; seconds < 300; seconds += 1) {
    await app.drain();
    if ((await app.get(path)).body.state === 'finished') break;
    app.clock.advance(1_000);
  }
  const { body: verdicts } = await app.get(`${path}/recipients?limit=500`);
  const { body: sandbox } = await app.get(`/sandbox/messages?dispatch_id=${answer.dispatch_id}&limit=500`);
  const sent = new Map(
    sandbox.messages.map((one: { external_id: string; message: { body: string } }) => [
      one.external_id,
      one.message.body,
    ]),
  );
  return Object.fromEntries(
    verdicts.recipients.map((one: { external_id: string; status: string; reason: string; detail: string }) => [
      one.external_id,
      sent.get(one.external_id) ?? `${one.status} ${one.reason}: ${one.detail}`,
    ]),
  );
}

async function givenGames(app: TestApp): Promise<void> {
  const types = {
    title: 'string',
    price: 'number',
    on_sale: 'boolean',
    tags: 'array',
    text: 'string',
    at: 'time',
    place: 'geo',
    more: 'object',
  };
  await givenCatalog(
    app,
    'Games',
    Object.entries(types).map(([name, type]) => ({ name, type })),
  );
  const items = [
    {
      id: '1234',
      title: 'Tales',
      price: 7.49,
      on_sale: true,
      tags: ['rpg', 'indie'],
      text: 'For {{${first_name}}}',
      at: '2026-03-01T12:30:00Z',
      place: [16.37, 48.2],
      more: { a: ['{{x}}'] },
    },
    { id: '1235', title: 'Teslagrad', price: 4, on_sale: false, tags: [], text: null },
  ];
  assert.equal(await outcome(app, 'POST', '/catalogs/Games/items', { items }), '202 success');
  const selection = {
    name: 'cheap',
    filters: [{ field: 'price', operator: 'less than', value: 5 }],
    results_limit: 10,
    sort_field: 'title',
    sort_order: 'asc',
  };
  assert.equal(await outcome(app, 'POST', '/catalogs/Games/selections', { selection }), '202 success');
  await app.post('/users/track', {
    attributes: [{ external_id: 'ada', first_name: 'Ada', wishlist: ['1235', '9999'], word: 'Games', top: 'cheap' }],
  });
}

const examples: [template: string, output: string][] = [
  ['{% catalog_items Games 1234 %}{{ items[0].title }} {{ items[0].price }}', 'Tales 7.49'],
  ['{% catalog_items Games 1234 1235 %}{{ items | size }} {{ items[1].title }}', '2 Teslagrad'],
  ['{% catalog_items Games 1235 1234 %}{{ items[0].title }}', 'Teslagrad'],
  ['[{% catalog_items Games 9999 %}{{ items[0].title }}]{{ items.size }}', '[]0'],
  [
    '{% assign w = {{custom_attribute.${wishlist}}} %}{% catalog_items Games {{ w[0] }} %}{{ items[0].title }}',
    'Teslagrad',
  ],
  ['{% catalog_items Games {{custom_attribute.${wishlist}[0]}} %}{{ items[0].title }}', 'Teslagrad'],
  ['{% catalog_items Games 1234 %}{% if items[0].on_sale == true %}sale{% endif %}', 'sale'],
  ["{% catalog_items Games 1234 %}{{ items[0].tags | join: '/' }}", 'rpg/indie'],
  ['{% catalog_items Games 1234 %}{{ items[0].text }}', 'For {{${first_name}}}'],
  ['{% catalog_items Games 1234 :rerender %}{{ items[0].text }}', 'For Ada'],
  ['{% catalog_items Games 1235 %}[{{ items[0].text }}]', '[]'],
  ['{% catalog_selection_items Games cheap %}{% for i in items %}{{ i.title }};{% endfor %}', 'Teslagrad;'],
  [
    "{% catalog_selection_items Games cheap %}{% if items.size == 0 %}{% abort_message('none') %}{% endif %}{{ items | size }}",
    '1',
  ],
  ['{% catalog_items Nope 1 %}x', '400 messages.webhook.body: not a valid template: unknown catalog Nope'],
  ["{% catalog_items {{'Ga' | append: 'mes'}} 1234 %}{{ items[0].title }}", 'Tales'],
  // Beyond the fifteen of the page
  [
    '{% catalog_selection_items Games nope %}x',
    '400 messages.webhook.body: not a valid template: unknown selection nope of catalog Games',
  ],
  ['{% catalog_items Ga\u0000 1 %}x', '400 messages.webhook.body: not a valid template: unknown catalog Ga?'],
  [
    '{% catalog_items %}x',
    '400 messages.webhook.body: not a valid template: catalog_items: expected the name of a catalog, line 1',
  ],
  [
    `{% catalog_items Games${' 1'.repeat(51)} %}x`,
    '400 messages.webhook.body: not a valid template: catalog_items: expected at most 50 ids, got 51, line 1',
  ],
  [
    '{% catalog_selection_items Games %}x',
    '400 messages.webhook.body: not a valid template: catalog_selection_items: expected a catalog and a selection, line 1',
  ],
  ['{% catalog_items Games {{ a %}x', '400 messages.webhook.body: not a valid template: output is not closed, line 1'],
  ['{% catalog_items games 1234 %}x', '400 messages.webhook.body: not a valid template: unknown catalog games'],
  ['{% catalog_items Games %}{{ items.size }}', '0'],
  ['{% catalog_items "Games" \'1234\' %}{{ items[0].title }}', 'Tales'],
  ['{% catalog_items {{custom_attribute.${word}}} 1234 %}{{ items[0].title }}', 'Tales'],
  ['{% catalog_items {{custom_attribute.${none}}} 1234 %}[{{ items.size }}]', '[0]'],
  ['{% catalog_items {{ "No" | append: "pe" }} 1234 %}[{{ items.size }}]', '[0]'],
  ['{% catalog_selection_items Games {{custom_attribute.${top}}} %}{{ items[0].id }}', '1235'],
  ['{% catalog_selection_items Games {{ "nope" }} %}{{ items.size }}', '0'],
  ['{% catalog_items Games {{custom_attribute.${none}}} 1234 %}{{ items.size }}', '1'],
  ['{% catalog_items Games 12{{ 34 }} %}{{ items[0].title }}', 'Tales'],
  ["{% catalog_items Games {{ '123' | append: '4' }} {{ \" 1235 \" }} %}{{ items | map: 'id' | join }}", '1234 1235'],
  [
    '{% catalog_items Games 1234 %}{{ items[0].id }} {{ items[0].nope }}{{ items[0].at | date: "%H:%M" }} {{ items[0].place[0] }} {{ items[0].more.a[0] }}',
    '1234 12:30 16.37 {{x}}',
  ],
  ['{% catalog_items Games 1234 :rerender %}{{ items[0].more.a[0] }}', '{{x}}'],
  [
    '{% catalog_items Games 1234 %}{% assign one = items %}{% catalog_items Games 1235 %}{{ one[0].title }} {{ items[0].title }}',
    'Tales Teslagrad',
  ],
  ['{% for i in (1..2) %}{% catalog_items Games 1235 %}{% endfor %}{{ items.size }}', '1'],
  ['{% if false %}{% catalog_items Games 1235 %}{% endif %}[{{ items }}]', '[]'],
  ['{% liquid\ncatalog_items Games 1234\necho items[0].title\n%}', 'Tales'],
  ['<img src="{% catalog_items Games 1234 %}{{ items[0].title }}">', '<img src="Tales">'],
  ['{% raw %}{% catalog_items Nope 1 %}{% endraw %}', '{% catalog_items Nope 1 %}'],
  // An item that an item leads to
  [
    '{% catalog_items Games 1235 %}{% assign next = items[0].id | plus: -1 %}{% catalog_items Games {{ next }} %}{{ items[0].title }}',
    'Tales',
  ],
  ["{% catalog_items Games 1234 %}{% if items.size == 0 %}{% abort_message('none') %}{% endif %}{{ items.size }}", '1'],
];

test('templates read items and selections', async (t) => {
  const app = await startCatalogsApp(t, { worker: true });
  await givenGames(app);
  await Promise.all(
    examples.map(async ([template, output]) =>
      assert.equal((await sendTo(app, ['ada'], template)).ada, output, template),
    ),
  );

  const dryRun = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { webhook: { ...WEBHOOK, body: '{% catalog_items Games 1234 %}{{ items[0].title }}' } },
    cresset: { dry_run: true },
  });
  assert.equal(dryRun.body.samples[0].message.body, 'Tales');
});

const rerendered: [text: string, template: string, output: string][] = [
  ['{{ a }}', '{% assign a = "b" %}', 'b'],
  ['{% assign a = 1 %}{{ a }}', '', '1'],
  ['{{ "{{x}}" }}', '', '{{x}}'],
  ['{% catalog_items Games 1234 %}', '', '{% catalog_items Games 1234 %}'],
  ['{% connected_content https://example.test %}', '', '{% connected_content https://example.test %}'],
  ['{% if %}', '', 'aborted render_error: messages.webhook.body: a text of a catalog is not a valid template: '],
  ["{% abort_message('stock') %}", '', 'aborted aborted: stock'],
  ['{{ 1 | divided_by: 0 }}', '', 'aborted render_error: messages.webhook.body: divided by 0, line 1, column 1'],
];

test('a text of an item is rendered only with :rerender, once, and without catalogs', async (t) => {
  const app = await startCatalogsApp(t, { worker: true });
  await givenGames(app);
  for (const [text, before, output] of rerendered) {
    await app.call('PATCH', '/catalogs/Games/items', { items: [{ id: '1234', text }] });
    app.clock.advance(6_000);
    const { ada = '' } = await sendTo(
      app,
      ['ada'],
      `${before}{% catalog_items Games 1234 :rerender %}{{ items[0].text }}`,
    );
    assert.equal(ada.slice(0, output.length), output, text);
    if (!output.startsWith('aborted')) assert.equal(ada, output, text);
    assert.equal((await sendTo(app, ['ada'], '{% catalog_items Games 1234 %}{{ items[0].text }}')).ada, text);
  }
});

const shop = [
  { id: 'a', s: 'x', n: 1, b: true, t: '2026-01-01', l: ['p', 'q'], g: [16.37, 48.21] },
  { id: 'b', s: 'y', n: 2.5, b: false, t: '2026-02-01T12:00:00Z', l: ['q'], g: [15.44, 47.07] },
  { id: 'c', s: 'X', n: -3, b: true, t: '2026-03-01', l: [], g: [13.05, 47.8] },
  { id: 'd' },
];
const area = (radius: number, unit = 'km') => ({ center: [16.37, 48.2], radius, unit });
const filters: [field: string, operator: string, value: unknown, ids: string][] = [
  ['s', 'equals', 'x', 'a'],
  ['s', 'does not equal', 'x', 'bcd'],
  ['id', 'equals', 'c', 'c'],
  ['n', 'equals', '2.5', 'b'],
  ['n', 'does not equal', 1, 'bcd'],
  ['n', 'greater than', -3, 'ab'],
  ['n', 'less than', 2.5, 'ac'],
  ['b', 'is', true, 'ac'],
  ['b', 'is', 'false', 'b'],
  ['t', 'before', '2026-02-01T12:00:00Z', 'a'],
  ['t', 'after', '2026-02-01', 'bc'],
  ['t', 'after', 1_772_323_199, 'c'],
  ['l', 'includes value', 'q', 'ab'],
  ['l', 'does not include value', 'q', 'cd'],
  ['g', 'geo within', area(10), 'a'],
  ['g', 'geo within', area(150, 'mi'), 'ab'],
  ['g', 'geo outside', area(200), 'c'],
  // Liquid
  ['n', 'less than', '{{custom_attribute.${max}}}', 'ac'],
  ['s', 'equals', "{{custom_attribute.${missing} | default: 'y'}}", 'b'],
  ['n', 'less than', '{{custom_attribute.${word}}}', ''],
  ['n', 'less than', '{{custom_attribute.${missing}}}', ''],
  ['l', 'includes value', '{{custom_attribute.${word}}}', ''],
  ['g', 'geo within', { center: "{{custom_attribute.${place} | join: ','}}", radius: 30, unit: 'km' }, 'b'],
  ['s', 'equals', '{{content_blocks.${x}}}', ''],
  ['s', 'equals', "{% abort_message('x') %}", ''],
  ['s', 'equals', '{% catalog_items shop a %}x', ''],
  ['s', 'equals', '{% connected_content https://example.test %}x', ''],
  ['s', 'equals', '{% if %}', ''],
  ['n', 'equals', '{{ 1 | divided_by: 0 }}', ''],
];
const sortings: [sorting: object, ids: string][] = [
  [{ sort_field: 'n', sort_order: 'asc' }, 'cabd'],
  [{ sort_field: 'n', sort_order: 'desc' }, 'bacd'],
  [{ sort_field: 's', sort_order: 'asc' }, 'cabd'],
  [{ sort_field: 't', sort_order: 'desc' }, 'cbad'],
  [{ sort_field: 'b', sort_order: 'asc' }, 'bacd'],
  [{ sort_field: 'id', sort_order: 'desc' }, 'dcba'],
  [{ sort_field: 'id', sort_order: 'desc', results_limit: 2 }, 'dc'],
  [{ filters: [{ field: 'g', operator: 'geo outside', value: area(1) }], sort_field: 'id', sort_order: 'desc' }, 'abc'],
  [
    {
      filters: [
        { field: 'b', operator: 'is', value: true },
        { field: 'n', operator: 'less than', value: 0 },
      ],
    },
    'c',
  ],
];

test('selections filter and sort, for each person by their own values', async (t) => {
  const app = await startCatalogsApp(t, { worker: true });
  const types = { s: 'string', n: 'number', b: 'boolean', t: 'time', l: 'array', g: 'geo' };
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', max: 2, word: 'none', place: ['15.4', '47.0'] },
      { external_id: 'bob', max: 0 },
    ],
  });
  // All selections of a list are read by one message. A catalog has at most 30.
  const selected = async (catalog: string, selections: readonly object[]): Promise<Record<string, string[]>> => {
    await givenCatalog(
      app,
      catalog,
      Object.entries(types).map(([name, type]) => ({ name, type })),
    );
    await app.post(`/catalogs/${catalog}/items`, { items: shop });
    for (const [at, members] of selections.entries()) {
      const selection = { name: `s${at}`, filters: [], results_limit: 50, ...members };
      const created = await outcome(app, 'POST', `/catalogs/${catalog}/selections`, { selection });
      assert.equal(created, '202 success', JSON.stringify(members));
    }
    const tags = selections.map(
      (_, at) => `{% catalog_selection_items ${catalog} s${at} %}{{ items | map: 'id' | join: '' }}`,
    );
    const sent = Object.entries(await sendTo(app, ['ada', 'bob'], tags.join('.')));
    return Object.fromEntries(sent.map(([name, texts]) => [name, texts.split('.')]));
  };
  const byId = { sort_field: 'id', sort_order: 'asc' };
  const filtered = filters.map(([field, operator, value]) => ({ filters: [{ field, operator, value }], ...byId }));
  assert.deepEqual(
    (await selected('filters', filtered)).ada,
    filters.map(([, , , ids]) => ids),
  );
  const personal = { filters: [{ field: 'n', operator: 'less than', value: '{{custom_attribute.${max}}}' }], ...byId };
  const others = [...sortings.map(([sorting]) => sorting), personal, { results_limit: 3, sort_field: 'n' }];
  const { ada = [], bob = [] } = await selected('sortings', others);
  assert.deepEqual(
    ada.slice(0, sortings.length),
    sortings.map(([, ids]) => ids),
  );
  assert.deepEqual([ada.at(-2), bob.at(-2)], ['ac', 'c']);
  assert.match(ada.at(-1) ?? '', /^(?!.*(.).*\1)[a-d]{3}$/);
});

test('an item that a random selection leads to is found, because a message draws once', async (t) => {
  const app = await startCatalogsApp(t, { worker: true });
  await givenCatalog(app, 'c', [{ name: 'next', type: 'string' }]);
  const names = Array.from({ length: 40 }, (_, at) => `i${at}`);
  await app.post('/catalogs/c/items', { items: names.map((id) => ({ id, next: `to-${id}` })) });
  await app.post('/catalogs/c/items', { items: names.map((id) => ({ id: `to-${id}` })) });
  await app.post('/catalogs/c/selections', {
    selection: { name: 'any', filters: [{ field: 'next', operator: 'does not equal', value: 'x' }], results_limit: 50 },
  });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const { ada } = await sendTo(
    app,
    ['ada'],
    "{% catalog_selection_items c any %}{% assign one = items | where: 'next' | first %}{% catalog_items c {{ one.next }} %}{{ one.id }} {{ items[0].id }}",
  );
  assert.match(ada ?? '', /^(i\d+) to-\1$/);
});

test('one reading serves many people, and a message has its limits', async (t) => {
  const app = await startCatalogsApp(t, { worker: true });
  await givenCatalog(app, 'c', [
    { name: 'next', type: 'string' },
    { name: 'text', type: 'string' },
  ]);
  const chain = Array.from({ length: 40 }, (_, at) => ({ id: `i${at}`, next: `i${at + 1}`, text: 'x'.repeat(4_000) }));
  await app.post('/catalogs/c/items', { items: chain });
  const people = Array.from({ length: 40 }, (_, at) => `p${at}`);
  await app.post('/users/track', { attributes: people.map((external_id, at) => ({ external_id, item: `i${at}` })) });
  const before = await scans(app);
  const sent = await sendTo(app, people, '{% catalog_items c {{custom_attribute.${item}}} i0 %}{{ items[0].next }}');
  assert.deepEqual(sent, Object.fromEntries(people.map((name, at) => [name, `i${at + 1}`])));
  // 40 people and 40 items: each item is looked up once, and read once.
  assert.ok((await scans(app)) - before <= 82, `${(await scans(app)) - before} look-ups`);

  const atBroadcast = await scans(app);
  const audience = { custom_attribute: { custom_attribute_name: 'item', comparison: 'exists' } };
  const webhook = { ...WEBHOOK, body: '{% catalog_items c i7 %}{{ items[0].next }}' };
  const broadcast = await app.post('/messages/send', { broadcast: true, audience, messages: { webhook } });
  await app.drain();
  const { body } = await app.get(`/sandbox/messages?dispatch_id=${broadcast.body.dispatch_id}&limit=500`);
  assert.deepEqual(
    body.messages.map((one: { message: { body: string } }) => one.message.body),
    people.map(() => 'i8'),
  );
  assert.ok((await scans(app)) - atBroadcast <= 4, `${(await scans(app)) - atBroadcast} look-ups`);

  const follow = (count: number) =>
    `{% assign at = "i0" %}{% for i in (1..${count}) %}{% catalog_items c {{ at }} %}{% assign at = items[0].next %}{% endfor %}{{ at }}`;
  app.clock.advance(6_000);
  assert.equal((await sendTo(app, ['p0'], follow(9))).p0, 'i9');
  app.clock.advance(6_000);
  assert.equal(
    (await sendTo(app, ['p0'], follow(30))).p0,
    'aborted render_error: more than 10 readings of catalogs depend on one another',
  );
  const reads = (count: number) => `{% for i in (1..${count}) %}{% catalog_items c i0 %}{% endfor %}{{ items.size }}`;
  assert.equal((await sendTo(app, ['p0'], reads(200))).p0, '1');
  assert.equal(
    (await sendTo(app, ['p0'], reads(300))).p0,
    'aborted render_error: messages.webhook.body: more than 1000000 characters of assigned text, line 1, column 24',
  );
  const unknown = '{% for i in (1..501) %}{% catalog_items c nobody %}{% endfor %}x';
  assert.equal(
    (await sendTo(app, ['p0'], unknown)).p0,
    'aborted render_error: messages.webhook.body: more than 500 items of catalogs, line 1, column 24',
  );
});

async function scans(app: TestApp): Promise<number> {
  // Every connection of the pools counts for itself. Each is held for a moment, so that all have their turn.
  const flush = (db: Pick<TestApp['db'], 'run'>) => db.run(sql`select pg_stat_force_next_flush(), pg_sleep(0.02)`);
  await Promise.all(Array.from({ length: 20 }, () => [flush(app.db), flush(app.db.byKey)]).flat());
  const { count } = await app.db.one<{ count: number }>(sql`
    select (seq_scan + idx_scan)::int as count from pg_stat_user_tables where relname = 'catalog_items'`);
  return count;
}

test('large items are read a few at a time, and everybody gets their own', async (t) => {
  const app = await startCatalogsApp(t, { worker: true });
  await givenCatalog(app, 'heavy', [{ name: 'text', type: 'string' }]);
  await app.db.run(sql`
    insert into catalog_items (catalog_id, item_id, ordinal, data)
    select c.id, 'h' || n, n, jsonb_build_object('0', repeat('x', 900000)) from item_catalogs c cross join generate_series(0, 29) as n`);
  const people = Array.from({ length: 30 }, (_, at) => `p${at}`);
  await app.post('/users/track', { attributes: people.map((external_id, at) => ({ external_id, item: `h${at}` })) });
  const sent = await sendTo(
    app,
    people,
    '{% catalog_items heavy {{custom_attribute.${item}}} %}{{ items[0].id }} {{ items[0].text | size }}',
  );
  assert.deepEqual(sent, Object.fromEntries(people.map((name, at) => [name, `h${at} 900000`])));
  const five = '{% catalog_items heavy h0 h1 h2 h3 h4 %}{{ items.size }}';
  assert.equal(
    (await sendTo(app, ['p0'], five)).p0,
    'aborted render_error: messages.webhook.body: more than 4194304 bytes of items of catalogs, line 1, column 1',
  );
});

// Stored email templates and content blocks, seen from outside: every row of adjacent-endpoints.md §6.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const KB = 1_024;
const UNKNOWN = '00000000-0000-7000-8000-000000000000';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const workspace = `
tags: [season]
campaigns: [{ id: welcome, name: Welcome, kind: api, tags: [onboarding] }]
segments: [{ id: 11111111-1111-4111-8111-111111111111, name: All, filter: null, tags: [everyone] }]`;

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(workspace);
  return app;
}

const template = { template_name: 'Welcome', subject: 'Hi {{${first_name}}}', body: '<p>Hello</p>' };
const block = { name: 'footer', content: 'Bye' };

async function created(app: TestApp, path: string, body: object): Promise<string> {
  const answer = await app.post(path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body.email_template_id ?? answer.body.content_block_id;
}

type Refusal = [body: object, message: string, error: RegExp];

async function refuses(app: TestApp, path: string, table: readonly Refusal[]): Promise<void> {
  for (const [body, message, error] of table) {
    const answer = await app.post(path, body);
    assert.deepEqual([answer.status, answer.body.message], [400, message], JSON.stringify(answer.body));
    assert.equal(answer.body.errors.length, 1, JSON.stringify(answer.body));
    assert.match(answer.body.errors[0], error);
  }
}

async function refusesQueries(app: TestApp, table: readonly [path: string, message: string, error: RegExp][]) {
  for (const [path, message, error] of table) {
    const answer = await app.get(path);
    assert.deepEqual([answer.status, answer.body.message], [400, message], path);
    assert.match(answer.body.errors[0], error, path);
  }
}

test('email templates are created, changed, shown and listed', async (t) => {
  const app = await start(t);
  const before = app.clock.now().toISOString();
  const answer = await app.post('/templates/email/create', { ...template, tags: ['season', 'onboarding', 'everyone'] });
  assert.equal(answer.status, 201);
  assert.deepEqual(Object.keys(answer.body), ['email_template_id', 'message']);
  const { email_template_id } = answer.body;
  assert.match(email_template_id, uuid);
  app.clock.advance(60_000);
  const change = { preheader: 'Look', plaintext_body: 'Hello', should_inline_css: true, tags: [], ignored: 1 };
  const changed = await app.post('/templates/email/update', { email_template_id, ...change });
  assert.deepEqual([changed.status, changed.body], [200, { email_template_id, message: 'success' }]);
  const info = await app.get(`/templates/email/info?email_template_id=${email_template_id.toUpperCase()}`);
  assert.equal(info.status, 200);
  assert.deepEqual(Object.entries(info.body), [
    ['email_template_id', email_template_id],
    ['template_name', 'Welcome'],
    ['description', ''],
    ['subject', template.subject],
    ['preheader', 'Look'],
    ['body', template.body],
    ['plaintext_body', 'Hello'],
    ['should_inline_css', true],
    ['tags', []],
    ['created_at', before],
    ['updated_at', app.clock.now().toISOString()],
    ['message', 'success'],
  ]);
  const cleared = await app.post('/templates/email/update', { email_template_id, preheader: '', plaintext_body: null });
  assert.equal(cleared.status, 200);
  const { body } = await app.get(`/templates/email/info?email_template_id=${email_template_id}`);
  assert.deepEqual([body.preheader, body.plaintext_body], ['', 'Hello']);
  const list = await app.get('/templates/email/list');
  assert.equal(list.status, 200);
  assert.deepEqual(Object.entries(list.body), [
    ['count', 1],
    [
      'templates',
      [
        {
          email_template_id,
          template_name: 'Welcome',
          created_at: before,
          updated_at: app.clock.now().toISOString(),
          tags: [],
        },
      ],
    ],
    ['message', 'success'],
  ]);
});

test('content blocks are created, changed, shown and listed', async (t) => {
  const app = await start(t);
  const before = app.clock.now().toISOString();
  const answer = await app.post('/content_blocks/create', { ...block, description: 'At the end', tags: ['season'] });
  assert.equal(answer.status, 201);
  const { content_block_id } = answer.body;
  assert.match(content_block_id, uuid);
  const saved = {
    content_block_id,
    liquid_tag: '{{content_blocks.${footer}}}',
    created_at: before,
    message: 'success',
  };
  assert.deepEqual(Object.entries(answer.body), Object.entries(saved));
  app.clock.advance(60_000);
  const change = { name: 'foot_er-2', content: '<b>Bye</b>', state: 'draft', description: null };
  const changed = await app.post('/content_blocks/update', { content_block_id, ...change });
  const liquid_tag = '{{content_blocks.${foot_er-2}}}';
  assert.deepEqual([changed.status, changed.body], [201, { ...saved, liquid_tag }]);
  const edited = { created_at: before, last_edited: app.clock.now().toISOString() };
  const shown = {
    content_block_id,
    name: 'foot_er-2',
    content: '<b>Bye</b>',
    description: 'At the end',
    content_type: 'html',
    state: 'draft',
    tags: ['season'],
    ...edited,
    inclusion_count: 0,
    message: 'success',
  };
  const info = await app.get(`/content_blocks/info?content_block_id=${content_block_id}&include_inclusion_data=false`);
  assert.deepEqual([info.status, Object.entries(info.body)], [200, Object.entries(shown)]);
  const listed = { content_block_id, name: 'foot_er-2', content_type: 'html', liquid_tag, inclusion_count: 0 };
  const list = await app.get('/content_blocks/list');
  assert.deepEqual(
    [list.status, list.body],
    [200, { count: 1, content_blocks: [{ ...listed, ...edited, tags: ['season'] }], message: 'success' }],
  );
});

test('what a template may not be', async (t) => {
  const app = await start(t);
  const email_template_id = await created(app, '/templates/email/create', { ...template, body: 'x'.repeat(400 * KB) });
  const wrong: Refusal[] = [
    [{ template_name: '' }, 'Template name is required', /^template_name: expected a text, got a text/],
    [{ template_name: ' ' }, 'Template name is required', /^template_name/],
    [{ template_name: 7 }, 'Template name is required', /^template_name: expected a text, got 7$/],
    [{ template_name: 'a\0' }, 'Bad Request', /^template_name: expected Unicode text without NUL$/],
    [{ template_name: '\ud800' }, 'Bad Request', /^template_name: expected Unicode text without NUL$/],
    [{ template_name: 'x'.repeat(1_025) }, 'Bad Request', /^template_name: expected at most 1024 bytes, got 1025$/],
    [{ tags: 'season' }, 'Tags must be an array', /^tags: expected an array of texts, got a text$/],
    [{ tags: ['season', 7] }, 'All tags must be strings', /^tags\[1\]: expected a text, got 7$/],
    [{ tags: ['season', 'nope'] }, 'Some tags could not be found', /^tags: .*"nope"$/],
    [{ tags: ['\0'] }, 'Some tags could not be found', /^tags: /],
    [{ tags: Array.from({ length: 101 }, (_, n) => `t${n}`) }, 'Bad Request', /^tags: expected at most 100, got 101$/],
    [
      { body: '{{content_blocks.${nope}}}' },
      'Email must have valid Content Block names',
      /^unknown content block nope$/,
    ],
    [
      { body: '{{content_blocks.${a b}}}' },
      'Bad Request',
      /^body: not a valid template: unknown content block, line 1$/,
    ],
    [
      { should_inline_css: 'true' },
      'Invalid value for `should_inline_css`. One of `true` or `false` was expected',
      /^should_inline_css: expected a boolean, got a text$/,
    ],
    [{ body: 'x'.repeat(400 * KB + 1) }, 'Bad Request', /^body: expected at most 409600 bytes, got 409601$/],
    [{ plaintext_body: 'é'.repeat(200 * KB + 1) }, 'Bad Request', /^plaintext_body: expected at most 409600 bytes/],
    [{ subject: 'x'.repeat(10 * KB + 1) }, 'Bad Request', /^subject: expected at most 10240 bytes, got 10241$/],
    [{ subject: 'a\nb' }, 'Bad Request', /^subject: must not hold line breaks or NUL$/],
    [{ subject: '' }, 'Bad Request', /^subject: expected a text that is not empty$/],
    [{ body: '' }, 'Bad Request', /^body: expected a text that is not empty$/],
    [{ preheader: {} }, 'Bad Request', /^preheader: expected a text, got an object$/],
    [{ body: 'a\n\n{{ 1 | nope }}' }, 'Bad Request', /^body: not a valid template: .*nope.*, line 3$/],
    [{ subject: '{% if %}' }, 'Bad Request', /^subject: not a valid template: .*, line 1$/],
  ];
  const create = wrong.map(([body, ...rest]): Refusal => [{ ...template, ...body }, ...rest]);
  await refuses(app, '/templates/email/create', [
    [
      { ...template, template_name: undefined },
      'Template name is required',
      /^template_name: expected a text, got nothing$/,
    ],
    [{ ...template, subject: null }, 'Bad Request', /^subject: is required$/],
    [{ ...template, body: undefined }, 'Bad Request', /^body: is required$/],
    ...create,
  ]);
  const update = wrong.map(([body, ...rest]): Refusal => [{ email_template_id, ...body }, ...rest]);
  await refuses(app, '/templates/email/update', [
    [{ subject: 's' }, 'Bad Request', /^email_template_id: expected a text, got nothing$/],
    [{ email_template_id: 7, subject: 's' }, 'Bad Request', /^email_template_id: expected a text, got 7$/],
    [
      { email_template_id: UNKNOWN, subject: 's' },
      'Bad Request',
      /^email_template_id: does not name an email template/,
    ],
    [{ email_template_id: '\0', subject: 's' }, 'Bad Request', /^email_template_id: does not name an email template/],
    [{ email_template_id }, 'Bad Request', /^expected at least one of template_name, subject, body, /],
    [{ email_template_id, tags: null, ignored: 1 }, 'Bad Request', /^expected at least one of /],
    ...update,
  ]);
  await refusesQueries(app, [
    ['/templates/email/info', 'Bad Request', /^email_template_id: expected a text, got nothing$/],
    [`/templates/email/info?email_template_id=${UNKNOWN}`, 'Bad Request', /^email_template_id: does not name/],
    ['/templates/email/info?email_template_id=%00', 'Bad Request', /^email_template_id: does not name/],
  ]);
  // Nothing was changed.
  const { body } = await app.get('/templates/email/list');
  assert.deepEqual([body.count, body.templates[0].template_name], [1, 'Welcome']);
});

test('what a content block may not be', async (t) => {
  const app = await start(t);
  const longest = { name: 'x'.repeat(99), content: 'x'.repeat(50 * KB - 1), description: 'x'.repeat(249) };
  const content_block_id = await created(app, '/content_blocks/create', longest);
  await created(app, '/content_blocks/create', { name: 'taken', content: 'x' });
  const only = 'Content Block name can only contain alphanumeric characters';
  const malformed = 'Content contains malformed liquid';
  const wrong: Refusal[] = [
    [{ name: '' }, 'Content Block name cannot be blank', /^name: /],
    [{ name: ' ' }, 'Content Block name cannot be blank', /^name: /],
    [{ name: 'x'.repeat(100) }, 'Content Block name must be shorter than 100 characters', /fewer than 100.*got 100$/],
    [{ name: 'a b' }, only, /^name: expected letters/],
    [{ name: 'é' }, only, /^name: /],
    [{ name: 'a\0' }, only, /^name: /],
    [{ name: ['a'] }, only, /^name: expected a text, got an array$/],
    [{ name: 'taken' }, 'Content Block with this name already exists', /^name: is the name of another block$/],
    [{ content: '' }, 'Content cannot be blank', /^content: /],
    [{ content: '\n ' }, 'Content cannot be blank', /^content: /],
    [{ content: 7 }, 'Content must be a string', /^content: expected a text, got 7$/],
    [{ content: 'x'.repeat(50 * KB) }, 'Content must be smaller than 50kb', /fewer than 51200 bytes, got 51200$/],
    [{ content: 'é'.repeat(25 * KB) }, 'Content must be smaller than 50kb', /fewer than 51200 bytes, got 51200$/],
    [{ content: 'a\n{{ x | nope }}' }, malformed, /^content: not a valid template: .*nope.*, line 2$/],
    [{ content: '{% if true %}' }, malformed, /^content: not a valid template: tag if is not closed, line 1$/],
    [
      { content: '{% if true %}<!-- {% endif %} -->' },
      malformed,
      /^content: not a valid template: tag if is not closed/,
    ],
    [{ content: "{{ promotion('summer') }}" }, malformed, /^content: .*promotion.*, line 1$/],
    [{ content: '{{content_blocks.${nope}}}' }, malformed, /^content: unknown content block nope$/],
    [{ description: '' }, 'Content Block description cannot be blank', /^description: /],
    [{ description: 7 }, 'Content Block description must be a string', /^description: /],
    [
      { description: 'x'.repeat(250) },
      'Content Block description must be shorter than 250 characters',
      /^description: /,
    ],
    [{ description: 'a\0' }, 'Bad Request', /^description: expected Unicode text without NUL$/],
    [{ state: 'archived' }, 'Content Block state must be either active or draft', /^state: expected active or draft$/],
    [{ state: 1 }, 'Content Block state must be either active or draft', /^state: /],
    [{ tags: 'season' }, 'Tags must be an array', /^tags: /],
    [{ tags: [null] }, 'All tags must be strings', /^tags\[0\]: expected a text, got null$/],
    [{ tags: ['nope'] }, 'Some tags could not be found', /^tags: /],
  ];
  await refuses(app, '/content_blocks/create', [
    [{ content: 'x' }, 'Content Block name cannot be blank', /^name: is required$/],
    [{ name: 'a' }, 'Content cannot be blank', /^content: is required$/],
    [
      { name: 'own', content: '{{content_blocks.${own}}}' },
      'Content Block cannot be referenced within itself',
      /^content: includes own, /,
    ],
    ...wrong.map(([body, ...rest]): Refusal => [{ ...block, ...body }, ...rest]),
  ]);
  await refuses(app, '/content_blocks/update', [
    [{ content: 'x' }, 'Content Block ID cannot be blank', /^content_block_id: is required$/],
    [{ content_block_id: '', content: 'x' }, 'Content Block ID cannot be blank', /^content_block_id: /],
    [{ content_block_id: 7, content: 'x' }, 'Content Block ID is invalid for this workspace', /^content_block_id: /],
    [{ content_block_id: 'x', content: 'x' }, 'Content Block ID is invalid for this workspace', /^content_block_id: /],
    [
      { content_block_id: UNKNOWN, content: 'x' },
      'Content Block ID is invalid for this workspace',
      /^content_block_id: /,
    ],
    [{ content_block_id }, 'Bad Request', /^expected at least one of name, content, /],
    ...wrong.map(([body, ...rest]): Refusal => [{ content_block_id, ...body }, ...rest]),
  ]);
  const info = '/content_blocks/info?content_block_id';
  await refusesQueries(app, [
    ['/content_blocks/info', 'Content Block ID cannot be blank', /^content_block_id: /],
    [`${info}=${UNKNOWN}`, 'Content Block ID is invalid for this workspace', /^content_block_id: does not name/],
    [
      `${info}=${content_block_id}&include_inclusion_data=2`,
      'Include Inclusion Data—error',
      /^include_inclusion_data: /,
    ],
  ]);
  const { body } = await app.get('/content_blocks/list');
  const names = body.content_blocks.map(({ name }: { name: string }) => name);
  assert.deepEqual(names.sort(), ['taken', longest.name]);
});

test('blocks make no circles, keep their names while they are included, and count their inclusions', async (t) => {
  const app = await start(t);
  const including = (name: string) => `{{content_blocks.\${${name}}}}`;
  const make = async (path: string, body: object) => {
    app.clock.advance(1_000); // lists are in the order of creation
    return created(app, path, body);
  };
  const a = await make('/content_blocks/create', { name: 'a', content: 'A' });
  const b = await make('/content_blocks/create', { name: 'b', content: `B${including('a')}${including('a')}` });
  const c = await make('/content_blocks/create', { name: 'c', content: `C${including('b')}` });
  const circle = 'Content Block cannot be referenced within itself';
  await refuses(app, '/content_blocks/update', [
    [{ content_block_id: a, content: including('a') }, circle, /^content: includes a, itself or by way of other/],
    [{ content_block_id: a, content: including('b') }, circle, /^content: includes a, /],
    [{ content_block_id: a, content: including('c') }, circle, /^content: includes a, /],
    [
      { content_block_id: a, name: 'z' },
      'Bad Request',
      /^name: cannot change while 1 templates and content blocks include a$/,
    ],
    [{ content_block_id: c, name: 'b' }, 'Content Block with this name already exists', /^name: /],
  ]);
  // At the same time, each would be right alone.
  const x = await make('/content_blocks/create', { name: 'x', content: 'X' });
  const y = await make('/content_blocks/create', { name: 'y', content: 'Y' });
  const race = await Promise.all([
    app.post('/content_blocks/update', { content_block_id: x, content: including('y') }),
    app.post('/content_blocks/update', { content_block_id: y, content: including('x') }),
  ]);
  assert.deepEqual(race.map(({ status }) => status).sort(), [201, 400]);
  const mail = await make('/templates/email/create', { ...template, preheader: including('a') });
  const hidden = `<!-- ${including('c')} -->`;
  await make('/templates/email/create', {
    ...template,
    body: `${including('c')}${hidden}`,
    subject: including('c'),
  });
  await make('/templates/email/create', { ...template, body: hidden });
  const info = await app.get(`/content_blocks/info?content_block_id=${a}&include_inclusion_data=1`);
  assert.deepEqual([info.body.inclusion_count, info.body.inclusion_data], [2, [b, mail]]);
  const { body } = await app.get('/content_blocks/list');
  const counts = body.content_blocks.slice(0, 3).map(({ inclusion_count }: Record<string, number>) => inclusion_count);
  assert.deepEqual(counts, [2, 1, 1]);
  assert.equal(
    (await app.post('/content_blocks/update', { content_block_id: c, name: 'c', content: 'C' })).status,
    201,
  );
});

test('lists have pages and periods', async (t) => {
  const app = await start(t);
  const path = { blocks: '/content_blocks/list', templates: '/templates/email/list' };
  const times: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    times.push(app.clock.now().toISOString());
    await created(app, '/content_blocks/create', { name, content: name });
    await created(app, '/templates/email/create', { ...template, template_name: name });
    app.clock.advance(60_000);
  }
  const names = async (query: string) => {
    const [blocks, templates] = await Promise.all([app.get(path.blocks + query), app.get(path.templates + query)]);
    assert.deepEqual([blocks.status, templates.status], [200, 200], JSON.stringify(blocks.body));
    const listed = blocks.body.content_blocks.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      templates.body.templates.map(({ template_name }: { template_name: string }) => template_name),
      listed,
    );
    assert.deepEqual([blocks.body.count, templates.body.count], [listed.length, listed.length]);
    return listed;
  };
  const [, second] = times;
  const rows: [query: string, listed: string[]][] = [
    ['', ['one', 'two', 'three']],
    ['?limit=1', ['one']],
    ['?limit=2&offset=1', ['two', 'three']],
    ['?limit=5000&offset=0', ['one', 'two', 'three']],
    ['?limit=&offset=', ['one', 'two', 'three']],
    ['?offset=3', []],
    [`?modified_after=${second}`, ['two', 'three']],
    [`?modified_before=${second}`, ['one', 'two']],
    [`?modified_after=${second}&modified_before=${second}`, ['two']],
    ['?modified_after=2026-03-15', ['one', 'two', 'three']],
    ['?modified_after=2026-03-16', []],
    ['?modified_before=2026-03-15T07:00:30-5:00', ['one']],
    ['?modified_before=2026-03-15T13:00:30+01:00', ['one']],
  ];
  for (const [query, listed] of rows) assert.deepEqual(await names(query), listed, query);
  for (const each of Object.values(path)) {
    await refusesQueries(app, [
      [`${each}?limit=x`, 'Content Block number limit is invalid', /^limit: /],
      [`${each}?limit=1.5`, 'Content Block number limit is invalid', /^limit: /],
      [`${each}?limit=0`, 'Content Block number limit must be greater than 0', /^limit: .*got 0$/],
      [`${each}?limit=-1`, 'Content Block number limit must be greater than 0', /^limit: .*got -1$/],
      [`${each}?offset=x`, 'Offset is invalid', /^offset: /],
      [`${each}?offset=-1`, 'Offset must be greater than 0', /^offset: .*got -1$/],
      [`${each}?modified_after=soon`, 'Modified after time is invalid', /^modified_after: /],
      [`${each}?modified_before=2026-02-30`, 'Modified before time is invalid', /^modified_before: /],
      [
        `${each}?modified_after=2026-03-16&modified_before=2026-03-15`,
        'Modified after time must be earlier than or the same as modified before time.',
        /^modified_after: /,
      ],
    ]);
  }
});

test('whatever comes, the answer is no 5xx', async (t) => {
  const app = await start(t);
  const email_template_id = await created(app, '/templates/email/create', template);
  const content_block_id = await created(app, '/content_blocks/create', block);
  const whole = {
    ...{ ...template, ...block, email_template_id, content_block_id, tags: ['season'] },
    ...{ preheader: 'p', plaintext_body: 'p', should_inline_css: true, description: 'd', state: 'active' },
  };
  const odd = fc.oneof(
    fc.constantFrom(
      '\0',
      '\ud800',
      '{{',
      '{%',
      '{{content_blocks.${footer}}}',
      '__proto__',
      1e308,
      [],
      {},
      ['\0'],
      null,
    ),
    fc.string({ unit: 'binary' }),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const bodies = fc.sample(fc.dictionary(fc.constantFrom(...Object.keys(whole)), odd, { maxKeys: 3 }), {
    ...{ numRuns: 120, seed: 19 },
  });
  const paths = [
    '/templates/email/create',
    '/templates/email/update',
    '/content_blocks/create',
    '/content_blocks/update',
  ];
  const statuses: Record<number, number> = {};
  for (const [index, odds] of bodies.entries()) {
    const answer = await app.post(paths[index % 4] ?? '', { ...whole, name: `n${index}`, ...odds });
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    assert.ok(answer.status < 500, JSON.stringify([odds, answer.body]));
  }
  assert.ok((statuses[400] ?? 0) > 30 && (statuses[201] ?? 0) > 10, JSON.stringify(statuses));
  for (const path of ['/content_blocks/list', '/templates/email/list']) assert.equal((await app.get(path)).status, 200);
});

test('a workspace does not see the content of another', async (t) => {
  const app = await start(t);
  const content_block_id = await created(app, '/content_blocks/create', block);
  const email_template_id = await created(app, '/templates/email/create', template);
  const key = await otherKey(app);
  const [blocks, templates] = [
    await app.get('/content_blocks/list', { key }),
    await app.get('/templates/email/list', { key }),
  ];
  assert.deepEqual([blocks.body.count, templates.body.count], [0, 0]);
  for (const path of [
    `/content_blocks/info?content_block_id=${content_block_id}`,
    `/templates/email/info?email_template_id=${email_template_id}`,
  ])
    assert.equal((await app.get(path, { key })).status, 400);
  assert.equal((await app.post('/content_blocks/update', { content_block_id, content: 'x' }, { key })).status, 400);
  // A name is taken in one workspace only.
  assert.equal((await app.post('/content_blocks/create', block, { key })).status, 201);
});

/** A key of a second workspace. */
async function otherKey(app: TestApp): Promise<string> {
  const key = await app.givenKey({});
  const { id } = await app.db.one<{ id: number }>(sql`insert into workspaces (name) values ('other') returning id`);
  await app.db.run(sql`update api_keys set workspace_id = ${id} where hint = ${key.slice(0, 4)}`);
  await app.refreshCatalog();
  return key;
}

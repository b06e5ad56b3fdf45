// Lists and details of what operators define, as connectors read them.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const GOLD = '11111111-1111-4111-8111-111111111111';
const OLD = '22222222-2222-4222-8222-222222222222';

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
segments:
  - { id: ${GOLD}, name: Gold, description: Best customers, tags: [vip], analytics_tracking_enabled: true,
      filter: { AND: [{ custom_attribute: { custom_attribute_name: plan, comparison: equals, value: gold } }] } }
  - { id: ${OLD}, name: Old, archived: true, filter: null }
campaigns:
  - { id: spring, name: Spring, kind: api, description: Sale, tags: [sale],
      variations: [{ id: v1, name: Mail, channel: email }, { id: v2, name: Hook, channel: webhook }, { id: __proto__, name: Other mail, channel: email }] }
  - { id: past, name: Past, kind: api_triggered, archived: true }`);
  await app.db.run(
    sql`update campaigns set created_at = '2026-03-01T00:00:00Z', updated_at = '2026-03-02T00:00:00Z' where id = 'spring'`,
  );
  await app.db.run(
    sql`update campaigns set created_at = '2026-03-03T00:00:00Z', updated_at = '2026-03-04T00:00:00Z' where id = 'past'`,
  );
  await app.db.run(
    sql`update segments set created_at = '2026-03-01T00:00:00Z', updated_at = '2026-03-02T00:00:00Z' where id = ${GOLD}`,
  );
  return app;
}

async function read(app: TestApp, path: string, status = 200): Promise<unknown> {
  const answer = await app.get(path);
  assert.equal(answer.status, status, `${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const spring = {
  id: 'spring',
  last_edited: '2026-03-02T00:00:00.000Z',
  name: 'Spring',
  is_api_campaign: true,
  tags: ['sale'],
};
const past = { id: 'past', last_edited: '2026-03-04T00:00:00.000Z', name: 'Past', is_api_campaign: false, tags: [] };

test('campaigns are listed by creation, without archived ones unless they are asked for', async (t) => {
  const app = await start(t);
  const rows: [query: string, campaigns: object[]][] = [
    ['', [spring]],
    ['?page=0&include_archived=false&sort_direction=asc', [spring]],
    ['?include_archived=true', [spring, past]],
    ['?include_archived=True&sort_direction=desc', [past, spring]],
    ['?include_archived=1&sort_direction=desc', [past, spring]],
    ['?include_archived=0', [spring]],
    ['?include_archived=true&last_edit.time[gt]=2026-03-03T00:00:00-5:00', [past]],
    ['?last_edit.time%5Bgt%5D=2026-03-02', []],
    ['?page=1', []],
    ['?page=999999999', []],
  ];
  for (const [query, campaigns] of rows)
    assert.deepEqual(await read(app, `/campaigns/list${query}`), { campaigns, message: 'success' }, query);
  await app.db.run(sql`
    insert into campaigns (id, workspace_id, name, kind, created_at)
    select 'c' || lpad(n::text, 3, '0'), ${app.workspaceId}, n::text, 'api', '2026-04-01' from generate_series(1, 150) n`);
  const page = async (number: number) => {
    const { campaigns } = (await read(app, `/campaigns/list?page=${number}`)) as { campaigns: { id: string }[] };
    return [campaigns.length, campaigns[0]?.id];
  };
  assert.deepEqual(
    [await page(0), await page(1), await page(2)],
    [
      [100, 'spring'],
      [51, 'c100'],
      [0, undefined],
    ],
  );
  for (const query of [
    'page=-1',
    'page=1.5',
    'page=1e9',
    'include_archived=maybe',
    'sort_direction=up',
    'last_edit.time[gt]=soon',
  ])
    await read(app, `/campaigns/list?${query}`, 400);
});

test('the details of a campaign name its variations by their ids', async (t) => {
  const app = await start(t);
  const details = await read(app, '/campaigns/details?campaign_id=spring&post_launch_draft_version=true');
  assert.deepEqual(
    JSON.stringify(details),
    JSON.stringify({
      created_at: '2026-03-01T00:00:00.000Z',
      updated_at: '2026-03-02T00:00:00.000Z',
      ...{ archived: false, draft: false, enabled: true, has_post_launch_draft: false },
      ...{ name: 'Spring', description: 'Sale', schedule_type: 'api', channels: ['email', 'webhook'] },
      ...{ first_sent: null, last_sent: null, tags: ['sale'], teams: [] },
      messages: JSON.parse(
        `{"__proto__":{"channel":"email","name":"Other mail"},"v1":{"channel":"email","name":"Mail"},"v2":{"channel":"webhook","name":"Hook"}}`,
      ),
      conversion_behaviors: [],
      message: 'success',
    }),
  );
  await app.givenWorkspace(
    `campaigns: [{ id: spring, name: Spring, kind: api, variations: [{ id: v1, name: Letter, channel: email }] }]`,
  );
  const edited = (await read(app, '/campaigns/details?campaign_id=spring')) as { updated_at: string };
  assert.ok(edited.updated_at > '2026-03-02', 'a changed variation is an edit of its campaign');
  for (const id of ['', '?campaign_id=', '?campaign_id=nosuch', '?campaign_id[]=spring', '?campaign_id=%00']) {
    const { message } = (await read(app, `/campaigns/details${id}`, 400)) as { message: string };
    if (!id.includes('[]')) assert.equal(message, 'campaign_id must be a string of the campaign api identifier');
  }
  const notUtf8 = await read(app, '/campaigns/details?campaign_id=%ED%A0%80', 400);
  assert.equal((notUtf8 as { message: string }).message, 'Bad Request');
});

test('segments are listed, and their filter is said in words', async (t) => {
  const app = await start(t);
  assert.deepEqual(await read(app, '/segments/list?page=0&sort_direction=desc'), {
    segments: [{ id: GOLD, name: 'Gold', analytics_tracking_enabled: true, tags: ['vip'] }],
    message: 'success',
  });
  assert.deepEqual(await read(app, `/segments/details?segment_id=${GOLD.toUpperCase()}`), {
    ...{ name: 'Gold', description: 'custom attribute "plan" equals "gold"', text_description: 'Best customers' },
    ...{ tags: ['vip'], teams: [], created_at: '2026-03-01T00:00:00.000Z', updated_at: '2026-03-02T00:00:00.000Z' },
    message: 'success',
  });
  assert.equal(
    ((await read(app, `/segments/details?segment_id=${OLD}`)) as { description: string }).description,
    'everybody',
  );
  assert.deepEqual(await read(app, '/segments/details?segment_id=nosuch', 400), {
    message: 'segment_id must be a string of the segment api identifier',
  });
});

test('a workspace without Canvases and News Feed has empty lists, and knows no id', async (t) => {
  const app = await start(t);
  const none = await app.givenKey({ permissions: [] });
  assert.deepEqual(await read(app, '/canvas/list?page=0&include_archived=true&sort_direction=desc'), {
    canvases: [],
    message: 'success',
  });
  assert.deepEqual((await app.get('/feed/list?page=0', { key: none })).body, { cards: [], message: 'success' });
  const canvas = { message: 'canvas_id must be a string of the Canvas api identifier' };
  for (const path of [
    '/canvas/details',
    '/canvas/details?canvas_id=x',
    '/canvas/data_series?canvas_id=x&length=14&ending_at=2026-03-15',
    '/canvas/data_summary',
  ])
    assert.deepEqual(await read(app, path, 400), canvas);
  for (const path of ['/feed/details', '/feed/data_series?card_id=x&length=7'])
    assert.deepEqual(await read(app, path, 400), { message: 'card_id must be a string of the card api identifier' });
});

test('the size of a tracked segment is counted once a day, and today on demand once an hour', async (t) => {
  const app = await start(t);
  const HOUR_MS = 3_600_000;
  const gold = async (...names: string[]) => {
    const attributes = names.map((external_id) => ({ external_id, plan: 'gold' }));
    assert.equal((await app.post('/users/track', { attributes })).status, 201);
  };
  const sizes = async (query = 'length=3') => {
    const { status, body } = await app.get(`/segments/data_series?segment_id=${GOLD}&${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data.map(({ time, size }: { time: string; size: number }) => `${time}: ${size}`);
  };
  await gold('ada');
  assert.deepEqual(await sizes('length=3&ending_at=2026-03-14'), [], 'days without a count are left out');
  assert.deepEqual(await sizes(), ['2026-03-15: 1']);
  await gold('bob');
  assert.deepEqual(await sizes(), ['2026-03-15: 1'], 'a count is good for an hour');
  app.clock.advance(HOUR_MS);
  assert.deepEqual(await sizes(), ['2026-03-15: 2']);
  await gold('cleo');
  app.clock.advance(24 * HOUR_MS);
  // Nobody asks on the next day, but a count is made.
  for (let found = 0; found === 0; app.clock.advance(HOUR_MS / 6))
    ({ found } = await app.db.one<{ found: number }>(
      sql`select count(*) as found from segment_sizes where day = '2026-03-16'`,
    ));
  app.clock.advance(24 * HOUR_MS);
  await gold('dan');
  assert.deepEqual(await sizes(), ['2026-03-15: 2', '2026-03-16: 3', '2026-03-17: 4']);
  await app.givenWorkspace(`segments: [{ id: ${GOLD}, name: Gold, filter: null }]`);
  assert.deepEqual(await sizes(), [], 'without tracking there are no sizes');
  for (const [query, message] of [
    ['length=3', 'segment_id must be a string of the segment api identifier'],
    [`segment_id=${GOLD}`, 'length must be an integer between 1 and 100'],
  ] as const)
    assert.deepEqual((await app.get(`/segments/data_series?${query}`)).body, { message });
});

// What people did, by day and hour, and the names in use: as warehouse connectors read them, all in one job.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { sql } from '../src/db/sql.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { given, send, startPushApp } from './support/push-app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GOLD = '11111111-1111-4111-8111-111111111111';
const DAY_MS = 86_400_000;

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
segments: [{ id: ${GOLD}, name: Gold, filter: null }]
campaigns: [{ id: spring, name: Spring, kind: api }, { id: t, name: T, kind: api_triggered, canvas: { id: journey, name: Journey } }]`);
  return app;
}

async function track(app: TestApp, body: object): Promise<void> {
  const answer = await app.post('/users/track', body);
  assert.deepEqual([answer.status, answer.body.errors], [201, undefined], JSON.stringify(answer.body));
}

async function read(app: TestApp, path: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await app.get(path);
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
  return body.data;
}

/** The entries that are not zero, as `time: numbers`. */
async function numbers(app: TestApp, path: string): Promise<string[]> {
  return (await read(app, path)).flatMap(({ time, ...rest }) => {
    const values = Object.values(rest);
    return values.some((value) => value !== 0) ? [`${time}: ${values.join()}`] : [];
  });
}

const event = (external_id: string, name: string, time: string, more: object = {}) => ({
  external_id,
  name,
  time,
  ...more,
});
const purchase = (product_id: string, time: string, price: number, more: object = {}) => ({
  external_id: 'ada',
  product_id,
  currency: 'EUR',
  price,
  time,
  ...more,
});

test('events, purchases, sessions and new people are counted by day and hour, also after the hours are summed up', async (t) => {
  const app = await start(t);
  await track(app, {
    attributes: [
      {
        external_id: 'ada',
        date_of_first_session: '2026-03-14T10:00:00Z',
        date_of_last_session: '2026-03-15T09:00:00Z',
      },
      { external_id: 'bob' },
    ],
    events: [
      event('ada', 'viewed', '2026-03-15T09:59:59Z', { app_id: APP }),
      event('bob', 'viewed', '2026-03-15T10:00:00Z', { app_id: 'an app that nobody knows' }),
      event('cleo', 'viewed', '2026-03-14T23:59:59Z'),
      event('ada', 'opened', '2031-01-01T00:00:00Z'),
    ],
    purchases: [
      purchase('shoe', '2026-03-15T01:00:00Z', 10.006, { quantity: 3 }),
      purchase('hat', '2026-03-15T02:00:00Z', -0.5),
    ],
  });
  await app.post('/users/alias/new', { user_aliases: [{ alias_name: 'n', alias_label: 'l' }] });
  const rows: [path: string, ...numbers: string[]][] = [
    ['/events/data_series?event=viewed&length=7', '2026-03-14: 1', '2026-03-15: 2'],
    ['/events/data_series?event=viewed&length=1&ending_at=2026-03-14', '2026-03-14: 1'],
    [`/events/data_series?event=viewed&length=7&app_id=${APP.toUpperCase()}`, '2026-03-15: 1'],
    ['/events/data_series?event=viewed&length=3&unit=hour', '2026-03-15T10:00:00.000Z: 1'],
    [
      '/events/data_series?event=viewed&length=2&unit=hour&ending_at=2026-03-15T10:30:00Z',
      '2026-03-15T09:00:00.000Z: 1',
      '2026-03-15T10:00:00.000Z: 1',
    ],
    ['/events/data_series?event=viewed&length=24&unit=hour&ending_at=2026-03-14', '2026-03-14T23:00:00.000Z: 1'],
    ['/events/data_series?event=opened&length=1', '2026-03-15: 1'],
    ['/events/data_series?event=nosuch&length=7'],
    ['/purchases/quantity_series?length=2', '2026-03-15: 4'],
    ['/purchases/quantity_series?product=shoe&length=2', '2026-03-15: 3'],
    ['/purchases/revenue_series?length=2', '2026-03-15: 29.52'],
    ['/purchases/revenue_series?product=hat&length=2', '2026-03-15: -0.5'],
    ['/sessions/data_series?length=7', '2026-03-14: 1', '2026-03-15: 1'],
    ['/kpi/new_users/data_series?length=7', '2026-03-15: 4'],
    ['/kpi/uninstalls/data_series?length=7'],
    ['/kpi/dau/data_series?length=7', '2026-03-14: 1', '2026-03-15: 2'],
    ['/kpi/mau/data_series?length=7', '2026-03-14: 1', '2026-03-15: 3'],
  ];
  for (const [path, ...expected] of rows) assert.deepEqual(await numbers(app, path), expected, path);
  assert.deepEqual(await read(app, '/events/data_series?event=nosuch&length=2'), [
    { time: '2026-03-14', count: 0 },
    { time: '2026-03-15', count: 0 },
  ]);
  // A number that is not kept is none at all.
  for (const path of [
    `/events/data_series?event=viewed&length=7&segment_id=${GOLD}`,
    `/sessions/data_series?length=7&app_id=${APP}`,
    ...['new_users', 'dau', 'mau'].map((name) => `/kpi/${name}/data_series?length=7&app_id=${APP}`),
  ])
    assert.deepEqual(await read(app, path), [], path);

  app.clock.advance(40 * DAY_MS);
  await keepHouse({ db: app.db, clock: app.clock, log: pino({ level: 'silent' }), retentionDays: 0 });
  for (const [path, ...expected] of rows.filter(([path]) => !path.includes('hour') && !path.includes('ending_at')))
    assert.deepEqual(await numbers(app, `${path}&ending_at=2026-03-15`), expected, path);
  assert.deepEqual(await read(app, '/events/data_series?event=viewed&length=24&unit=hour&ending_at=2026-03-14'), []);
  const { left } = await app.db.one<{ left: number }>(
    sql`
    select (select count(*) from activity_hours where shard <> -1 or extract(hour from hour at time zone 'UTC') <> 0)
           + (select count(*) from active_days where shard <> -1) as left`,
  );
  assert.equal(left, 0);
});

test('counts of many requests at once add up to what is stored, and a refused request counts nothing', async (t) => {
  const app = await start(t);
  const requests = Array.from({ length: 40 }, (_, n) => {
    const events = Array.from({ length: 1 + (n % 5) }, (_, at) =>
      event(`p${at}`, at % 2 ? 'b' : 'a', `2026-03-1${n % 5}T0${at}:00:00Z`),
    );
    return app.post('/users/track', { events });
  });
  await Promise.all([...requests, app.post('/users/track', { events: [event('x', 'a', 'soon')] })]);
  for (const name of ['a', 'b']) {
    const stored = await app.db.query<{ said: string }>(sql`
      select (at at time zone 'UTC')::date || ': ' || count(*) as said from events where name = ${name} group by (at at time zone 'UTC')::date order by 1`);
    assert.deepEqual(
      await numbers(app, `/events/data_series?event=${name}&length=10`),
      stored.map(({ said }) => said),
    );
  }
  assert.deepEqual(await numbers(app, '/kpi/new_users/data_series?length=1'), ['2026-03-15: 5']);
});

test('each day and each month counts an active person once, whatever comes late, twice, at once, or is merged', async (t) => {
  const app = await start(t);
  const seen = (...at: [who: string, day: string][]) =>
    track(app, { events: at.map(([who, day]) => event(who, 'seen', `${day}T12:00:00Z`)) });
  const series = async (name: 'dau' | 'mau', length: number, end: string) =>
    numbers(app, `/kpi/${name}/data_series?length=${length}&ending_at=${end}`);
  await seen(['ada', '2026-03-01'], ['ada', '2026-03-01'], ['bob', '2026-03-10']);
  await Promise.all(Array.from({ length: 8 }, () => seen(['ada', '2026-03-15'], ['cleo', '2026-03-15'])));
  // 44 days ago, which is too late to be counted.
  await seen(['dan', '2026-01-30']);
  await track(app, { purchases: [{ ...purchase('hat', '2026-03-14T00:00:00Z', 1), external_id: 'bob' }] });
  await track(app, { attributes: [{ external_id: 'eve', plan: 'gold' }] });
  assert.deepEqual(await series('dau', 30, '2026-03-15'), [
    ...['2026-03-01: 1', '2026-03-10: 1', '2026-03-14: 1', '2026-03-15: 2'],
  ]);
  app.clock.advance(35 * DAY_MS);
  const months = await series('mau', 50, '2026-04-19');
  assert.deepEqual(
    months.filter((one, at) => one.slice(12) !== months[at - 1]?.slice(12)),
    [...['2026-03-01: 1', '2026-03-10: 2', '2026-03-15: 3', '2026-04-13: 2']],
  );
  assert.equal(months.at(-1), '2026-04-13: 2', 'nobody was active within 30 days of 14 April');
  // The kept person was active on every day of the two, so that a day of either does not count again.
  await seen(['ada', '2026-04-18'], ['bob', '2026-04-17']);
  const merge = { identifier_to_merge: { external_id: 'bob' }, identifier_to_keep: { external_id: 'ada' } };
  assert.equal((await app.post('/users/merge', { merge_updates: [merge] })).status, 202);
  await seen(['ada', '2026-04-17'], ['ada', '2026-04-19']);
  assert.deepEqual(await series('dau', 3, '2026-04-19'), ['2026-04-17: 1', '2026-04-18: 1', '2026-04-19: 1']);
  assert.deepEqual(await series('mau', 3, '2026-04-19'), ['2026-04-17: 1', '2026-04-18: 2', '2026-04-19: 2']);
  assert.equal((await app.post('/users/delete', { external_ids: ['ada', 'cleo', 'dan'] })).status, 201);
  const { left } = await app.db.one<{ left: number }>(sql`select count(*) as left from active_people`);
  assert.equal(left, 0);
  assert.deepEqual(await series('dau', 1, '2026-04-19'), ['2026-04-19: 1'], 'what was counted stays');
});

test('a dead token is an uninstall of its app', async (t) => {
  const { app, provider } = await startPushApp(t);
  await given(app, 'ada', 't1', 't2');
  for (const token of ['t1', 't2'])
    provider.answer(token, { kind: 'bounced', reason: 'Unregistered', token: 'remove' });
  await send(app, 'ada');
  assert.deepEqual(await numbers(app, '/kpi/uninstalls/data_series?length=7'), ['2026-03-15: 2']);
  const [app_id] = app.workspace().apps.keys();
  assert.deepEqual(await numbers(app, `/kpi/uninstalls/data_series?length=7&app_id=${app_id}`), ['2026-03-15: 2']);
});

test('names are listed from their first use, in pages that name each other', async (t) => {
  const app = await start(t);
  const attributes = {
    text: 'x',
    number: 1,
    flag: true,
    day: '2026-03-15',
    list: ['a'],
    object: { a: 1 },
    objects: [{ a: 1 }],
  };
  await track(app, {
    attributes: [
      { external_id: 'ada', ...attributes, gone: null },
      { external_id: 'ada', text: 5 },
    ],
    events: [
      event('ada', 'Zoo', '2026-03-15'),
      event('ada', 'apple', '2026-03-15'),
      event('ada', 'ébène', '2026-03-15'),
    ],
    purchases: [purchase('shoe', '2026-03-15', 1)],
  });
  await app.post('/users/track', { attributes: [{ external_id: 'nobody', _update_existing_only: true, never: 1 }] });
  await track(app, { attributes: [{ external_id: 'bob', text: 'y' }], events: [event('bob', 'apple', '2026-03-15')] });
  assert.deepEqual((await app.get('/events/list')).body, { events: ['Zoo', 'apple', 'ébène'], message: 'success' });
  assert.deepEqual((await app.get('/events/list?page=1')).body, { events: [], message: 'success' });
  assert.deepEqual((await app.get('/purchases/product_list?page=0')).body, { products: ['shoe'], message: 'success' });
  const custom = await app.get('/custom_attributes');
  const types = custom.body.attributes.map(
    (one: Record<string, string>) => `${one.name}: ${one.data_type}, ${one.array_length}`,
  );
  const detected = (name: string, type: string, length = 'null') =>
    `${name}: ${type} (Automatically Detected), ${length}`;
  assert.deepEqual(types, [
    ...[
      detected('day', 'Date'),
      detected('flag', 'Boolean'),
      detected('list', 'Array', '500'),
      detected('number', 'Number'),
    ],
    ...[detected('object', 'Object'), detected('objects', 'Object Array'), detected('text', 'Number')],
  ]);
  assert.deepEqual([custom.headers.get('link'), custom.body.message], [null, 'success']);

  for (const at of [0, 60])
    await track(app, {
      events: Array.from({ length: 60 }, (_, n) => event('ada', `e${String(at + n).padStart(3, '0')}`, '2026-03-15')),
    });
  const seen: string[] = [];
  const links: (string | null)[] = [];
  for (let path = '/events'; path !== ''; ) {
    const { body, headers } = await app.get(path);
    seen.push(...body.events.map(({ name }: { name: string }) => name));
    const link = headers.get('link');
    links.push(link);
    path = /<http:\/\/cresset\.test([^>]+)>; rel="next"/.exec(link ?? '')?.[1] ?? '';
  }
  assert.equal(seen.length, 123);
  assert.deepEqual(seen, [...new Set(seen)].sort());
  const to = (skip: number) =>
    `<http://cresset.test/events?cursor=${encodeURIComponent(Buffer.from(`skip:${skip}`).toString('base64'))}>`;
  assert.deepEqual(links, [
    `${to(50)}; rel="next"`,
    `${to(0)}; rel="prev",${to(100)}; rel="next"`,
    `${to(50)}; rel="prev"`,
  ]);
  assert.deepEqual((await app.get('/events')).body.events[0], {
    ...{ name: 'Zoo', description: null, included_in_analytics_report: false, status: 'Active', tag_names: [] },
  });
  for (const cursor of [
    'x',
    'skip:1',
    Buffer.from('skip:-1').toString('base64'),
    Buffer.from('skip:99999999999').toString('base64'),
    '%00',
  ])
    assert.deepEqual((await app.get(`/events?cursor=${cursor}`)).body, { message: "'cursor' is not valid" }, cursor);
});

test('a connector reads everything in one job, and wrong questions are refused', async (t) => {
  const app = await start(t);
  await track(app, { events: [event('ada', 'viewed', '2026-03-15')] });
  const job = [
    ...[
      '/campaigns/list?page=0&include_archived=true',
      '/campaigns/details?campaign_id=spring',
      '/campaigns/data_series?campaign_id=spring&length=100&ending_at=2026-03-15',
    ],
    ...[
      '/canvas/list?page=0',
      '/canvas/details?canvas_id=journey',
      '/canvas/data_series?canvas_id=journey&length=14&ending_at=2026-03-15',
      '/preference_center/v1/list',
      '/events/list?page=0',
      '/events/data_series?event=viewed&length=100&unit=day&ending_at=2026-03-15',
    ],
    ...['new_users', 'dau', 'mau', 'uninstalls'].map(
      (name) => `/kpi/${name}/data_series?length=100&ending_at=2026-03-15`,
    ),
    ...[
      '/segments/list?page=0',
      `/segments/details?segment_id=${GOLD}`,
      `/segments/data_series?segment_id=${GOLD}&length=100&ending_at=2026-03-15`,
      '/feed/list?page=0',
      '/custom_attributes',
      '/purchases/product_list?page=0',
    ],
    ...[
      '/purchases/quantity_series?length=100',
      '/purchases/revenue_series?length=100',
      '/sessions/data_series?length=100&unit=day',
    ],
  ];
  for (const path of job) {
    const { status, body } = await app.get(path);
    assert.deepEqual([status, body.message], [200, 'success'], path);
  }
  const wrong: [path: string, message: string][] = [
    ['/events/data_series?length=7', 'Bad Request'],
    ['/events/data_series?event=%00&length=7', 'Bad Request'],
    ['/events/data_series?event=viewed', 'length must be an integer between 1 and 100'],
    ['/events/data_series?event=viewed&length=7&unit=week', 'Bad Request'],
    ['/events/data_series?event=viewed&length=7&app_id=nosuch', 'Bad Request'],
    [
      '/events/data_series?event=viewed&length=7&segment_id=nosuch',
      'segment_id must be a string of the segment api identifier',
    ],
    ['/purchases/revenue_series?length=7&product=%00', 'Bad Request'],
    ['/kpi/dau/data_series?length=101', 'length must be an integer between 1 and 100'],
    ['/kpi/new_users/data_series?length=7&unit=hour', 'Bad Request'],
    ['/events/list?page=x', 'Bad Request'],
  ];
  for (const [path, message] of wrong) {
    const { status, body } = await app.get(path);
    assert.deepEqual([status, body.message], [400, message], path);
  }
  const { headers } = await app.get('/events/list');
  assert.equal(headers.get('x-ratelimit-limit'), '1000');
});

test("no odd value of any parameter of any read is more than the caller's mistake", async (t) => {
  const app = await start(t);
  const odd = ['%00', '%ED%A0%80', '-1', '1e99', 'x'.repeat(3_000)];
  const reads = app.app.routes.filter(({ method, path }) => method === 'GET' && !path.includes(':'));
  const good = { campaign_id: 'spring', canvas_id: 'journey', segment_id: GOLD, length: '3', event: 'e' };
  const wrong: unknown[] = [];
  for (const { path, query = [] } of reads) {
    const known = Object.entries(good).filter(([name]) => query.includes(name));
    const asked = query.flatMap((name) =>
      odd.map((value) => {
        const others = known.filter(([other]) => other !== name).map(([other, is]) => `${other}=${is}`);
        return `${path}?${[...others, `${encodeURIComponent(name)}=${value}`].join('&')}`;
      }),
    );
    const statuses = await Promise.all(asked.map(async (one) => [one, (await app.get(one)).status] as const));
    wrong.push(...statuses.filter(([, status]) => ![200, 400, 404].includes(status)));
  }
  assert.deepEqual(wrong, []);
});

import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { testDatabase } from '../../../test/support/database.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import type { Catalog, WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { Answer } from '../route.ts';
import { userRoutes } from './users.ts';

const appId = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const webAppId = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const emailGroup = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const smsGroup = '3d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const archivedGroup = '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const start = new Date('2026-03-01T12:00:00.000Z');
const noData = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";
const noIdentifier = "'external_id' or 'braze_id' or 'user_alias' is required";

type Body = Record<string, unknown>;

interface World {
  db: Database;
  workspaceId: number;
  time: { now: Date };
  post(path: string, body: Body): Promise<Answer>;
  track(body: Body): Promise<Answer>;
  /** Tracks attributes; all must be good. */
  given(...attributes: Body[]): Promise<void>;
  /** The problem of one bad attributes object. */
  problem(attributes: Body): Promise<string>;
  export(externalId: string): Promise<Body>;
  profile(externalId: string): Promise<Body>;
  count(): Promise<number>;
}

function workspaceOf(id: number): WorkspaceCatalog {
  const group = (groupId: string, channel: 'email' | 'sms', archived = false) =>
    [groupId, { id: groupId, name: groupId, channel, archived }] as const;
  return {
    id,
    name: 'test',
    timeZone: 'UTC',
    settings: {
      email: { defaultFrom: null, smtp: null, listUnsubscribe: false, footer: null },
      webhook: { deliver: false, allow: [] },
      rateLimits: {},
    },
    apps: new Map([
      [appId, { id: appId, name: 'Acme iOS', platform: 'ios' }],
      [webAppId, { id: webAppId, name: 'Acme Web', platform: 'web' }],
    ]),
    subscriptionGroups: new Map([
      group(emailGroup, 'email'),
      group(smsGroup, 'sms'),
      group(archivedGroup, 'email', true),
    ]),
    segments: new Map(),
    campaigns: new Map(),
    frequencyCaps: [],
  };
}

async function startWorld(t: TestContext): Promise<World> {
  const { db, workspaceId } = await testDatabase(t);
  const time = { now: start };
  const workspace = workspaceOf(workspaceId);
  const catalog: Catalog = { workspace: (id) => (id === workspaceId ? workspace : undefined), apiKey: () => undefined };
  const clock = { now: () => time.now, after: () => () => undefined };
  const routes = userRoutes({ db, catalog, clock });
  const post = async (path: string, body: Body): Promise<Answer> => {
    const route = routes.find((known) => known.path === path);
    assert.ok(route, path);
    return route.handle({
      workspaceId,
      apiKey: { id: 'key', name: 'key' },
      requestId: 'request',
      body,
      rawBody: Buffer.from(''),
      params: {},
      query: new URLSearchParams(),
      headers: {},
    });
  };
  const track = (body: Body) => post('/users/track', body);
  return {
    db,
    workspaceId,
    time,
    post,
    track,
    async given(...attributes) {
      const answer = await track({ attributes });
      assert.deepEqual(answer, { status: 201, body: { attributes_processed: attributes.length, message: 'success' } });
    },
    async problem(attributes) {
      const answer = await track({ attributes: [attributes] });
      assert.equal(answer.status, 400);
      const { errors } = answer.body as { errors: { type: string }[] };
      return errors[0]?.type ?? '';
    },
    async export(externalId) {
      const answer = await post('/users/export/ids', { external_ids: [externalId] });
      const { users } = answer.body as { users: Body[] };
      return users[0] ?? {};
    },
    profile: (externalId) => db.one(sql`select * from profiles where external_id = ${externalId}`),
    async count() {
      const { total } = await db.one<{ total: number }>(sql`select count(*) as total from profiles`);
      return total;
    },
  };
}

test('a request answers with a count for each array that was sent', async (t) => {
  const world = await startWorld(t);
  const time = '2026-02-01T00:00:00Z';
  assert.deepEqual(
    await world.track({
      attributes: [{ external_id: 'ada' }],
      events: [{ external_id: 'ada', name: 'e', time }],
      purchases: [{ external_id: 'ada', product_id: 'p', currency: 'EUR', price: 1, time }],
    }),
    {
      status: 201,
      body: { attributes_processed: 1, events_processed: 1, purchases_processed: 1, message: 'success' },
    },
  );
  assert.deepEqual(await world.track({ events: [{ external_id: 'ada', name: 'e', time }], purchases: null }), {
    status: 201,
    body: { events_processed: 1, message: 'success' },
  });
});

test('a bad object is told by its place, and the others are applied', async (t) => {
  const world = await startWorld(t);
  const answer = await world.track({ attributes: [{ external_id: 'ada', first_name: 'Ada' }, { first_name: 'B' }] });
  assert.deepEqual(answer, {
    status: 201,
    body: {
      attributes_processed: 1,
      message: 'success',
      errors: [{ type: noIdentifier, input_array: 'attributes', index: 1 }],
    },
  });
  assert.equal((await world.profile('ada')).first_name, 'Ada');
});

test('only bad objects, or none at all, are a 400 with objects as errors', async (t) => {
  const world = await startWorld(t);
  for (const body of [{}, { attributes: [] }, { attributes: null }]) {
    assert.deepEqual(await world.track(body), { status: 400, body: { message: noData, errors: [] } });
  }
  assert.deepEqual(await world.track({ events: [{ external_id: 'a', name: 'e' }], purchases: ['x'] }), {
    status: 400,
    body: {
      message: noData,
      errors: [
        { type: 'time: expected an ISO 8601 date', input_array: 'events', index: 0 },
        { type: 'expected an object', input_array: 'purchases', index: 0 },
      ],
    },
  });
});

test('each array holds at most 75 objects', async (t) => {
  const world = await startWorld(t);
  const attributes = Array.from({ length: 76 }, (_, n) => ({ external_id: `p${n}` }));
  await assert.rejects(world.track({ attributes }), (error: unknown) => {
    assert.ok(error instanceof RequestError);
    assert.equal(error.code, 'max_input_length');
    return true;
  });
  await assert.rejects(world.track({ events: {} }), RequestError);
  assert.equal(await world.count(), 0);
  const answer = await world.track({ attributes: attributes.slice(1) });
  assert.deepEqual(answer.body, { attributes_processed: 75, message: 'success' });
  assert.equal(await world.count(), 75);
});

test('an external id makes a person unless the object says _update_existing_only', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'no', _update_existing_only: true, first_name: 'x' });
  assert.equal(await world.count(), 0);
  assert.deepEqual(await world.db.query(sql`select * from user_names`), []);
  await world.given(
    { external_id: 'ada', _update_existing_only: true, first_name: 'skipped' },
    { external_id: 'ada', last_name: 'Lovelace' },
    { external_id: 'ada', _update_existing_only: 'true', home_city: 'London' },
  );
  const { first_name, last_name, home_city } = await world.profile('ada');
  assert.deepEqual(
    { first_name, last_name, home_city },
    { first_name: null, last_name: 'Lovelace', home_city: 'London' },
  );
  await world.given({ external_id: 12345, first_name: 'Number' });
  assert.equal((await world.profile('12345')).first_name, 'Number');
});

test('an alias makes a person only when _update_existing_only is false', async (t) => {
  const world = await startWorld(t);
  const user_alias = { alias_name: 'a1', alias_label: 'crm' };
  await world.given({ user_alias, first_name: 'x' });
  assert.equal(await world.count(), 0);
  await world.given({ user_alias, _update_existing_only: false, first_name: 'y' });
  await world.given({ user_alias, last_name: 'z' });
  const people = await world.db.query(sql`select external_id, first_name, last_name from profiles`);
  assert.deepEqual(people, [{ external_id: null, first_name: 'y', last_name: 'z' }]);
});

test('a braze id updates and never makes anybody', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada' });
  const { braze_id } = await world.export('ada');
  assert.match(String(braze_id), /^[0-9a-f]{24}$/);
  await world.given(
    { braze_id, first_name: 'Ada' },
    { braze_id: 'f'.repeat(24), first_name: 'x' },
    { braze_id: 'nonsense' },
  );
  const wrongSecond = `00000000${String(braze_id).slice(8)}`;
  await world.given({ braze_id: wrongSecond, first_name: 'x' });
  assert.equal((await world.profile('ada')).first_name, 'Ada');
  assert.equal(await world.count(), 1);
});

test('an email or phone names the most recently updated person with an external id, else the most recently updated', async (t) => {
  for (const [key, value] of [
    ['email', 'Ada@example.test'],
    ['phone', '+15125550100'],
  ] as const) {
    const world = await startWorld(t);
    await world.given({ [key]: value, first_name: 'first' }); // makes one with just the address
    assert.deepEqual(await world.db.query(sql`select external_id, first_name from profiles`), [
      { external_id: null, first_name: 'first' },
    ]);
    world.time.now = new Date(start.getTime() + 1_000);
    await world.given({
      user_alias: { alias_name: 'x', alias_label: 'l' },
      _update_existing_only: false,
      [key]: value,
    });
    await world.given({ [key]: value.toLowerCase(), first_name: 'second' });
    const second = await world.db.query(
      sql`select count(*) as n from profiles where first_name = 'second' and updated_at > ${start}`,
    );
    assert.deepEqual(second, [{ n: 1 }]);
    await world.given({ external_id: 'old', [key]: value }, { external_id: 'new', [key]: value });
    world.time.now = new Date(start.getTime() + 2_000);
    await world.given({ user_alias: { alias_name: 'x', alias_label: 'l' }, home_city: 'later' });
    await world.given({ [key]: value, first_name: 'third' });
    assert.equal((await world.profile('new')).first_name, 'third');
    assert.equal((await world.profile('old')).first_name, null);
    assert.equal(await world.count(), 4);
  }
});

test('identifiers are taken in the order external_id, user_alias, braze_id, email, phone', async (t) => {
  const world = await startWorld(t);
  await world.given({ email: 'shared@example.test' });
  await world.given({ external_id: 'ada', email: 'ada@example.test', phone: '(512) 555-0100', braze_id: 'x' });
  const { email, phone } = await world.profile('ada');
  assert.deepEqual({ email, phone }, { email: 'ada@example.test', phone: '+15125550100' });
  await world.given({ email: 'ADA@example.test', phone: '+15125550101', external_id: null });
  const changed = await world.profile('ada');
  assert.deepEqual([changed.email, changed.phone], ['ada@example.test', '+15125550101']);
});

test('objects apply in order, attributes before events before purchases', async (t) => {
  const world = await startWorld(t);
  await world.given(
    { external_id: 'ada', email: 'a@example.test', city: 1 },
    { email: 'a@example.test', city: 2 },
    { external_id: 'ada', city: 3, email: 'b@example.test' },
    { email: 'a@example.test', city: 4 },
  );
  assert.deepEqual((await world.profile('ada')).custom, { city: 3 });
  assert.equal(await world.count(), 2);
});

test('push_token_import makes an anonymous person for a token that nobody has', async (t) => {
  const world = await startWorld(t);
  const push_tokens = [{ app_id: appId.toUpperCase(), token: 't1' }];
  await world.given(
    { push_token_import: true, push_tokens, first_name: 'Anna' },
    { push_token_import: true, push_tokens },
  );
  await world.given({ push_token_import: 'true', push_tokens, first_name: 'ignored' });
  assert.deepEqual(await world.db.query(sql`select external_id, first_name from profiles`), [
    { external_id: null, first_name: 'Anna' },
  ]);
  const targets = await world.db.query(sql`select app_id, token, platform, foreground from push_targets`);
  assert.deepEqual(targets, [{ app_id: appId, token: 't1', platform: 'ios', foreground: true }]);
  assert.equal(
    await world.problem({ push_token_import: true, push_tokens, external_id: 'a' }),
    'push_token_import: expected neither external_id nor braze_id beside it',
  );
  assert.equal(await world.problem({ push_token_import: true }), 'push_token_import: expected push_tokens beside it');
});

test('every profile field is stored, exported, and removed by null', async (t) => {
  const world = await startWorld(t);
  const fields = {
    first_name: 'Ada',
    last_name: 'Lovelace',
    home_city: 'London',
    email: 'ada@example.test',
    phone: '+447911123456',
    country: 'United Kingdom',
    language: 'en-GB',
    gender: 'F',
    dob: '1815-12-10',
    time_zone: 'Eastern Time (US & Canada)',
    current_location: { longitude: -0.5, latitude: 51.25 },
    date_of_first_session: '2026-01-01T00:00:00Z',
    date_of_last_session: '2026-02-01T00:00:00+01:00',
    image_url: 'https://example.test/a.png',
    facebook: { id: 'x', likes: ['y'] },
    twitter: { id: 1 },
    email_open_tracking_disabled: true,
    email_click_tracking_disabled: false,
  };
  await world.given({ external_id: 'ada', ...fields });
  const stored = await world.profile('ada');
  const { first_name, last_name, home_city, email, phone, country, language, gender, dob, time_zone } = stored;
  assert.deepEqual(
    [first_name, last_name, home_city, email, phone, country],
    ['Ada', 'Lovelace', 'London', 'ada@example.test', '+447911123456', 'GB'],
  );
  assert.deepEqual([language, gender, dob, time_zone], ['en', 'F', '1815-12-10', 'America/New_York']);
  assert.deepEqual([stored.longitude, stored.latitude], [-0.5, 51.25]);
  assert.deepEqual(stored.first_session_at, new Date('2026-01-01T00:00:00Z'));
  assert.deepEqual(stored.last_session_at, new Date('2026-01-31T23:00:00Z'));
  assert.deepEqual(stored.extras, {
    image_url: 'https://example.test/a.png',
    facebook: { id: 'x', likes: ['y'] },
    twitter: { id: 1 },
    email_open_tracking_disabled: true,
    email_click_tracking_disabled: false,
  });
  assert.deepEqual(stored.custom, {});
  const { braze_id, random_bucket, ...exported } = await world.export('ada');
  assert.deepEqual(exported, {
    created_at: start.toISOString(),
    external_id: 'ada',
    user_aliases: [],
    first_name: 'Ada',
    last_name: 'Lovelace',
    email: 'ada@example.test',
    phone: '+447911123456',
    dob: '1815-12-10',
    country: 'GB',
    home_city: 'London',
    language: 'en',
    gender: 'F',
    time_zone: 'America/New_York',
    last_coordinates: [-0.5, 51.25],
    total_revenue: 0,
    push_subscribe: 'subscribed',
    email_subscribe: 'subscribed',
  });
  assert.equal(typeof random_bucket, 'number');
  assert.equal(typeof braze_id, 'string');
  await world.given({ external_id: 'ada', ...Object.fromEntries(Object.keys(fields).map((key) => [key, null])) });
  const emptied = await world.profile('ada');
  const kept = Object.entries(emptied).filter(([, value]) => value !== null);
  assert.deepEqual(kept.map(([key]) => key).sort(), [
    'bucket',
    'created_at',
    'custom',
    'custom_times',
    'email_state',
    'external_id',
    'extras',
    'push_state',
    'random_bucket',
    'session_count',
    'updated_at',
    'user_id',
    'workspace_id',
  ]);
  assert.deepEqual(emptied.extras, {});
});

test('values that are no good: an unknown country removes, an unknown zone changes nothing', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', country: 'DE', time_zone: 'Europe/Berlin' });
  await world.given({ external_id: 'ada', country: 'Atlantis', time_zone: 'Mars/Olympus' });
  const { country, time_zone } = await world.profile('ada');
  assert.deepEqual([country, time_zone], [null, 'Europe/Berlin']);
});

const badAttributes: [string, Body, string][] = [
  ['email', { email: 'nobody' }, 'email: expected a valid email address'],
  ['email_subscribe', { email_subscribe: 'maybe' }, 'email_subscribe: expected opted_in, subscribed or unsubscribed'],
  ['email_subscribe null', { email_subscribe: null }, 'email_subscribe: expected opted_in, subscribed or unsubscribed'],
  ['push_subscribe', { push_subscribe: 'OPTED_IN' }, 'push_subscribe: expected opted_in, subscribed or unsubscribed'],
  ['phone', { phone: '12345' }, 'phone: expected a phone number with + and country code'],
  ['language', { language: 'xx' }, 'language: expected a code of ISO 639-1'],
  ['gender', { gender: 'female' }, 'gender: expected M, F, O, N or P'],
  ['dob', { dob: '2026-02-30' }, 'dob: expected YYYY-MM-DD'],
  ['first name', { first_name: 5 }, 'first_name: expected a text'],
  ['NUL', { first_name: 'a\u0000' }, 'first_name: expected Unicode text without NUL'],
  ['half a surrogate pair', { first_name: '\ud800' }, 'first_name: expected Unicode text without NUL'],
  ['NUL inside extras', { facebook: { a: '\u0000' } }, 'facebook: expected Unicode text without NUL'],
  [
    'location',
    { current_location: { longitude: 200, latitude: 0 } },
    'current_location.longitude: expected a number from -180 to 180',
  ],
  ['session', { date_of_last_session: 'yesterday' }, 'date_of_last_session: expected an ISO 8601 date'],
  ['tracking', { email_open_tracking_disabled: 'perhaps' }, 'email_open_tracking_disabled: expected a boolean'],
  ['switch', { _merge_objects: 'perhaps' }, '_merge_objects: expected a boolean'],
  ['app', { push_tokens: [{ app_id: 'x', token: 't' }] }, 'push_tokens[0].app_id: names no app of this workspace'],
  [
    'token',
    { push_tokens: [{ app_id: appId, token: 'x'.repeat(2_049) }] },
    'push_tokens[0].token: expected at most 2048 bytes',
  ],
  [
    'group',
    { subscription_groups: [{ subscription_group_id: 'x', subscription_state: 'subscribed' }] },
    'Invalid subscription group ID',
  ],
  [
    'archived group',
    { subscription_groups: [{ subscription_group_id: archivedGroup, subscription_state: 'subscribed' }] },
    'Invalid subscription group ID',
  ],
  [
    'group state',
    { subscription_groups: [{ subscription_group_id: emailGroup, subscription_state: 'opted_in' }] },
    'subscription_groups[0].subscription_state: expected subscribed or unsubscribed',
  ],
  ['long text', { x: 'a'.repeat(256) }, 'x: expected at most 255 characters'],
  ['infinite number', { x: Number.POSITIVE_INFINITY }, 'x: expected a number that fits into 64 bits'],
  ['NUL in a name', { 'a\u0000b': 1 }, 'attribute name: expected Unicode text without NUL'],
  ['fractional inc', { x: { inc: 1.5 } }, 'x.inc: expected an integer'],
  ['dotted key', { x: { 'a.b': 1 } }, 'x: a key is empty or holds "." or "$"'],
  ['array operations', { x: { $add: [{ a: 1 }] } }, 'x: a key is empty or holds "." or "$"'],
  ['nested text', { x: { a: 'a'.repeat(256) } }, 'x.a: expected at most 255 characters'],
  ['nested time', { x: { a: { $time: 'soon' } } }, 'x.a.$time: expected an ISO 8601 date'],
  [
    'large object',
    { x: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [n, 'a'.repeat(255)])) },
    'x: expected at most 100 KB',
  ],
  ['array in array', { x: [[1]] }, 'x[0]: expected a text, number, boolean or object'],
];

test('an attribute that is no good makes its object bad and nobody is made', async (t) => {
  const world = await startWorld(t);
  for (const [what, attributes, problem] of badAttributes) {
    assert.equal(await world.problem({ external_id: 'ada', ...attributes }), problem, what);
  }
  assert.equal(await world.problem({ external_id: 'é'.repeat(499) }), 'external_id: expected at most 997 bytes');
  assert.equal(await world.problem({ external_id: 'a\u0000' }), 'external_id: expected Unicode text without NUL');
  assert.equal(await world.problem({ external_id: '  ' }), 'external_id: expected a non-empty text');
  assert.equal(
    await world.problem({ user_alias: 'a' }),
    'user_alias: expected an object with alias_name and alias_label',
  );
  assert.equal(await world.count(), 0);
  await world.given({ external_id: 'x'.repeat(997) });
});

const customTable: [string, unknown[], unknown][] = [
  ['text', ['a'], 'a'],
  ['text of 255 characters beyond the basic plane', ['😀'.repeat(255)], '😀'.repeat(255)],
  ['number', [1.5], 1.5],
  ['boolean', [false], false],
  ['time keeps its text', ['2026-01-31 13:00'], '2026-01-31 13:00'],
  ['null removes', ['a', null], undefined],
  ['increment of nothing', [{ inc: 2 }], 2],
  ['increment', [5, { inc: -7 }], -2],
  ['array replaces', [['a'], ['b', 'c']], ['b', 'c']],
  ['the last of equal scalars stays', [['a', 'b', 1, '1', 'a', true, true]], ['b', 1, '1', 'a', true]],
  [
    'the oldest of more than 25 go',
    [Array.from({ length: 30 }, (_, n) => n)],
    Array.from({ length: 25 }, (_, n) => n + 5),
  ],
  ['add', [['a', 'b'], { add: ['c', 'a'] }], ['b', 'c', 'a']],
  ['add to nothing', [{ add: ['a'] }], ['a']],
  [
    'add beyond 25',
    [Array.from({ length: 25 }, (_, n) => n), { add: ['x'] }],
    [...Array.from({ length: 24 }, (_, n) => n + 1), 'x'],
  ],
  ['remove', [['a', 'b', 1], { remove: ['a', '1'] }], ['b', 1]],
  ['add and remove', [['a', 'b'], { add: ['c'], remove: ['a'] }], ['b', 'c']],
  ['object replaces', [{ a: 1 }, { b: { c: 2, d: null } }], { b: { c: 2 } }],
  ['date inside an object', [{ at: { $time: '2026-01-31T00:00:00Z' } }], { at: '2026-01-31T00:00:00Z' }],
  ['array of objects', [[{ a: 1 }, { a: 1 }]], [{ a: 1 }, { a: 1 }]],
];

test('custom attributes are stored by type, and operations apply to what is stored', async (t) => {
  const world = await startWorld(t);
  for (const [what, values, expected] of customTable) {
    await world.given({ external_id: 'ada', x: null });
    for (const x of values) await world.given({ external_id: 'ada', x });
    const { custom } = await world.profile('ada');
    assert.deepEqual(custom, expected === undefined ? {} : { x: expected }, what);
    // The same within one request.
    await world.given({ external_id: 'ben', x: null }, ...values.map((x) => ({ external_id: 'ben', x })));
    assert.deepEqual((await world.profile('ben')).custom, custom, what);
  }
});

test('_merge_objects merges at every level, and null removes a member', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', x: { a: { b: 1, c: 2 }, l: [1, 2], k: 'kept' } });
  await world.given({
    external_id: 'ada',
    _merge_objects: true,
    x: { a: { c: null, d: { e: 3 } }, l: [3] },
    y: { z: 1, n: null },
  });
  assert.deepEqual((await world.profile('ada')).custom, {
    x: { a: { b: 1, d: { e: 3 } }, l: [3], k: 'kept' },
    y: { z: 1 },
  });
});

test('operations that do not fit what is stored make their object bad, as a whole', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', text: 'a', big: Number.MAX_SAFE_INTEGER });
  assert.equal(
    await world.problem({ external_id: 'ada', first_name: 'x', text: { inc: 1 } }),
    'text: inc needs a stored number',
  );
  assert.equal(
    await world.problem({ external_id: 'ada', text: { add: ['x'] } }),
    'text: add and remove need a stored array',
  );
  assert.equal(
    await world.problem({ external_id: 'ada', big: { inc: 1 } }),
    'big: the incremented number is too large',
  );
  const half = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`a${n}`, 'x'.repeat(255)]));
  const other = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`b${n}`, 'x'.repeat(255)]));
  await world.given({ external_id: 'ada', o: half });
  assert.equal(
    await world.problem({ external_id: 'ada', _merge_objects: true, o: other }),
    'o: expected at most 100 KB',
  );
  assert.equal((await world.profile('ada')).first_name, null);
});

test('a custom attribute that is a time is kept in milliseconds beside its text', async (t) => {
  const world = await startWorld(t);
  await world.given({
    external_id: 'ada',
    at: '2026-01-31',
    when: { $time: '01/31/2026' },
    text: 'soon',
    list: ['2026-01-31'],
  });
  const ms = Date.parse('2026-01-31T00:00:00Z');
  const { custom, custom_times } = await world.profile('ada');
  assert.deepEqual(custom, { at: '2026-01-31', when: '01/31/2026', text: 'soon', list: ['2026-01-31'] });
  assert.deepEqual(custom_times, { at: ms, when: ms });
  await world.given({ external_id: 'ada', at: 'never', when: null });
  assert.deepEqual((await world.profile('ada')).custom_times, {});
});

test('an attribute named __proto__ is an attribute', async (t) => {
  const world = await startWorld(t);
  await world.given(
    JSON.parse('{"external_id":"ada","__proto__":{"polluted":{"__proto__":1}},"constructor":"c"}') as Body,
  );
  const { custom } = await world.db.one<{ custom: string }>(sql`select custom::text from profiles`);
  assert.equal(custom, '{"__proto__": {"polluted": {"__proto__": 1}}, "constructor": "c"}');
  assert.equal(({} as Body).polluted, undefined);
});

test('a push token belongs to one person and moves', async (t) => {
  const world = await startWorld(t);
  const token = (name: string, device_id?: string) => ({ app_id: appId, token: name, ...(device_id && { device_id }) });
  await world.given({
    external_id: 'ada',
    push_tokens: [token('t1', 'd1'), token('t2'), { app_id: webAppId, token: 't1' }],
  });
  await world.given({ external_id: 'ada', push_tokens: [token('t2', 'd2'), token('t1')] });
  await world.given(
    { external_id: 'ben', push_tokens: [token('t1')] },
    { external_id: 'cleo', push_tokens: [token('t1', 'd3')] },
  );
  const owners = await world.db.query(sql`
    select p.external_id, t.app_id, t.token, t.device_id, t.platform, o.user_id = p.user_id as owned
      from push_targets t
      join profiles p using (bucket, user_id)
      join push_token_owners o on o.app_id = t.app_id and o.token = t.token
     order by t.app_id, t.token`);
  const webDevice = owners.find((row) => row.app_id === webAppId)?.device_id;
  assert.match(webDevice, /^[0-9a-f-]{36}$/);
  assert.deepEqual(owners, [
    { external_id: 'cleo', app_id: appId, token: 't1', device_id: 'd3', platform: 'ios', owned: true },
    { external_id: 'ada', app_id: appId, token: 't2', device_id: 'd2', platform: 'ios', owned: true },
    { external_id: 'ada', app_id: webAppId, token: 't1', device_id: webDevice, platform: 'web', owned: true },
  ]);
  assert.deepEqual((await world.export('ada')).push_tokens, [
    { app: 'Acme iOS', platform: 'ios', token: 't2', device_id: 'd2', notifications_enabled: true },
    { app: 'Acme Web', platform: 'web', token: 't1', device_id: webDevice, notifications_enabled: true },
  ]);
  await world.given({ external_id: 'ada', push_tokens: null });
  assert.deepEqual(await world.db.query(sql`select token from push_token_owners`), [{ token: 't1' }]);
  assert.deepEqual(await world.db.query(sql`select token from push_targets`), [{ token: 't1' }]);
});

test('a change of email state holds for all who share the address', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'x@example.test' }, { external_id: 'ben', email: 'X@Example.test' });
  await world.given({ external_id: 'cleo', email: 'y@example.test', email_subscribe: 'opted_in' });
  await world.given({ external_id: 'ada', email_subscribe: 'unsubscribed', push_subscribe: 'opted_in' });
  const states = await world.db.query(sql`
    select external_id, email_state, push_state, email_state_changed_at is not null as told from profiles order by external_id`);
  assert.deepEqual(states, [
    { external_id: 'ada', email_state: 'unsubscribed', push_state: 'opted_in', told: true },
    { external_id: 'ben', email_state: 'unsubscribed', push_state: 'subscribed', told: true },
    { external_id: 'cleo', email_state: 'opted_in', push_state: 'subscribed', told: true },
  ]);
});

test('who gets an address inherits its state; a new address keeps the state of the person', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'x@example.test', email_subscribe: 'unsubscribed' });
  await world.given({ external_id: 'ben', email: 'x@example.test' });
  await world.given({ external_id: 'ada', email: 'new@example.test' });
  await world.given(
    { external_id: 'cleo', email: 'c@example.test', email_subscribe: 'opted_in' },
    { external_id: 'dora', email: 'C@example.test' },
  );
  await world.db.run(sql`
    insert into addresses (workspace_id, kind, address, email_state)
    values (${world.workspaceId}, 'email', 'known@example.test', 'unsubscribed')`);
  await world.given(
    { external_id: 'emma', email: 'Known@example.test' },
    { email: 'known@example.test', first_name: 'same' },
  );
  await world.given({ external_id: 'finn', email: 'x@example.test', email_subscribe: 'opted_in' });
  const states = await world.db.query(sql`select external_id, email_state from profiles order by external_id`);
  assert.deepEqual(states, [
    { external_id: 'ada', email_state: 'unsubscribed' },
    { external_id: 'ben', email_state: 'opted_in' }, // shares finn's address
    { external_id: 'cleo', email_state: 'opted_in' },
    { external_id: 'dora', email_state: 'opted_in' },
    { external_id: 'emma', email_state: 'unsubscribed' },
    { external_id: 'finn', email_state: 'opted_in' },
  ]);
});

test('subscription groups: those of email hold for all who share the address, those of SMS for the person', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'x@example.test' }, { external_id: 'ben', email: 'x@example.test' });
  const groups = (state: string) => [
    { subscription_group_id: emailGroup.toUpperCase(), subscription_state: state },
    { subscription_group_id: smsGroup, subscription_state: state },
  ];
  await world.given({ external_id: 'ada', subscription_groups: groups('subscribed') });
  await world.given({ external_id: 'cleo', subscription_groups: groups('unsubscribed') });
  const states = sql`
    select p.external_id, s.group_id, s.state
      from subscription_states s join profiles p using (bucket, user_id) order by external_id, group_id`;
  assert.deepEqual(await world.db.query(states), [
    { external_id: 'ada', group_id: emailGroup, state: 'subscribed' },
    { external_id: 'ada', group_id: smsGroup, state: 'subscribed' },
    { external_id: 'ben', group_id: emailGroup, state: 'subscribed' },
    { external_id: 'cleo', group_id: emailGroup, state: 'unsubscribed' },
    { external_id: 'cleo', group_id: smsGroup, state: 'unsubscribed' },
  ]);
});

test('marked_email_as_spam_at marks the address, whoever has it', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'X@example.test', marked_email_as_spam_at: '2026-01-01T00:00:00Z' });
  const marks = sql`select address, marked_spam_at from addresses`;
  assert.deepEqual(await world.db.query(marks), [
    { address: 'x@example.test', marked_spam_at: new Date('2026-01-01T00:00:00Z') },
  ]);
  await world.given({ external_id: 'ada', marked_email_as_spam_at: null });
  assert.deepEqual(await world.db.query(marks), [{ address: 'x@example.test', marked_spam_at: null }]);
});

test('events and purchases are stored one by one and summed', async (t) => {
  const world = await startWorld(t);
  const event = { external_id: 'ada', name: 'opened' };
  const purchase = { external_id: 'ada', product_id: 'book', currency: 'eur', price: 2.5 };
  const answer = await world.track({
    events: [
      { ...event, time: '2026-02-02T00:00:00Z', app_id: appId, properties: { a: 'b', n: { $time: 1 } } },
      { ...event, time: '2026-02-01T00:00:00Z' },
      { ...event, time: '2027-01-01T00:00:00Z' }, // the future is now
      { ...event, time: '2026-02-02T00:00:00Z', external_id: 'no', _update_existing_only: true },
    ],
    purchases: [
      { ...purchase, time: '2026-02-03T00:00:00Z', quantity: 3 },
      { ...purchase, time: '2025-01-01T00:00:00Z', product_id: 'old', price: 1 },
    ],
  });
  assert.deepEqual(answer, { status: 201, body: { events_processed: 4, purchases_processed: 2, message: 'success' } });
  const again = await world.track({ events: [{ ...event, time: '2026-01-01T00:00:00Z' }] });
  assert.equal(again.status, 201);
  assert.deepEqual(await world.db.query(sql`select name, at, app_id, properties from events order by at desc`), [
    { name: 'opened', at: start, app_id: null, properties: null },
    { name: 'opened', at: new Date('2026-02-02T00:00:00Z'), app_id: appId, properties: { a: 'b', n: { $time: 1 } } },
    { name: 'opened', at: new Date('2026-02-01T00:00:00Z'), app_id: null, properties: null },
    { name: 'opened', at: new Date('2026-01-01T00:00:00Z'), app_id: null, properties: null },
  ]);
  const { custom_events, purchases, total_revenue } = await world.export('ada');
  assert.deepEqual(custom_events, [
    { name: 'opened', first: '2026-01-01T00:00:00.000Z', last: start.toISOString(), count: 4 },
  ]);
  assert.deepEqual(purchases, [
    { name: 'book', first: '2026-02-03T00:00:00.000Z', last: '2026-02-03T00:00:00.000Z', count: 3 },
  ]);
  assert.equal(total_revenue, 8.5);
  assert.equal(await world.count(), 1);
});

test('events and purchases that are no good are told', async (t) => {
  const world = await startWorld(t);
  const event = { external_id: 'ada', name: 'e', time: '2026-02-02' };
  const properties = (value: unknown) => ({ ...event, properties: value });
  const events: [Body, string][] = [
    [{ ...event, external_id: undefined }, noIdentifier],
    [{ ...event, name: undefined }, 'name: expected a text'],
    [{ ...event, name: 'x'.repeat(256) }, 'name: expected at most 255 characters'],
    [{ ...event, time: 5 }, 'time: expected an ISO 8601 date'],
    [properties([]), 'properties: expected an object'],
    [properties({ '': 1 }), 'properties: a name is empty or begins with "$"'],
    [properties({ $x: 1 }), 'properties: a name is empty or begins with "$"'],
    [properties({ time: 1 }), 'properties.time: the name is reserved'],
    [properties({ event_name: 1 }), 'properties.event_name: the name is reserved'],
    [properties({ ['x'.repeat(256)]: 1 }), 'properties: a name: expected at most 255 characters'],
    [properties({ a: 'x'.repeat(256) }), 'properties.a: expected at most 255 characters'],
    [properties({ a: Array.from({ length: 450 }, () => 'x'.repeat(255)) }), 'properties: expected at most 100 KB'],
  ];
  const errors = events.map(([, type], index) => ({ type, input_array: 'events', index }));
  assert.deepEqual(await world.track({ events: events.map(([body]) => body) }), {
    status: 400,
    body: { message: noData, errors },
  });
  const purchase = { external_id: 'ada', product_id: 'p', currency: 'EUR', price: 1, time: '2026-02-02' };
  const purchases: [Body, string][] = [
    [{ ...purchase, product_id: '' }, 'product_id: expected a non-empty text'],
    [{ ...purchase, product_id: 'x'.repeat(256) }, 'product_id: expected at most 255 characters'],
    [{ ...purchase, currency: 'Euro' }, 'currency: expected a code of ISO 4217'],
    [{ ...purchase, price: undefined }, 'price: expected a number'],
    [{ ...purchase, price: 1e300 }, 'price: expected a number'],
    [{ ...purchase, quantity: 0 }, 'quantity: expected an integer from 1 to 100'],
    [{ ...purchase, quantity: 101 }, 'quantity: expected an integer from 1 to 100'],
    [{ ...purchase, time: undefined }, 'time: expected an ISO 8601 date'],
    [
      { ...purchase, properties: { a: Array.from({ length: 250 }, () => 'x'.repeat(255)) } },
      'properties: expected at most 50 KB',
    ],
  ];
  const told = purchases.map(([, type], index) => ({ type, input_array: 'purchases', index }));
  const answer = await world.track({ purchases: purchases.map(([body]) => body) });
  assert.deepEqual(answer, { status: 400, body: { message: noData, errors: told } });
});

test('requests that make the same person at once make one, and no update is lost', async (t) => {
  const world = await startWorld(t);
  const requests = Array.from({ length: 24 }, (_, n) => {
    const ids = ['ada', 'ben', 'cleo', 'dora'];
    const turned = n % 2 === 0 ? ids : [...ids].reverse();
    return world.track({
      attributes: turned.map((external_id) => ({
        external_id,
        clicks: { inc: 1 },
        tags: { add: [`tag${n}`] },
        email: `${external_id}@example.test`,
        push_tokens: [{ app_id: appId, token: `shared${n % 3}` }],
        ...(n % 5 === 0 && { email_subscribe: 'opted_in' }),
      })),
      events: turned.map((external_id) => ({ external_id, name: 'clicked', time: '2026-02-01' })),
    });
  });
  const answers = await Promise.all(requests);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  assert.equal(await world.count(), 4);
  const rows = await world.db.query<{ clicks: number; tags: number; state: string }>(sql`
    select (custom->>'clicks')::int as clicks, jsonb_array_length(custom->'tags') as tags, email_state as state from profiles`);
  assert.deepEqual(
    rows,
    Array.from({ length: 4 }, () => ({ clicks: 24, tags: 24, state: 'opted_in' })),
  );
  assert.deepEqual(
    await world.db.query(sql`select count from activity_totals`),
    Array.from({ length: 4 }, () => ({ count: 24 })),
  );
  const tokens = await world.db.query(sql`select token from push_targets order by token`);
  assert.deepEqual(tokens, [{ token: 'shared0' }, { token: 'shared1' }, { token: 'shared2' }]);
});

test('requests that make the same person by address at once make one', async (t) => {
  const world = await startWorld(t);
  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      world.track({
        attributes: [
          n % 2 === 0 ? { email: 'a@example.test', n: { inc: 1 } } : { phone: '+15125550100', n: { inc: 1 } },
        ],
      }),
    ),
  );
  assert.deepEqual(await world.db.query(sql`select custom from profiles`), [
    { custom: { n: 6 } },
    { custom: { n: 6 } },
  ]);
});

test('tracking and deleting the same people at once leaves nobody half there', async (t) => {
  const world = await startWorld(t);
  const ids = ['ada', 'ben', 'cleo'];
  await Promise.all(
    Array.from({ length: 30 }, (_, n) => {
      if (n % 3 === 0) return world.post('/users/delete', { external_ids: ids });
      if (n % 3 === 1)
        return world.post('/users/alias/new', {
          user_aliases: ids.map((id) => ({ external_id: id, alias_name: `${id}${n}`, alias_label: 'l' })),
        });
      return world.track({
        attributes: ids.map((external_id) => ({ external_id, push_tokens: [{ app_id: appId, token: external_id }] })),
      });
    }),
  );
  const orphans = await world.db.query(sql`
    select n.label, n.name from user_names n left join profiles p using (bucket, user_id) where p.user_id is null
     union all
    select 'profile', p.external_id from profiles p left join user_names n on n.label = '' and n.name = p.external_id and n.user_id = p.user_id where n.name is null
     union all
    select 'token', o.token from push_token_owners o left join push_targets t using (bucket, user_id, app_id, token) where t.token is null
     union all
    select 'target', t.token from push_targets t left join profiles p using (bucket, user_id) where p.user_id is null`);
  assert.deepEqual(orphans, []);
});

const anyKey = fc.oneof(
  fc.constantFrom(
    ...[
      'external_id',
      'user_alias',
      'alias_name',
      'alias_label',
      'braze_id',
      'email',
      'phone',
      'push_tokens',
      'app_id',
    ],
    ...['token', 'subscription_groups', '_update_existing_only', '_merge_objects', 'push_token_import', 'name', 'time'],
    ...['properties', 'product_id', 'price', 'currency', 'quantity', 'dob', 'gender', 'country', 'current_location'],
    ...[
      'inc',
      'add',
      'remove',
      '$time',
      '__proto__',
      'email_subscribe',
      'time_zone',
      'facebook',
      'marked_email_as_spam_at',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const anyScalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    'a@example.test',
    '+15125550100',
    '5125550100',
    '2026-01-31',
    '0000-01-01',
    'EUR',
    'M',
    'unsubscribed',
    appId,
    '\u0000',
    '\ud83d',
    'x'.repeat(3_000),
  ),
  fc.double(),
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(1e308, -0, 2 ** 53, Number.POSITIVE_INFINITY),
  fc.boolean(),
  fc.constant(null),
);
const anyJson = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyScalar,
    tie('object'),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
  object: fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
}));
const anyObject = fc
  .tuple(
    fc.constantFrom<Body>(
      {},
      { external_id: 'a' },
      { external_id: 'b' },
      { user_alias: { alias_name: 'n', alias_label: 'l' } },
      { email: 'a@example.test' },
      { phone: '+15125550100' },
      { push_token_import: true, push_tokens: [{ app_id: appId, token: 't' }] },
    ),
    anyJson.object,
    fc.constantFrom<Body>(
      {},
      { name: 'e', time: '2026-01-01' },
      { product_id: 'p', currency: 'EUR', price: 1, time: '2026-01-01' },
    ),
  )
  .map(([identity, object, activity]) => ({ ...identity, ...(object as Body), ...activity }));
const list = fc.oneof(fc.array(anyObject, { maxLength: 5 }), anyJson.value);

test('whatever the body, the answer is an answer or a RequestError', async (t) => {
  const world = await startWorld(t);
  const paths = fc.constantFrom(
    '/users/track',
    '/users/track',
    '/users/track',
    '/users/alias/new',
    '/users/export/ids',
    '/users/delete',
  );
  const bodies = fc.record(
    {
      attributes: list,
      events: list,
      purchases: list,
      user_aliases: list,
      external_ids: anyJson.value,
      braze_ids: anyJson.value,
      braze_id: anyJson.value,
      email_addresses: list,
      phone_numbers: list,
      email_address: anyJson.value,
      phone: anyScalar,
      device_id: anyScalar,
      fields_to_export: anyJson.value,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(paths, bodies, async (path, body) => {
      try {
        const answer = await world.post(path, body);
        assert.ok(answer.status === 201 || (answer.status === 400 && path === '/users/track'));
        assert.equal(JSON.stringify(answer.body).isWellFormed(), true);
      } catch (error) {
        assert.ok(error instanceof RequestError, String(error instanceof Error ? error.stack : error));
        assert.notEqual(error.code, 'unavailable');
      }
    }),
    { numRuns: 400 },
  );
});

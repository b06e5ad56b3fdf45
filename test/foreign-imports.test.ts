// Imports exports of the original: a round trip from one server to another, by HTTP on both sides.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import type { TestApp } from './support/app.ts';
import { type ForeignWorld, foreignWorld } from './support/foreign-imports.ts';
import { zipOf } from './support/zip.ts';

const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a18';
const WELCOME = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a21';
const NEWS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a31';
const more = `
segments:
  - { id: ${EVERYBODY}, name: Everybody, filter: null }
campaigns:
  - id: ${WELCOME}
    name: Welcome
    kind: api
    variations: [{ id: 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a22, name: Mail, channel: email }]
subscription_groups:
  - { id: ${NEWS}, name: News, channel: email }
`;
const oldApps = { ios: '11111111-3b7e-4c5e-9a55-5f1f0f6f7a11', android: '11111111-3b7e-4c5e-9a55-5f1f0f6f7a12' };
const newApps = { ios: '22222222-3b7e-4c5e-9a55-5f1f0f6f7a11', android: '22222222-3b7e-4c5e-9a55-5f1f0f6f7a12' };
const appleToken = 'ab'.repeat(32);
const day = (ago: number) => new Date(Math.floor(Date.now() / 1_000) * 1_000 - ago * 86_400_000).toISOString();
const all = { external_ids: ['ada', 'bea'], user_aliases: [{ alias_label: 'shop', alias_name: 'guest-1' }] };

/** A server with three people of whom everything is known that a server can know. */
async function populated(t: TestContext): Promise<ForeignWorld> {
  const world = await foreignWorld(t, { apps: oldApps, more });
  await world.post('/users/track', {
    attributes: [
      {
        ...{
          external_id: 'ada',
          first_name: 'Ada',
          last_name: 'Lovelace',
          email: 'Ada@example.test',
          dob: '1985-12-10',
        },
        ...{ phone: '+436641234567', country: 'AT', home_city: 'Wien', language: 'de', gender: 'F' },
        ...{ time_zone: 'Europe/Vienna', email_subscribe: 'opted_in', push_subscribe: 'opted_in' },
        current_location: { longitude: 16.37, latitude: 48.2 },
        push_tokens: [
          { app_id: oldApps.ios, token: appleToken, device_id: 'phone-of-ada' },
          { app_id: oldApps.android, token: 'fcm-token-of-ada', device_id: 'tablet-of-ada' },
        ],
        ...{ plan: 'gold', points: 120.5, is_member: true, joined: '2024-02-01T10:00:00Z', tags: ['a', 'b'] },
        pet: { name: 'Byte', born: { $time: '2020-01-01' } },
      },
      {
        external_id: 'bea',
        email: 'bea@example.test',
        email_subscribe: 'unsubscribed',
        push_subscribe: 'unsubscribed',
      },
      { user_alias: { alias_label: 'shop', alias_name: 'guest-1' }, _update_existing_only: false, first_name: 'Guest' },
    ],
    events: [
      { external_id: 'ada', name: 'viewed', time: day(40) },
      { external_id: 'ada', name: 'viewed', time: day(3) },
      { user_alias: { alias_label: 'shop', alias_name: 'guest-1' }, name: 'viewed', time: day(1) },
    ],
    purchases: [
      { external_id: 'ada', product_id: 'espresso', currency: 'EUR', price: 3.2, quantity: 2, time: day(9) },
      { external_id: 'ada', product_id: 'grinder', currency: 'EUR', price: 99.9, time: day(8) },
    ],
  });
  await world.post('/users/alias/new', {
    user_aliases: [{ external_id: 'ada', alias_label: 'crm', alias_name: 'c-7' }],
  });
  await world.db.run(sql`update push_targets set foreground = false where token = 'fcm-token-of-ada'`);
  await world.db.run(sql`
    update profiles set created_at = created_at - interval '400 days', push_state_changed_at = now() - interval '20 days'`);
  await world.db.run(sql`
    insert into received_totals (bucket, user_id, channel, campaign_id, last_at)
    select bucket, user_id, 'email', ${WELCOME}, ${day(30)} from profiles where external_id = 'ada'`);
  return world;
}

/** The zip of a segment with everybody. */
async function segmentZip(app: TestApp): Promise<Buffer> {
  const fields = [
    ...['external_id', 'user_aliases', 'braze_id', 'first_name', 'last_name', 'random_bucket', 'email', 'phone', 'dob'],
    ...[
      'country',
      'home_city',
      'language',
      'gender',
      'time_zone',
      'last_coordinates',
      'custom_attributes',
      'created_at',
    ],
    ...['custom_events', 'purchases', 'total_revenue', 'push_subscribe', 'email_subscribe', 'push_tokens'],
    ...['campaigns_received', 'devices', 'apps'],
  ];
  const { body } = await app.post('/users/export/segment', { segment_id: EVERYBODY, fields_to_export: fields });
  for (let looks = 0; looks < 20_000; looks += 1) {
    const response = await fetch(app.url + new URL(body.url).pathname);
    if (response.status === 200) return Buffer.from(await response.arrayBuffer());
    await app.db.query(sql`select 1`);
  }
  throw new Error('the export never came');
}

test('what one server exports of a segment, another one imports, and exports again as it was', async (t) => {
  const from = await populated(t);
  const to = await foreignWorld(t, { apps: newApps, more });
  const before = await from.exported(all);
  assert.equal(before.length, 3);
  assert.deepEqual(Object.keys(before[0] ?? {}), [
    ...[
      'created_at',
      'external_id',
      'user_aliases',
      'first_name',
      'last_name',
      'random_bucket',
      'email',
      'phone',
      'dob',
    ],
    ...['country', 'home_city', 'language', 'gender', 'time_zone', 'last_coordinates', 'custom_attributes'],
    ...['custom_events', 'purchases', 'total_revenue', 'push_subscribe', 'push_opted_in_at', 'email_subscribe'],
    ...['push_tokens', 'campaigns_received'],
  ]);
  const path = to.file('segment.zip', await segmentZip(from));
  const imported = await to.import(path);
  assert.equal(imported.code, 0, imported.errors + imported.out);
  assert.match(imported.errors, /^Read as an export of Braze \(--from braze\)$/m);
  assert.match(imported.out, /^3 records read, 3 applied, 0 rejected/);
  assert.deepEqual(await to.exported(all), before);
  // Twice, and once more from the first line: nothing is added to.
  assert.match((await to.import(path)).out, /^This file was imported already/);
  assert.equal((await to.import(path, '--restart')).code, 0);
  assert.deepEqual(await to.exported(all), before);
  const kept = await to.db.query(sql`
    select token, device_id, foreground, app_id from push_targets order by token`);
  assert.deepEqual(kept, [
    { token: appleToken, device_id: 'phone-of-ada', foreground: true, app_id: newApps.ios },
    { token: 'fcm-token-of-ada', device_id: 'tablet-of-ada', foreground: false, app_id: newApps.android },
  ]);
});

test('people who were imported are reached by push, and filters find what they did', async (t) => {
  const from = await populated(t);
  const to = await foreignWorld(t, { apps: newApps, more });
  const { body: answer } = await from.post('/users/export/ids', all);
  const imported = await to.import(to.file('users.json', JSON.stringify(answer, null, 2)));
  assert.equal(imported.code, 0, imported.errors + imported.out);
  const sent = await to.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { apple_push: { alert: 'Hello' } },
  });
  assert.equal(sent.status, 201);
  await to.drain();
  const { rows } = (
    await to.db.query(sql`select count(*)::int as rows from sandbox_messages where channel = 'apple_push'`)
  )[0] as { rows: number };
  assert.equal(rows, 1);
  const { body: names } = await to.get('/events/list');
  assert.deepEqual(names.events, ['viewed']);
});

test('consent of a later time here stays; newer consent of the file counts', async (t) => {
  const world = await foreignWorld(t, { apps: newApps, more });
  const person = { external_id: 'ada', braze_id: 'a'.repeat(24), user_aliases: [], email: 'ada@example.test' };
  const optedIn = { ...person, email_subscribe: 'opted_in', email_opted_in_at: '2025-01-01T00:00:00.000Z' };
  assert.equal((await world.import(world.file('one.ndjson', `${JSON.stringify(optedIn)}\n`))).code, 0);
  const stored = () => world.db.one(sql`select email_state, email_state_changed_at as at from profiles`);
  assert.deepEqual(await stored(), { email_state: 'opted_in', at: new Date('2025-01-01T00:00:00Z') });

  await world.post('/email/status', { email: 'ada@example.test', subscription_state: 'unsubscribed' });
  const again = await world.import(world.file('two.ndjson', `${JSON.stringify(optedIn)}\n`));
  assert.equal(again.code, 3);
  assert.match(
    again.errors,
    /line 1: applied, but for: email_subscribe: the person.*has unsubscribed here, and that stays/,
  );
  assert.equal(((await stored()) as { email_state: string }).email_state, 'unsubscribed');
  // Somebody else with the address does not lift it either.
  const other = { ...optedIn, external_id: 'eve', braze_id: 'b'.repeat(24) };
  assert.equal((await world.import(world.file('three.ndjson', `${JSON.stringify(other)}\n`))).code, 3);
  assert.deepEqual(await world.db.query(sql`select distinct email_state from profiles`), [
    { email_state: 'unsubscribed' },
  ]);

  await world.db.run(sql`update profiles set email_state_changed_at = '2025-06-01'`);
  const newer = { ...optedIn, email_opted_in_at: '2025-07-01 00:00:00 +0000' };
  assert.equal((await world.import(world.file('four.ndjson', `${JSON.stringify(newer)}\n`))).code, 0);
  assert.deepEqual(
    await world.db.query(sql`
    select email_state, email_state_changed_at as at from profiles where external_id = 'ada'`),
    [{ email_state: 'opted_in', at: new Date('2025-07-01T00:00:00Z') }],
  );
});

test('people of all kinds: named by alias or braze id, with what has no place told, and what is wrong left out', async (t) => {
  const world = await foreignWorld(t, { apps: newApps, more });
  const id = (n: number) => String(n).padStart(24, '0');
  const people = [
    {
      ...{ external_id: 'ada', braze_id: id(1), user_aliases: [{ alias_name: 'x', alias_label: 'crm' }] },
      apps: [
        {
          name: 'Shop ios',
          platform: 'iOS',
          sessions: 4,
          first_used: '2024-01-01T00:00:00Z',
          last_used: '2025-01-05T00:00:00Z',
        },
        {
          name: 'Shop android',
          platform: 'Android',
          sessions: 3,
          first_used: '2023-01-01T00:00:00Z',
          last_used: '2024-02-01T00:00:00Z',
        },
      ],
      devices: [{ model: 'iPhone' }],
      total_revenue: 12.5,
    },
    // The alias is taken, and one token is of an app that nobody knows.
    {
      ...{
        external_id: 'bob',
        braze_id: id(2),
        user_aliases: [{ alias_name: 'x', alias_label: 'crm' }],
        email: 'no address',
      },
      push_tokens: [{ app: 'Other', platform: 'ios', token: 'cd'.repeat(32) }],
      custom_attributes: { plan: 'free', gone: null, points: { inc: 5 }, external_id: 'eve' },
    },
    { braze_id: id(3), user_aliases: [], first_name: 'Nameless', dob: '1990-05-01T00:00:00.000Z' },
  ];
  const path = world.file('people.txt', people.map((one) => JSON.stringify(one)).join('\n'));
  const done = await world.import(path, '--json');
  const [source, rejected, end] = done.out.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(source, { event: 'source', from: 'braze' });
  assert.equal(rejected.line, 2);
  for (const part of [
    "The value provided for the 'email' field is not a valid email.",
    'push_tokens[0].app: names no app of this workspace, got "Other"; --app \'Other=<id of an app>\' says which',
    'custom_attributes.points: an object with such members means a change of the stored value',
    'custom_attributes.external_id: is a member of profiles, and no custom attribute',
    'user_aliases: somebody else has such an alias, or the person has another one with its label',
  ])
    assert.ok(rejected.reason.includes(part), rejected.reason);
  assert.deepEqual(end.left_out, { devices: 1, 'total_revenue without purchases': 1 });
  assert.deepEqual([end.records, end.rejected, end.partial], [3, 1, 1]);
  const stored = await world.db.query(sql`
    select external_id, first_name, dob, custom, session_count, first_session_at, last_session_at
      from profiles order by external_id`);
  assert.deepEqual(stored, [
    {
      ...{ external_id: 'ada', first_name: null, dob: null, custom: {}, session_count: 7 },
      ...{ first_session_at: new Date('2023-01-01T00:00:00Z'), last_session_at: new Date('2025-01-05T00:00:00Z') },
    },
    {
      ...{ external_id: 'bob', first_name: null, dob: null, custom: { plan: 'free' }, session_count: 0 },
      ...{ first_session_at: null, last_session_at: null },
    },
    {
      ...{ external_id: null, first_name: 'Nameless', dob: '1990-05-01', custom: {}, session_count: 0 },
      ...{ first_session_at: null, last_session_at: null },
    },
  ]);

  // The rejects file knows how it is read. With the app named, it is applied as a whole but for what stays wrong.
  const rejects = `${path}.rejects.ndjson`;
  const mended = await world.import(rejects, '--app', `Other=${newApps.ios}`);
  assert.match(mended.out, /^1 record read, 0 applied, 1 applied in part/);
  assert.ok(!mended.errors.includes('push_tokens'), mended.errors);
  assert.deepEqual(await world.db.query(sql`select token from push_targets`), [{ token: 'cd'.repeat(32) }]);
  assert.equal((await world.db.query(sql`select from profiles`)).length, 3);
});

test('the states of GET /subscription/user/status come along with the same command', async (t) => {
  const world = await foreignWorld(t, { apps: newApps, more });
  const group = (status: string) => ({ id: NEWS, name: 'News', channel: 'email', status });
  const users = [
    { email: 'ada@example.test', phone: null, external_id: 'ada', subscription_groups: [group('Subscribed')] },
    { email: 'bob@example.test', phone: null, external_id: 'bob', subscription_groups: [group('Unsubscribed')] },
    { email: 'cid@example.test', phone: null, external_id: 'cid', subscription_groups: [group('Unknown')] },
  ];
  const path = world.file('status.json', JSON.stringify({ users, total_count: 3, message: 'success' }));
  const done = await world.import(path, '--from', 'braze');
  assert.equal(done.code, 0, done.errors + done.out);
  const states = await world.db.query(sql`
    select p.external_id, s.state from subscription_states s join profiles p using (bucket, user_id) order by 1`);
  assert.deepEqual(states, [
    { external_id: 'ada', state: 'subscribed' },
    { external_id: 'bob', state: 'unsubscribed' },
  ]);
});

const hostile: [string, string | Buffer | Promise<Buffer>, string[], number, RegExp][] = [
  ['broken.zip', Buffer.from('504b0304ffffff', 'hex'), ['--from', 'braze'], 2, /The zip cannot be read/],
  ['other.zip', zipOf(['a.txt', '{"external_id":"a"}\n']), [], 2, /other\.zip: a zip is read only of Braze/],
  ['plain.zip', zipOf(['a.txt', '{"external_id":"a"}\n']), ['--format', 'ndjson'], 2, /a zip is read only of Braze/],
  [
    'cut.json',
    '{"users":[{"external_id":"a"},\n{"external_id":',
    ['--from', 'braze'],
    3,
    /line 2: the JSON that is open here never ends/,
  ],
  ['none.json', '{"message":"success"}', ['--from', 'braze'], 2, /The file has no list of people/],
  [
    'odd.json',
    '{"users":[7,"}{",\n{"external_id":"a",},[],{"external_id":"b"}]}',
    ['--from', 'braze'],
    3,
    /line 2: the line is not JSON/,
  ],
  ['people.csv', 'external_id\na\n', ['--from', 'braze'], 2, /exports of Braze are JSON, not CSV/],
  [
    'lines.ndjson',
    '{"external_id":"a"}\n{"external_id":"b"\nnull\n',
    ['--from', 'braze'],
    3,
    /line 2: the line is not JSON\nline 3: expected an object/,
  ],
  [
    'latin.ndjson',
    Buffer.from('{"external_id":"a","first_name":"J\xfcrgen"}\n', 'latin1'),
    ['--from', 'braze'],
    3,
    /line 1: the line is not UTF-8/,
  ],
  ['wide.ndjson', Buffer.from('\ufeff{"external_id":"a"}\n', 'utf16le'), ['--from', 'braze'], 2, /The file is UTF-16/],
  ['x.ndjson', '{"external_id":"a"}\n', ['--app', 'ios=x'], 2, /--app: only with --from/],
  [
    'x.ndjson',
    '{"external_id":"a"}\n',
    ['--from', 'braze', '--app', 'ios=nothing'],
    2,
    /--app: does not name an app of this workspace, got "nothing"/,
  ],
  [
    'x.ndjson',
    '{"external_id":"a"}\n',
    ['--from', 'braze', '--sms-group', NEWS],
    2,
    /--sms-group: does not name a subscription group for phone numbers/,
  ],
  [
    'x.ndjson',
    '{"external_id":"a"}\n',
    ['--from', 'braze', '--null', 'x', '--records', 'events'],
    2,
    /--null, --records: not with --from/,
  ],
];

test('hostile files are refused with their line, or as a whole', async (t) => {
  const world = await foreignWorld(t, { apps: newApps, more });
  for (const [name, bytes, args, code, message] of hostile) {
    const done = await world.import(world.file(name, await bytes), ...args);
    assert.equal(done.code, code, `${name}: ${done.errors}`);
    assert.match(done.errors, message, name);
  }
});

test('a zip bomb takes no memory, and files that overlap are refused', async (t) => {
  const world = await foreignWorld(t, { apps: newApps, more });
  // 64 MiB on one line, in 64 KiB: the line is too long, the next one is read.
  const bomb = await zipOf([
    'a.txt',
    Buffer.concat([Buffer.alloc(64 * 1024 * 1024, ' x'), Buffer.from('\n{"external_id":"a"}')]),
  ]);
  assert.ok(bomb.length < 256 * 1024);
  const before = process.memoryUsage.rss();
  const done = await world.import(world.file('bomb.zip', bomb), '--from', 'braze');
  assert.equal(done.code, 3, done.errors);
  assert.match(done.errors, /line 1: expected at most 4194304 bytes in a line/);
  assert.match(done.out, /^2 records read, 1 applied/);
  assert.ok(process.memoryUsage.rss() - before < 200 * 1024 * 1024, 'memory grew with the file');

  const files = Array.from({ length: 200 }, (_, n): [string, Buffer] => [`${n}.txt`, Buffer.alloc(1024 * 1024, 'x')]);
  const many = await zipOf(...files);
  const overlapping = overlapped(many);
  const refused = await world.import(world.file('overlap.zip', overlapping), '--from', 'braze');
  assert.equal(refused.code, 2, refused.out + refused.errors);
  assert.match(refused.errors, /its files are larger than a file of this size can hold/);
});

/** The same directory with all entries leading to the first file, whose bytes alone are left. */
function overlapped(zip: Buffer): Buffer {
  const entry = Buffer.from('504b0102', 'hex');
  const begin = zip.indexOf(entry);
  const second = zip.indexOf(Buffer.from('504b0304', 'hex'), 4);
  const directory = Buffer.from(zip.subarray(begin));
  for (let at = 0; at !== -1; at = directory.indexOf(entry, at + 4)) directory.writeUInt32LE(0, at + 42);
  const end = directory.indexOf(Buffer.from('504b0506', 'hex'));
  directory.writeUInt32LE(second, end + 16);
  return Buffer.concat([zip.subarray(0, second), directory]);
}

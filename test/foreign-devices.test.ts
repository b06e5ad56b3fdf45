// Imports exports of OneSignal and Amazon Pinpoint, which have a row for each device.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { sql } from '../src/db/sql.ts';
import { foreignWorld } from './support/foreign-imports.ts';

const apps = {
  ios: '22222222-3b7e-4c5e-9a55-5f1f0f6f7a11',
  android: '22222222-3b7e-4c5e-9a55-5f1f0f6f7a12',
  web: '22222222-3b7e-4c5e-9a55-5f1f0f6f7a13',
};
const TEXTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a32';
const more = `
subscription_groups:
  - { id: ${TEXTS}, name: Texts, channel: sms }
`;
const appleToken = 'ab'.repeat(32);

/** The keys of a browser, as its PushSubscription has them. */
function browserKeys() {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { p256dh: point.toString('base64url'), auth: randomBytes(16).toString('base64url') };
}

const people = sql`
  select external_id, email, phone, email_state, country, language, time_zone, custom, session_count as sessions,
         first_session_at as first, last_session_at as last
    from profiles order by external_id`;
const tokens = sql`
  select p.external_id, t.app_id, t.token, t.device_id
    from push_targets t join profiles p using (bucket, user_id) order by t.token collate "C"`;

test('rows of OneSignal with one external id become one person with devices', async (t) => {
  const world = await foreignWorld(t, { apps, more });
  const { p256dh, auth } = browserKeys();
  const header =
    'id,identifier,session_count,language,timezone,game_version,device_os,device_type,device_model,ad_id,tags,last_active,' +
    'playtime,amount_spent,created_at,invalid_identifier,badge_count,external_user_id,country,web_auth,web_p256,timezone_id';
  const tags = (value: object) => `"${JSON.stringify(value).replaceAll('"', '""')}"`;
  const rows = [
    `11111111-aaaa,${appleToken},7,de,3600,3.1,17.4,0,"iPhone15,2",,${tags({ plan: 'gold', level: 3 })},2026-01-05 10:00:00 UTC,60,0.0,2024-05-01 08:00:00 UTC,f,0,ada,AT,,,Europe/Vienna`,
    `22222222-aaaa,fcm-of-ada,2,de,3600,3.1,14,1,Pixel,,${tags({ plan: 'silver' })},2025-12-01 10:00:00 UTC,9,0.0,2023-05-01 08:00:00 UTC,f,0,ada,AT,,,`,
    `33333333-aaaa,fcm-gone,1,de,3600,3.1,14,1,Pixel,,{},2025-12-01 10:00:00 UTC,9,0.0,2023-06-01 08:00:00 UTC,t,0,ada,AT,,,`,
    `44444444-aaaa,ada@example.test,0,,,,,11,,,{},,,,,t,,ada,,,,`,
    `55555555-aaaa,+436641234567,0,,,,,14,,,{},,,,,f,,ada,,,,`,
    `66666666-aaaa,https://push.example.test/one,3,en,0,,120,5,Linux x86_64,,{},,,,,f,,,,${auth},${p256dh},`,
    `77777777-aaaa,windows-token,1,en,0,,10,6,PC,,{},,,,,f,,bob,,,,`,
    ',no-id,1,en,0,,10,0,PC,,{},,,,,f,,,,,,',
    `88888888-aaaa,${'cd'.repeat(32)},1,en,0,,10,0,PC,,no JSON,yesterday,,,,perhaps,,cid,,,,`,
  ];
  const path = world.file('users.csv.gz', gzipSync([header, ...rows].join('\n')));
  const done = await world.import(path, '--json', '--sms-group', TEXTS);
  assert.equal(done.code, 3, done.errors + done.out);
  const [source, ...events] = done.out.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(source, { event: 'source', from: 'onesignal' });
  assert.deepEqual(events.slice(0, 2), [
    { event: 'rejected', line: 9, reason: 'expected an external_user_id, or the id of the subscription' },
    {
      ...{ event: 'rejected', line: 10 },
      reason:
        'applied, but for: last_active: expected an ISO 8601 date; tags: expected a JSON object; ' +
        'invalid_identifier: expected t or f; the address is taken to have unsubscribed',
    },
  ]);
  assert.deepEqual(events[2].left_out, {
    ...{ timezone: 7, device_os: 7, device_model: 7, game_version: 3, playtime: 3, amount_spent: 3, badge_count: 3 },
    'push tokens that have unsubscribed': 2,
    'identifier of device_type 6': 1,
  });
  const nobody = { email: null, phone: null, email_state: 'subscribed', country: null, time_zone: null, custom: {} };
  assert.deepEqual(await world.db.query(people), [
    {
      ...{ external_id: 'ada', email: 'ada@example.test', phone: '+436641234567', email_state: 'unsubscribed' },
      ...{
        country: 'AT',
        language: 'de',
        time_zone: 'Europe/Vienna',
        custom: { plan: 'silver', level: 3 },
        sessions: 7,
      },
      ...{ first: new Date('2023-05-01T08:00:00Z'), last: new Date('2026-01-05T10:00:00Z') },
    },
    { external_id: 'bob', ...nobody, language: 'en', sessions: 1, first: null, last: null },
    { external_id: 'cid', ...nobody, language: 'en', sessions: 1, first: null, last: null },
    { external_id: null, ...nobody, language: 'en', sessions: 3, first: null, last: null },
  ]);
  assert.deepEqual(await world.db.query(tokens), [
    { external_id: 'ada', app_id: apps.ios, token: appleToken, device_id: '11111111-aaaa' },
    { external_id: 'ada', app_id: apps.android, token: 'fcm-of-ada', device_id: '22222222-aaaa' },
    {
      ...{ external_id: null, app_id: apps.web, device_id: '66666666-aaaa' },
      token: JSON.stringify({ endpoint: 'https://push.example.test/one', keys: { p256dh, auth } }),
    },
  ]);
  assert.deepEqual(await world.db.query(sql`select group_id, state from subscription_states`), [
    { group_id: TEXTS, state: 'subscribed' },
  ]);
  const before = await world.db.query(people);
  assert.equal((await world.import(path, '--restart', '--sms-group', TEXTS)).code, 3);
  assert.deepEqual(await world.db.query(people), before);
});

const endpoints = [
  {
    ...{ Id: 'endpoint-1', Address: appleToken, ChannelType: 'APNS', OptOut: 'NONE', EndpointStatus: 'ACTIVE' },
    ...{ ApplicationId: 'a', RequestId: 'r', CohortId: '63', EffectiveDate: '2025-05-07T19:03:29.963Z' },
    CreationDate: '2024-05-01T17:31:01.046Z',
    Attributes: { Interests: ['Technology', 'Music'] },
    Metrics: { level: 6.5 },
    Location: { City: 'Graz', Country: 'AUT', Latitude: 47.07, Longitude: 15.44, PostalCode: '8010' },
    Demographic: { AppVersion: '1.0', Make: 'apple', Platform: 'ios', Timezone: 'Europe/Vienna', Locale: 'de_AT' },
    User: { UserId: 'ada', UserAttributes: { plan: ['gold'] } },
  },
  { Id: 'endpoint-2', Address: 'fcm-of-ada', ChannelType: 'GCM', OptOut: 'NONE', User: { UserId: 'ada' } },
  { Id: 'endpoint-3', Address: 'fcm-out', ChannelType: 'GCM', OptOut: 'ALL', User: { UserId: 'ada' } },
  {
    ...{ Id: 'endpoint-4', Address: 'ada@example.test', ChannelType: 'EMAIL', OptOut: 'ALL' },
    ...{ EffectiveDate: '2025-06-07T00:00:00Z', User: { UserId: 'ada' } },
  },
  { Id: 'endpoint-5', Address: '+436641234567', ChannelType: 'SMS', OptOut: 'NONE', User: { UserId: 'ada' } },
  { Id: 'endpoint-6', Address: 'alone@example.test', ChannelType: 'EMAIL', EndpointStatus: 'INACTIVE' },
  { Id: 'endpoint-7', Address: 'baidu', ChannelType: 'BAIDU', OptOut: 'MAYBE', User: { UserId: 'bob' } },
  { Address: 'x', ChannelType: 'GCM' },
];
const ofAda = {
  ...{
    external_id: 'ada',
    email: 'ada@example.test',
    phone: '+436641234567',
    email_state: 'unsubscribed',
    country: 'AT',
  },
  ...{ language: 'de', time_zone: 'Europe/Vienna', sessions: 0, first: null, last: null },
  custom: { level: 6.5, Interests: ['Technology', 'Music'], plan: ['gold'] },
};

test('endpoints of Pinpoint with one user id become one person; an opt-out is never lost', async (t) => {
  const world = await foreignWorld(t, { apps, more });
  const lines = endpoints.map((one) => JSON.stringify(one)).join('\n');
  const path = world.file('part-0.ndjson', lines);
  const done = await world.import(path, '--json', '--sms-group', TEXTS);
  const [source, rejected, end] = done.out.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(source, { event: 'source', from: 'pinpoint' });
  assert.deepEqual(rejected, {
    ...{ event: 'rejected', line: 8, reason: 'expected User.UserId, or the Id of the endpoint' },
  });
  assert.deepEqual([end.records, end.rejected, end.partial], [8, 1, 0]);
  assert.deepEqual(end.left_out, {
    ...{ 'Location.PostalCode': 1, 'Demographic.AppVersion': 1, 'Demographic.Make': 1, 'Demographic.Platform': 1 },
    ...{
      'push tokens that have opted out': 1,
      'addresses of inactive endpoints': 1,
      'Address of ChannelType BAIDU': 1,
    },
  });
  const [ada, bob, alone] = await world.db.query(people);
  assert.deepEqual(ada, ofAda);
  assert.deepEqual([bob?.external_id, alone?.external_id, alone?.email], ['bob', null, null]);
  assert.deepEqual(
    (await world.db.query<{ token: string; device_id: string }>(tokens)).map(({ token, device_id }) => [
      token,
      device_id,
    ]),
    [
      [appleToken, 'endpoint-1'],
      ['fcm-of-ada', 'endpoint-2'],
    ],
  );
  const [stored] = await world.db.query(sql`
    select created_at, email_state_changed_at, longitude, home_city from profiles where external_id = 'ada'`);
  assert.deepEqual(stored, {
    ...{ created_at: new Date('2024-05-01T17:31:01.046Z'), longitude: 15.44, home_city: 'Graz' },
    email_state_changed_at: new Date('2025-06-07T00:00:00Z'),
  });
  const states = sql`select state from subscription_states`;
  assert.deepEqual(await world.db.query(states), [{ state: 'subscribed' }]);

  // Somebody who has left the group here stays out of it, whatever an older file says.
  const left = { subscription_group_id: TEXTS, subscription_state: 'unsubscribed', phone: ['+436641234567'] };
  assert.equal((await world.post('/subscription/status/set', left)).status, 201);
  const again = await world.import(path, '--restart', '--sms-group', TEXTS);
  assert.match(
    again.errors,
    /line 5: applied, but for: subscription_groups: the person has unsubscribed here, and that stays/,
  );
  assert.deepEqual(await world.db.query(states), [{ state: 'unsubscribed' }]);
});

test('the same endpoints as CSV, with dotted columns; a mended row of the rejects file is read alike', async (t) => {
  const world = await foreignWorld(t, { apps, more });
  const csv = [
    '\ufeffId,ChannelType,Address,OptOut,Location.Country,Location.City,Demographic.Timezone,Demographic.Locale,Metrics.level,' +
      'Attributes.Interests,User.UserId,User.UserAttributes.plan',
    `endpoint-1,APNS,${appleToken},NONE,AUT,Graz,Europe/Vienna,de_AT,6.5,"[""Technology"",""Music""]",ada,gold`,
    'endpoint-4,EMAIL,ada@example.test,ALL,,,,,,,ada,',
    'endpoint-5,SMS,+436641234567,NONE,,,,,high,,ada,',
  ].join('\r\n');
  const path = world.file('endpoints.csv', csv);
  const done = await world.import(path);
  assert.match(done.errors, /^Read as an export of Amazon Pinpoint \(--from pinpoint\)$/m);
  assert.match(done.errors, /^line 4: applied, but for: Metrics\.level: expected a number$/m);
  assert.deepEqual(await world.db.query(people), [ofAda]);
  const mended = await world.import(`${path}.rejects.ndjson`);
  assert.match(mended.errors, /^Read as an export of Amazon Pinpoint/m);
  assert.match(mended.errors, /^line 2: applied, but for: Metrics\.level/m);
});

test('headers that cannot be meant, apps that are not clear, and rows of another length are told', async (t) => {
  const world = await foreignWorld(t, { apps: { ios: apps.ios }, more: '' });
  const twice = world.file('twice.csv', 'Address,ChannelType,Id,Id\n');
  assert.match((await world.import(twice)).errors, /The header cannot be used: "Id" occurs twice/);
  const other = world.file('other.csv', 'Address;Id\n');
  assert.match((await world.import(other, '--from', 'pinpoint')).errors, /there is no column ChannelType/);
  const nameless = world.file('nameless.csv', 'Address,ChannelType,,Id\n');
  assert.match((await world.import(nameless)).errors, /column 3 has no name/);
  const rows = world.file('rows.csv', 'Address,ChannelType,Id\na,GCM,endpoint-1\nb,GCM\n\xff,EMAIL,c\n');
  const done = await world.import(rows);
  assert.match(done.errors, /line 2: applied, but for: Address: the workspace has no app for android/);
  assert.match(done.errors, /line 3: expected 3 cells as in the header, got 2/);
  const zipped = await world.import(world.file('x.zip', Buffer.from('504b0506', 'hex')), '--from', 'pinpoint');
  assert.match(zipped.errors, /a zip is read only of Braze/);
});

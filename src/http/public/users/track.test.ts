import assert from 'node:assert/strict';
import test from 'node:test';
import { appId, start, startWorld } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';
import { RequestError } from '../../../errors.ts';

const noData = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";
const noIdentifier = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";

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

test('an invalid object is reported by its index, and the others are applied', async (t) => {
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

test('a request without a valid object is a 400 with objects as errors', async (t) => {
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
  await assert.rejects(world.track({ events: { a: 1 } }), RequestError);
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
    await world.given({ [key]: value, first_name: 'first' }); // makes a person who has only the address
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

test('an address names nobody beside a primary identifier; without one, email counts before phone', async (t) => {
  const world = await startWorld(t);
  await world.given({ email: 'shared@example.test' });
  await world.given({ external_id: 'ada', email: 'ada@example.test', phone: '(512) 555-0100' });
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
    'nested_times',
    'push_state',
    'random_bucket',
    'session_count',
    'updated_at',
    'user_id',
    'workspace_id',
  ]);
  assert.deepEqual(emptied.extras, {});
});

test('an unknown country removes the country, an unknown time zone changes nothing', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', country: 'DE', time_zone: 'Europe/Berlin' });
  const { status, body } = await world.track({
    attributes: [{ external_id: 'ada', country: 'Atlantis', time_zone: 'Mars/Olympus' }],
  });
  assert.equal(status, 201);
  const { warnings } = (body as { cresset: { warnings: string[] } }).cresset;
  assert.match(
    warnings.join('\n'),
    /^attributes\[0\]\.country: .+ no country now\nattributes\[0\]\.time_zone: .+ stays$/,
  );
  const { country, time_zone } = await world.profile('ada');
  assert.deepEqual([country, time_zone], [null, 'Europe/Berlin']);
});

test('empty values, as PHP clients write them, are absent', async (t) => {
  const world = await startWorld(t);
  await world.given({
    ...{ external_id: 'ada', email_subscribe: 'unsubscribed', current_location: { longitude: 1, latitude: 2 } },
    push_tokens: [{ app_id: appId, token: 't' }],
  });
  const before = await world.profile('ada');
  for (const empty of ['', [], {}]) {
    const objects = { user_alias: empty, current_location: empty, push_tokens: empty, subscription_groups: empty };
    await world.given({ external_id: 'ada', ...objects, email_subscribe: '', push_subscribe: '' });
    const event = { external_id: 'ada', name: 'e', time: '2026-02-02', properties: empty };
    const { status } = await world.track({ attributes: empty, events: [event], purchases: empty });
    assert.equal(status, 201, JSON.stringify(empty));
  }
  assert.deepEqual(await world.profile('ada'), { ...before, updated_at: start });
  assert.equal(((await world.export('ada')).push_tokens as unknown[]).length, 1);
  assert.deepEqual(await world.db.query(sql`select distinct properties from events`), [{ properties: null }]);
  const deletion = { external_ids: ['ada'], user_aliases: {}, braze_ids: '', email_addresses: [] };
  assert.deepEqual((await world.post('/users/delete', deletion)).body, { deleted: 1, message: 'success' });
});

// What /users/track accepts since the original's documentation of 2026. Source: adjacent-endpoints.md §2.1.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GROUP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
const apps = `apps: [{ id: ${IOS}, name: iOS, platform: ios }]
subscription_groups: [{ id: ${GROUP}, name: Alerts, channel: sms }]`;
const time = '2026-02-01T00:00:00Z';

async function start(t: TestContext, more = ''): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`${apps}\n${more}`);
  return app;
}

type Errors = { type: string; detail?: string; input_array: string; index: number }[];

/** The errors of one object of `attributes`, each as its type and detail. */
async function errorsOf(app: TestApp, object: object): Promise<(string | undefined)[][]> {
  const { body } = await app.post('/users/track', { attributes: [object] });
  return ((body.errors ?? []) as Errors).map(({ type, detail }) => (detail === undefined ? [type] : [type, detail]));
}

async function custom(app: TestApp, external_id: string): Promise<unknown> {
  const { body } = await app.post('/users/export/ids', { external_ids: [external_id] });
  return body.users[0]?.custom_attributes;
}

test('an object with more than one primary identifier is rejected by itself, in each of the arrays', async (t) => {
  const app = await start(t);
  const alias = { alias_name: 'a', alias_label: 'l' };
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const both = "'external_id' and 'user_alias' are mutually exclusive";
  const { status, body } = await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', user_alias: alias, x: 1 },
      { external_id: 'ada', x: 2 },
    ],
    events: [{ external_id: 'ada', braze_id: 'b', name: 'e', time }],
    purchases: [
      { external_id: 'ada', user_alias: alias, braze_id: 'b', product_id: 'p', currency: 'EUR', price: 1, time },
    ],
  });
  assert.equal(status, 201);
  assert.deepEqual(body, {
    ...{ attributes_processed: 1, message: 'success' },
    errors: [
      { type: both, input_array: 'attributes', index: 0 },
      { type: "'external_id' and 'braze_id' are mutually exclusive", input_array: 'events', index: 0 },
      {
        type: "'external_id', 'user_alias' and 'braze_id' are mutually exclusive",
        ...{ input_array: 'purchases', index: 0 },
      },
    ],
  });
  assert.deepEqual(await custom(app, 'ada'), { x: 2 });
  const empty = { external_id: 'ada', user_alias: {}, braze_id: '', x: 3 };
  assert.deepEqual(await errorsOf(app, empty), [], 'an empty member is no identifier');
  assert.deepEqual(await custom(app, 'ada'), { x: 3 });
});

test('beside a primary identifier an address is profile data; without one, email counts before phone', async (t) => {
  const app = await start(t);
  const named = { email: 'a@example.test', phone: '+15125550100' };
  await app.post('/users/track', { attributes: [{ external_id: 'ada', ...named }] });
  await app.post('/users/track', { attributes: [{ external_id: 'ben', phone: '+15125550101' }] });
  await app.post('/users/track', { attributes: [{ email: 'a@example.test', phone: '+15125550101', x: 1 }] });
  assert.deepEqual([await custom(app, 'ada'), await custom(app, 'ben')], [{ x: 1 }, undefined]);
});

test('an external id has at most 987 bytes, a device id 8 to 255', async (t) => {
  const app = await start(t);
  const longest = `é${'x'.repeat(985)}`;
  assert.deepEqual(await errorsOf(app, { external_id: longest }), []);
  assert.deepEqual(await errorsOf(app, { external_id: `${longest}x` }), [
    ["'external_id' must be fewer than 988 bytes"],
  ]);
  for (const path of ['/users/delete', '/users/export/ids']) {
    const { status, body } = await app.post(path, { external_ids: ['ok', `${longest}x`] });
    assert.equal(status, 400, path);
    assert.deepEqual(body.errors, ['external_ids[1] must be fewer than 988 bytes'], path);
  }
  const token = (n: number, device_id: unknown) => ({ app_id: IOS, token: `token-${n}`, device_id });
  const given = ['1234567', '12345678', 'x'.repeat(255), 'x'.repeat(256), 'ééé', 'éééé', '', null, 12345678, {}];
  const wrong = [0, 3, 4].map((at) => ['BAD_DEVICE_ID', `push_tokens[${at}].device_id: expected 8 to 255 bytes`]);
  assert.deepEqual(await errorsOf(app, { external_id: 'ada', push_tokens: given.map((id, n) => token(n, id)) }), [
    ...wrong,
    ['BAD_DEVICE_ID', 'push_tokens[9].device_id: expected a non-empty text'],
  ]);
  const { tokens } = await app.db.one<{ tokens: number }>(sql`select count(*) as tokens from push_targets`);
  assert.equal(tokens, 6, 'the others are stored');
});

test('where the original documents a code, the error has it as its type and says in detail what is wrong', async (t) => {
  const app = await start(t);
  const token = { app_id: IOS, token: 't' };
  const group = { subscription_group_id: GROUP, subscription_state: 'subscribed' };
  const wrong: [object, string, string][] = [
    [{ email_subscribe: 'x' }, 'BAD_EMAIL_SUBSCRIPTION_STATE', 'email_subscribe: '],
    [{ push_subscribe: 7 }, 'BAD_PUSH_SUBSCRIPTION_STATE', 'push_subscribe: '],
    [{ current_location: 'here' }, 'BAD_LOCATION_UPDATE', 'current_location: expected an object'],
    [{ current_location: { longitude: 1 } }, 'BAD_LOCATION_UPDATE', 'current_location.latitude: '],
    [{ push_tokens: 'x' }, 'BAD_PUSH_TOKEN_VALUE', 'push_tokens: expected an array'],
    [{ push_tokens: ['x'] }, 'BAD_PUSH_TOKEN_VALUE', 'push_tokens[0]: expected an object'],
    [{ push_tokens: [{ ...token, app_id: 'x' }] }, 'BAD_PUSH_TOKEN_APP_ID', 'push_tokens[0].app_id: '],
    [{ push_tokens: [{ ...token, app_id: null }] }, 'BAD_PUSH_TOKEN_APP_ID', 'push_tokens[0].app_id: '],
    [{ push_tokens: [{ ...token, token: {} }] }, 'BAD_PUSH_TOKEN_STRING', 'push_tokens[0].token: '],
    [{ push_tokens: [{ ...token, device_id: 'x' }] }, 'BAD_DEVICE_ID', 'push_tokens[0].device_id: '],
    [{ subscription_groups: 5 }, 'BAD_SUBSCRIPTION_GROUP_ARRAY', 'subscription_groups: '],
    [{ subscription_groups: [5] }, 'BAD_SUBSCRIPTION_GROUP_HASH', 'subscription_groups[0]: '],
    [
      { subscription_groups: [{ ...group, subscription_group_id: 'x' }] },
      ...(['BAD_SUBSCRIPTION_GROUP_ID', 'Invalid subscription group ID'] as const),
    ],
    [
      { subscription_groups: [{ ...group, subscription_state: 'opted_in' }] },
      ...(['BAD_SUBSCRIPTION_GROUP_STATE', 'subscription_groups[0].subscription_state: '] as const),
    ],
    [{ push_token_import: true }, 'BAD_PUSH_TOKEN_IMPORT', 'push_token_import: '],
  ];
  for (const [object, code, detail] of wrong) {
    const [[type, said = ''] = [], ...more] = await errorsOf(app, { external_id: 'ada', ...object });
    assert.deepEqual([type, more], [code, []], JSON.stringify(object));
    assert.ok(said.startsWith(detail), `${JSON.stringify(object)}: ${said}`);
  }
  assert.deepEqual(await errorsOf(app, { external_id: 'ada', email: 'x' }), [
    ["The value provided for the 'email' field is not a valid email."],
  ]);
});

test('with track_batch combined, a request holds 75 objects in all; else 75 in each array', async (t) => {
  const app = await start(t);
  const attributes = Array.from({ length: 40 }, (_, n) => ({ external_id: `p${n}` }));
  const events = Array.from({ length: 36 }, (_, n) => ({ external_id: `p${n}`, name: 'e', time }));
  assert.equal((await app.post('/users/track', { attributes, events })).status, 201);
  await app.givenWorkspace(`${apps}\nusers: { track_batch: combined }`);
  const { status, body } = await app.post('/users/track', { attributes, events });
  assert.equal(status, 400);
  assert.match(body.message, /Max Input Length Exceeded/);
  assert.deepEqual(body.errors, ['attributes, events and purchases together: expected at most 75 objects, got 76']);
  const { events_processed } = (await app.post('/users/track', { attributes, events: events.slice(1) })).body;
  assert.equal(events_processed, 35);
});

test('blanks around the name of a custom attribute are stripped; the case of its letters stays', async (t) => {
  const app = await start(t);
  const object = { external_id: 'ada', ' plan ': 'gold', '\tzip code\n': 8010, Plan: 'x', '\u00a0seats\u00a0': 2 };
  assert.deepEqual(await errorsOf(app, object), []);
  assert.deepEqual(await custom(app, 'ada'), { plan: 'gold', 'zip code': 8010, Plan: 'x', seats: 2 });
  assert.deepEqual(await errorsOf(app, { external_id: 'ada', ' plan': null }), []);
  assert.deepEqual(await custom(app, 'ada'), { 'zip code': 8010, Plan: 'x', seats: 2 });
  const disguised = { external_id: 'ada', ' email': 'a@example.test', 'external_id ': 'ben', '   ': 1 };
  assert.deepEqual(await errorsOf(app, disguised), [
    [' email: expected email without blanks around it'],
    ['external_id : expected external_id without blanks around it'],
    ['attribute name: expected a non-empty text'],
  ]);
});

test('use_double_opt_in_logic is accepted: the state is set at once, and the log says so', async (t) => {
  const app = await start(t);
  const group = { subscription_group_id: GROUP, subscription_state: 'subscribed' };
  const logged = () =>
    app.db.query(sql`select dispatch_id, record from activity_log where category = 'double_opt_in_ignored'`);
  const asking = { ...group, use_double_opt_in_logic: true };
  assert.deepEqual(await errorsOf(app, { external_id: 'ada', subscription_groups: [asking] }), []);
  const record = { ignored: 'use_double_opt_in_logic', subscription_groups: 1 };
  assert.deepEqual(await logged(), [{ dispatch_id: null, record }]);
  for (const use_double_opt_in_logic of [false, null, 'perhaps'])
    assert.deepEqual(
      await errorsOf(app, { external_id: 'ben', subscription_groups: [{ ...group, use_double_opt_in_logic }] }),
      [],
    );
  assert.equal((await logged()).length, 1);
  const states = await app.db.query(sql`
    select external_id, state from subscription_states join profiles using (bucket, user_id) order by 1`);
  assert.deepEqual(
    states,
    ['ada', 'ben'].map((external_id) => ({ external_id, state: 'subscribed' })),
  );
});

test('an array of objects is edited by $add, then $remove, then $update, and holds at most 100 KB', async (t) => {
  const app = await start(t);
  const edit = (cars: object) => errorsOf(app, { external_id: 'ada', cars });
  const [old, fresh] = [
    { id: 1, colour: 'red' },
    { id: 2, colour: 'blue' },
  ];
  await edit([old]);
  await edit({
    $update: [{ $identifier_key: 'id', $identifier_value: 2, $new_object: { id: 2, colour: 'green' } }],
    $remove: [{ $identifier_key: 'id', $identifier_value: 1 }],
    $add: [fresh, old],
  });
  const kept = { cars: [{ id: 2, colour: 'green' }] };
  assert.deepEqual(await custom(app, 'ada'), kept, 'whatever the order in which they are written');
  const large = Array.from({ length: 420 }, (_, n) => ({ id: n, text: 'x'.repeat(240) }));
  assert.deepEqual(await edit({ $add: large }), [['cars: expected at most 100 KB']]);
  assert.deepEqual(await custom(app, 'ada'), kept, 'the update is dropped');
  assert.deepEqual(await edit({ $add: large.slice(0, 390) }), []);
});

test('a filter names an attribute as it is stored, without blanks around the name', async (t) => {
  const app = await start(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', ' plan ': 'gold' }] });
  const preview = async (custom_attribute_name: string) => {
    const audience = { custom_attribute: { custom_attribute_name, comparison: 'equals', value: 'gold' } };
    const { status, body } = await app.post('/audience/preview', { audience });
    return status === 201 ? body.count : status;
  };
  const answers = [await preview('plan'), await preview('  plan\t'), await preview('Plan'), await preview('  ')];
  assert.deepEqual(answers, [1, 1, 0, 400]);
});

test('a number of a person whose fraction is zero is stored and printed without it; a filter formats it', async (t) => {
  const app = await start(t);
  const stored = await fetch(`${app.url}/users/track`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' },
    body: '{"attributes":[{"external_id":"ada","price":100.0}]}',
  });
  assert.equal(stored.status, 201);
  const webhook = {
    ...{ url: 'https://example.test/', request_method: 'POST', request_headers: {} },
    body: '{{custom_attribute.${price}}} {{custom_attribute.${price} | money}}',
  };
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  await app.drain();
  const { messages } = (await app.get('/sandbox/messages?external_id=ada')).body;
  assert.match(JSON.stringify(messages), /100 100\.00/);
});

test('an object that is refused for its email names all else that is wrong with it, and counts once', async (t) => {
  const app = await start(t);
  const bad = { external_id: 'eve', email: 'no', phone: '12', gender: 'x', dob: '01/01/1971', points: [[]] };
  const { status, body } = await app.post('/users/track', { attributes: [bad, { external_id: 'ada' }] });
  assert.deepEqual([status, body.attributes_processed], [201, 1]);
  assert.deepEqual(
    body.errors.map(({ type, index }: { type: string; index: number }) => [index, type.split(':')[0]]),
    [
      [0, "The value provided for the 'email' field is not a valid email."],
      [0, 'phone'],
      [0, 'gender'],
      [0, 'dob'],
      [0, 'points[0]'],
    ],
  );
  assert.equal((await app.db.query(sql`select 1 from profiles`)).length, 1);
});

test('an object that names nobody, or has a wrong switch, names all else that is wrong with it, each once', async (t) => {
  const app = await start(t);
  const wrong = { phone: '1', dob: 'x', gender: 'x', country: 'AUT' };
  const beside = [
    ['phone: expected a phone number with + and country code'],
    ['dob: expected YYYY-MM-DD'],
    ['gender: expected M, F, O, N or P'],
    [
      'country: expected a code of two letters (ISO 3166-1) such as AT, or the English name of a country; did you mean AT?',
    ],
  ];
  const missing = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
  const bad = "The value provided for the 'email' field is not a valid email.";
  assert.deepEqual(await errorsOf(app, { email: 'x', ...wrong }), [[bad], ...beside]);
  assert.deepEqual(await errorsOf(app, { external_id: 'bob', email: 'x', ...wrong }), [[bad], ...beside]);
  assert.deepEqual(await errorsOf(app, wrong), beside);
  assert.deepEqual(await errorsOf(app, { ...wrong, phone: null }), [[missing], ...beside.slice(1)]);
  const switches = { external_id: 'bob', _merge_objects: 'x', _update_existing_only: 'x' };
  assert.deepEqual(await errorsOf(app, { ...switches, ...wrong }), [
    ['_merge_objects: expected a boolean'],
    ['_update_existing_only: expected a boolean'],
    ...beside,
  ]);
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`, { inc: 'x' }]));
  assert.equal((await errorsOf(app, { ...many, email: 'x' })).length, 12);
});

test('a date of birth in the future is stored and warned of', async (t) => {
  const app = await start(t);
  const { body } = await app.post('/users/track', { attributes: [{ external_id: 'bob', dob: '2085-01-01' }] });
  assert.deepEqual(body.cresset.warnings, ['attributes[0].dob: is in the future; it is stored all the same']);
  assert.equal(body.errors, undefined);
  const tomorrow = new Date(app.clock.now().getTime() + 10 * 3_600_000).toISOString().slice(0, 10);
  const fine = await app.post('/users/track', { attributes: [{ external_id: 'bob', dob: tomorrow }] });
  assert.deepEqual(fine.body, { attributes_processed: 1, message: 'success' });
});

test('an array with a slip in its name is named, whether others are good or none', async (t) => {
  const app = await start(t);
  const hint = 'attribute: not known, ignored; did you mean attributes?';
  const alone = await app.post('/users/track', { attribute: [{ external_id: 'ada' }] });
  assert.deepEqual([alone.status, alone.body.errors], [400, [{ type: hint }]]);
  const events = [{ external_id: 'ada', name: 'e', time }];
  const beside = await app.post('/users/track', { attribute: [{ external_id: 'ada' }], events, partner: 'acme' });
  assert.deepEqual([beside.status, beside.body.errors], [201, undefined]);
  assert.deepEqual(beside.body.cresset, { warnings: [hint] });
});

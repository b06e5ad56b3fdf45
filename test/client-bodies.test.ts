// The shapes of bodies that public clients of the original send, with values of our own. docs/compatibility.md lists them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Braze } from 'braze-api';
import { startTestApp, type TestApp } from './support/app.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
const NEWS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
const device = { alias_name: '5b0e', alias_label: 'rudder_id' };
const shop = { alias_name: 'ada@example.test', alias_label: 'shop' };

/** How a request names one person. */
type Naming = { external_ids: unknown[] } | { user_aliases: unknown[] };

interface Call {
  client: string;
  call: string;
  path: string;
  body: object;
  headers?: Record<string, string>;
  /** The whole answer; that of the original, where it is recorded. */
  answer: object;
  /** What /users/export/ids says afterwards of these members, for each person named. */
  stored?: [Naming, object][];
}

const tracked = (counts: { attributes?: number; events?: number; purchases?: number }) => ({
  ...Object.fromEntries(Object.entries(counts).map(([array, count]) => [`${array}_processed`, count])),
  message: 'success',
});
const once = (name: string, at: string) => ({ name, first: at, last: at, count: 1 });

const calls: Call[] = [
  {
    ...{ client: 'braze_ruby', call: 'track_users, numbers as ids, times as Ruby prints them', path: '/users/track' },
    body: {
      attributes: [{ external_id: 1, foo: 'bar' }],
      events: [{ external_id: 1, name: 'baz', time: '2026-02-15 00:00:00 -0500' }],
      purchases: [
        { external_id: 1, product_id: 1, time: '2026-02-15 00:00:00 -0500', currency: 'CAD', price: 1.0, quantity: 2 },
      ],
    },
    answer: tracked({ attributes: 1, events: 1, purchases: 1 }),
    stored: [
      [
        { external_ids: [1] },
        {
          ...{ external_id: '1', custom_attributes: { foo: 'bar' }, total_revenue: 2 },
          custom_events: [once('baz', '2026-02-15T05:00:00.000Z')],
          purchases: [{ ...once('1', '2026-02-15T05:00:00.000Z'), count: 2 }],
        },
      ],
    ],
  },
  {
    ...{ client: 'braze_ruby', call: 'track_attribute, the others empty', path: '/users/track' },
    body: {
      attributes: [
        { external_id: 2, first_name: 'Carl', last_name: 'Gauss', gender: 'male', email: 'carl@example.test' },
      ],
      events: [],
      purchases: [],
    },
    answer: tracked({ attributes: 1 }),
    stored: [
      [
        { external_ids: [2] },
        { first_name: 'Carl', last_name: 'Gauss', gender: 'M', email: 'carl@example.test', external_id: '2' },
      ],
    ],
  },
  {
    ...{ client: 'braze_ruby', call: 'create_user_aliases, the pair nested', path: '/users/alias/new' },
    body: { user_aliases: [{ user_alias: { alias_name: 'abc', alias_label: 'foo' } }] },
    answer: { aliases_processed: 1, message: 'success' },
    stored: [
      [
        { user_aliases: [{ alias_name: 'abc', alias_label: 'foo' }] },
        { user_aliases: [{ alias_name: 'abc', alias_label: 'foo' }] },
      ],
    ],
  },
  {
    ...{ client: 'braze_ruby', call: 'delete_users', path: '/users/delete' },
    body: { external_ids: [1, 2, 3] },
    answer: { deleted: 3, message: 'success' },
  },
  {
    ...{ client: 'edx-braze-client', call: 'create_braze_alias: the aliases', path: '/users/alias/new' },
    body: { user_aliases: [shop] },
    answer: { aliases_processed: 1, message: 'success' },
    stored: [[{ user_aliases: [shop] }, { user_aliases: [shop] }]],
  },
  {
    ...{ client: 'edx-braze-client', call: 'create_braze_alias: the attributes', path: '/users/track' },
    body: {
      attributes: [
        { user_alias: shop, email: 'ada@example.test' },
        { user_alias: { ...shop, external_id: 'ada' }, is_enterprise_learner: true },
      ],
    },
    answer: tracked({ attributes: 2 }),
    stored: [
      [{ user_aliases: [shop] }, { email: 'ada@example.test', custom_attributes: { is_enterprise_learner: true } }],
    ],
  },
  {
    ...{ client: 'rudder-transformer', call: 'events and purchases of an alias', path: '/users/track' },
    body: {
      partner: 'RudderStack',
      events: [
        {
          ...{ name: 'Product List Viewed', time: '2026-02-28T21:48:45.634Z', _update_existing_only: false },
          user_alias: device,
          properties: {
            ...{ referrer: '', title: '', revenue: 50 },
            products: [
              {
                ...{ sku: '23-04', price: '97.99', currency: 'CAD', product_id: 6_660_780_884_064, image_url: '' },
                variant: [
                  {
                    ...{ id: 39_653_520_310_368, grams: 0, taxable: true, quantity_price_breaks: [] },
                    ...{ quantity_rule: { min: 1, increment: 1 }, created_at: '2025-05-18T12:56:22-06:00' },
                  },
                ],
              },
            ],
          },
        },
        {
          ...{ name: 'Add to Cart', time: '2026-01-24T11:59:02.403+05:30', properties: { revenue: 50 } },
          ...{ external_id: 'bob', app_id: '123' },
        },
      ],
      purchases: [
        {
          ...{ product_id: '507f', price: 0, currency: 'USD', quantity: 1, time: '2026-01-24T11:59:02.402+05:30' },
          ...{ _update_existing_only: false, user_alias: device },
          properties: { category: 'Games', image_url: 'https:///example.test/p.jpg' },
        },
      ],
    },
    answer: tracked({ events: 2, purchases: 1 }),
    stored: [
      [
        { user_aliases: [device] },
        {
          custom_events: [once('Product List Viewed', '2026-02-28T21:48:45.634Z')],
          purchases: [once('507f', '2026-01-24T06:29:02.402Z')],
        },
      ],
      [{ external_ids: ['bob'] }, { custom_events: [once('Add to Cart', '2026-01-24T06:29:02.403Z')] }],
    ],
  },
  {
    ...{ client: 'rudder-transformer', call: 'one event and one purchase are wrong', path: '/users/track' },
    body: {
      partner: 'RudderStack',
      events: [{ name: 'Seen', time: '2026-01-24T11:59:02.403+05:30', external_id: 'cleo' }, { name: 'Lost' }],
      purchases: [
        { product_id: '1', price: 0, currency: 'USD', quantity: 'many', time: '2026-01-24', external_id: 'cleo' },
      ],
    },
    answer: {
      ...{ events_processed: 1, message: 'success' },
      errors: [
        {
          type: "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required",
          ...{ input_array: 'events', index: 1 },
        },
        { type: 'time: expected an ISO 8601 date', input_array: 'events', index: 1 },
        { type: "'quantity' is not valid", input_array: 'purchases', index: 0 },
      ],
    },
    stored: [[{ external_ids: ['cleo'] }, { custom_events: [once('Seen', '2026-01-24T06:29:02.403Z')] }]],
  },
  {
    ...{ client: 'rudder-transformer', call: 'traits: new objects into an array', path: '/users/track' },
    body: {
      attributes: [
        {
          ...{ external_id: 'dora', email: 'dora@example.test', first_name: 'Dora', gender: 'F', country: 'USA' },
          ...{ city: 'Rome', firstname: 'Dora', ab_rudder_group_1234: true, orderTotal: 0, closed_at: null },
          cars: {
            $add: [{ id: 1, age: 27 }],
            $update: [{ $identifier_key: 'id', $identifier_value: 1, $new_object: { id: 1, age: 30 } }],
            $remove: [{ $identifier_key: 'id', $identifier_value: 3 }],
          },
          pets: [
            { id: 1, breed: 'beagle' },
            { id: 2, breed: 'calico' },
          ],
          ...{ _merge_objects: false, language: 'en-IN', image_url: 'https://example.test/d.jpg', phone: '4155550123' },
        },
      ],
    },
    answer: tracked({ attributes: 1 }),
    stored: [
      [
        { external_ids: ['dora'] },
        {
          ...{ email: 'dora@example.test', first_name: 'Dora', gender: 'F', country: 'US', language: 'en' },
          phone: '+14155550123',
          custom_attributes: {
            ...{ city: 'Rome', firstname: 'Dora', ab_rudder_group_1234: true, orderTotal: 0 },
            cars: [{ id: 1, age: 30 }],
            pets: [
              { id: 1, breed: 'beagle' },
              { id: 2, breed: 'calico' },
            ],
          },
        },
      ],
    ],
  },
  {
    ...{ client: 'rudder-transformer', call: 'recommended e-commerce events', path: '/users/track' },
    body: {
      partner: 'RudderStack',
      attributes: [{ user_alias: device, _update_existing_only: false, email: null, firstname: 'Eve' }],
      events: ['product_viewed', 'cart_updated', 'checkout_started', 'order_placed', 'order_refunded'].map((name) => ({
        ...{ name: `ecommerce.${name}`, time: '2026-03-01T11:00:00.000+05:30', user_alias: device },
        _update_existing_only: false,
        properties: {
          ...{
            order_id: 'o1',
            total_value: 99.99,
            currency: 'USD',
            source: 'web',
            metadata: { campaign_id: 'spring' },
          },
          products: [{ product_id: 'sku', product_name: 'Widget', quantity: 1, price: 99.99, metadata: { a: 'b' } }],
        },
      })),
    },
    answer: tracked({ attributes: 1, events: 5 }),
    stored: [[{ user_aliases: [device] }, { custom_attributes: { firstname: 'Eve' } }]],
  },
  {
    ...{ client: 'rudder-transformer', call: 'delete 50 users, some twice', path: '/users/delete' },
    body: { external_ids: Array.from({ length: 50 }, (_, index) => (index % 2 ? 'dora' : `id-${index}`)) },
    answer: { deleted: 50, message: 'success' },
  },
  {
    ...{ client: 'segment actions', call: 'updateUserProfile, a batch', path: '/users/track' },
    headers: { 'x-braze-batch': 'true', 'user-agent': 'Segment (Actions)' },
    body: {
      attributes: [
        {
          ...{ external_id: 'user1234', country: 'United States', _update_existing_only: false, time_zone: 'Etc/UTC' },
          ...{ current_location: { latitude: 40.2964197, longitude: -76.9411617 }, dob: '1971-02-01' },
          ...{ date_of_first_session: '2000-01-05T12:00:00.000Z', date_of_last_session: '2000-01-05T12:00:00.000Z' },
          ...{ email_click_tracking_disabled: false, email_open_tracking_disabled: false, facebook: { id: 'f' } },
          ...{ email: 'eve@example.test', email_subscribe: 'opted_in', push_subscribe: 'opted_in', twitter: null },
          push_tokens: [{ app_id: IOS, token: 'a'.repeat(64), device_id: 'device-1' }],
          subscription_groups: [{ subscription_group_id: NEWS, subscription_state: 'subscribed' }],
        },
      ],
    },
    answer: tracked({ attributes: 1 }),
    stored: [
      [
        { external_ids: ['user1234'] },
        {
          ...{ country: 'US', dob: '1971-02-01', email_subscribe: 'opted_in', push_subscribe: 'opted_in' },
          ...{ last_coordinates: [-76.9411617, 40.2964197], time_zone: 'Etc/UTC', email: 'eve@example.test' },
          push_opted_in_at: '2026-03-15T12:00:00.000Z',
          push_tokens: [
            {
              ...{ app: 'Shop iOS', platform: 'ios', token: 'a'.repeat(64), device_id: 'device-1' },
              ...{ notifications_enabled: true, provisionally_opted_in: null },
            },
          ],
        },
      ],
    ],
  },
  {
    ...{ client: 'segment actions', call: 'trackEvent and trackPurchase', path: '/users/track' },
    body: {
      events: [
        {
          ...{ external_id: 'user1234', app_id: 'my-app-id', name: 'Test Event', time: '2026-02-03T17:40:04.055Z' },
          ...{ properties: {}, _update_existing_only: false },
        },
      ],
      purchases: [
        {
          ...{ external_id: 'user1234', app_id: 'my-app-id', product_id: 'bowflex', currency: 'BYR', price: 10 },
          ...{ quantity: 1, time: '2026-02-01T00:00:00.000Z', properties: { gym: true }, _update_existing_only: true },
        },
      ],
    },
    answer: tracked({ events: 1, purchases: 1 }),
    stored: [
      [
        { external_ids: ['user1234'] },
        {
          custom_events: [once('Test Event', '2026-02-03T17:40:04.055Z')],
          purchases: [once('bowflex', '2026-02-01T00:00:00.000Z')],
        },
      ],
    ],
  },
  {
    ...{ client: 'segment actions', call: 'createAlias', path: '/users/alias/new' },
    body: { user_aliases: [{ external_id: 'user1234', alias_name: 'anon', alias_label: 'segment_id' }] },
    answer: { aliases_processed: 1, message: 'success' },
    stored: [[{ external_ids: ['user1234'] }, { user_aliases: [{ alias_name: 'anon', alias_label: 'segment_id' }] }]],
  },
];

async function startShop(t: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${IOS}, name: Shop iOS, platform: ios }, { id: ${ANDROID}, name: Shop Android, platform: android }]
subscription_groups: [{ id: ${NEWS}, name: News, channel: email }]`);
  return app;
}

test('every body that a client sends is taken whole, and what it says is stored', async (t) => {
  const app = await startShop(t);
  for (const { client, call, path, body, headers, answer, stored = [] } of calls) {
    await t.test(`${client}: ${call}`, async () => {
      const reply = await app.post(path, body, { ...(headers && { headers }) });
      // What is stored whole may still be remarked on: `firstname` looks like a slip.
      const { cresset, ...told } = reply.body;
      assert.deepEqual([reply.status, told], [201, answer]);
      for (const warning of cresset?.warnings ?? [])
        assert.match(warning, /stored as a custom attribute; did you mean/);
      for (const [naming, expected] of stored) {
        const fields_to_export = Object.keys(expected);
        const exported = await app.post('/users/export/ids', { ...naming, fields_to_export });
        assert.deepEqual(exported.body, { users: [expected], message: 'success' });
      }
    });
  }
  const gone = await app.post('/users/export/ids', { external_ids: [1, 2, 3, 'dora'] });
  assert.deepEqual(gone.body, { users: [], invalid_user_ids: ['1', '2', '3', 'dora'], message: 'success' });
});

test('a track request of which nothing can be used is refused with the sentences of the original', async (t) => {
  const app = await startShop(t);
  const nameless = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
  const { status, body } = await app.post('/users/track', {
    events: [{ name: 'Seen', time: '2026-01-24' }],
    purchases: [{ product_id: '1', price: 0, currency: 'USD', quantity: 'x', time: '2026-01-24', external_id: 'a' }],
    attributes: [{ external_id: 'ada', email: 'no address' }],
  });
  assert.equal(status, 400);
  assert.deepEqual(body, {
    message: "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.",
    errors: [
      {
        type: "The value provided for the 'email' field is not a valid email.",
        ...{ input_array: 'attributes', index: 0 },
      },
      { type: nameless, input_array: 'events', index: 0 },
      { type: "'quantity' is not valid", input_array: 'purchases', index: 0 },
    ],
  });
});

const sends: { client: string; call: string; body: object; to: string }[] = [
  {
    ...{ client: 'braze_ruby', call: 'send_messages', to: '12345' },
    body: { messages: { apple_push: { alert: 'hello' } }, external_user_ids: [12345] },
  },
  {
    ...{ client: 'edx-braze-client', call: 'send_email', to: 'ada' },
    body: {
      ...{ external_user_ids: ['ada'], recipient_subscription_state: 'all', campaign_id: null },
      messages: { email: { app_id: IOS, subject: 'Hi', from: 'support@acme.test', body: '<p>Hi</p>' } },
      override_frequency_capping: false,
    },
  },
];

test('every send of a client reaches the person it names', async (t) => {
  const app = await startShop(t);
  const people = [
    { external_id: 12345, push_tokens: [{ app_id: IOS, token: 'b'.repeat(64) }] },
    { external_id: 'ada', email: 'ada@example.test' },
  ];
  assert.equal((await app.post('/users/track', { attributes: people })).status, 201);
  for (const { client, call, body, to } of sends) {
    await t.test(`${client}: ${call}`, async () => {
      const sent = await app.post('/messages/send', body);
      assert.equal(sent.status, 201, JSON.stringify(sent.body));
      assert.deepEqual([Object.keys(sent.body), sent.body.message], [['dispatch_id', 'message'], 'success']);
      await app.drain();
      const { body: outcome } = await app.get(`/dispatches/${sent.body.dispatch_id}/recipients`);
      assert.deepEqual(
        outcome.recipients.map((one: { external_id: string; status: string }) => [one.external_id, one.status]),
        [[to, 'sent']],
      );
    });
  }
});

test('edx-braze-client triggers a campaign for people whose alias its attributes repeat', async (t) => {
  const app = await startShop(t);
  const url = 'https://example.test/{{${user_id}}}';
  await app.givenWorkspace(
    `campaigns: [{ id: learners, name: Learners, kind: api_triggered, messages: { webhook: { url: "${url}", request_method: POST } } }]`,
  );
  const attributes = { user_alias: shop, email: shop.alias_name, is_enterprise_learner: true };
  const recipient = { external_user_id: 501, send_to_existing_only: false, trigger_properties: {} };
  const { status, body } = await app.post('/campaigns/trigger/send', {
    ...{ campaign_id: 'learners', broadcast: false, trigger_properties: {} },
    recipients: [{ ...recipient, attributes: { ...attributes, _update_existing_only: false } }],
  });
  assert.deepEqual(
    [status, body.cresset],
    [201, { warnings: ['recipients[0].attributes.user_alias: is ignored; the recipient says who it is'] }],
  );
  await app.drain();
  const { body: outcome } = await app.get(`/dispatches/${body.dispatch_id}/recipients`);
  const reached = outcome.recipients.map((one: { external_id: string; status: string }) => [
    one.external_id,
    one.status,
  ]);
  assert.deepEqual(reached, [['501', 'sent']]);
  const fields_to_export = ['external_id', 'email', 'user_aliases', 'custom_attributes'];
  assert.deepEqual((await app.post('/users/export/ids', { external_ids: [501], fields_to_export })).body.users, [
    {
      external_id: '501',
      email: shop.alias_name,
      user_aliases: [],
      custom_attributes: { is_enterprise_learner: true },
    },
  ]);
});

test('edx-braze-client, which takes the first of an address, finds the person with an external id', async (t) => {
  const app = await startShop(t);
  const address = { email: 'ada@example.test' };
  const people = [
    { user_alias: shop, _update_existing_only: false, ...address },
    { external_id: 'ada', ...address },
  ];
  for (const person of people) await app.post('/users/track', { attributes: [person] });
  const request = { email_address: 'ada@example.test', fields_to_export: ['external_id'] };
  assert.deepEqual((await app.post('/users/export/ids', request)).body.users, [{ external_id: 'ada' }, {}]);
});

test('edx-braze-client finds people by their address and by their aliases', async (t) => {
  const app = await startShop(t);
  const ada = { user_alias: shop, email: 'ada@example.test', _update_existing_only: false };
  assert.deepEqual((await app.post('/users/track', { attributes: [ada] })).body, tracked({ attributes: 1 }));
  const byAddress = { email_address: 'ada@example.test', fields_to_export: ['external_id'] };
  assert.deepEqual((await app.post('/users/export/ids', byAddress)).body.users, [{}]);
  const aliases = [shop, { alias_name: 'nobody@example.test', alias_label: 'shop' }];
  const byAlias = { user_aliases: aliases, fields_to_export: ['external_id', 'email'] };
  assert.deepEqual((await app.post('/users/export/ids', byAlias)).body, {
    users: [{ email: 'ada@example.test' }],
    ...{ invalid_user_ids: ['nobody@example.test'], message: 'success' },
  });
});

test('braze-api, run for real, tracks all its kinds of values and a bulk, and reads them back', async (t) => {
  const app = await startShop(t);
  const braze = new Braze(app.url, app.key);
  const body = {
    attributes: [
      { external_id: 'ada', string_attribute: 'fruit', boolean_attribute_1: true, integer_attribute: 25 },
      { external_id: 'ada', array_attribute: ['banana', 'apple'] },
    ],
    events: [
      { external_id: 'ada', app_id: 'app_identifier', name: 'watched_trailer', time: '2026-02-16T19:20:30+1:00' },
    ],
    purchases: [
      {
        ...{ external_id: 'ada', app_id: 'app_identifier', product_id: 'product_name', currency: 'USD', price: 12.5 },
        ...{ quantity: 6, time: '2026-02-12T18:47:12Z' },
        properties: { integer_property: 3, string_property: 'Ada', date_property: '2014-02-02T00:00:00Z' },
      },
    ],
  };
  assert.deepEqual(await braze.users.track(body), tracked({ attributes: 2, events: 1, purchases: 1 }));
  assert.deepEqual(await braze.users.track({ events: body.events }, true), tracked({ events: 1 }));
  const { users } = await braze.users.export.ids({
    external_ids: ['ada'],
    fields_to_export: ['custom_attributes', 'custom_events', 'purchases', 'total_revenue'],
  });
  const at = '2026-02-16T18:20:30.000Z';
  assert.deepEqual(users, [
    {
      custom_attributes: {
        ...{ string_attribute: 'fruit', boolean_attribute_1: true, integer_attribute: 25 },
        array_attribute: ['banana', 'apple'],
      },
      custom_events: [{ name: 'watched_trailer', first: at, last: at, count: 2 }],
      purchases: [{ ...once('product_name', '2026-02-12T18:47:12.000Z'), count: 6 }],
      total_revenue: 75,
    },
  ]);
});

test('what is not taken whole says why', async (t) => {
  const app = await startShop(t);
  const birthday = { attributes: [{ external_id: 'dora', dob: '01/01/1971', first_name: 'Dora' }] };
  assert.deepEqual((await app.post('/users/track', birthday)).body, {
    ...tracked({ attributes: 1 }),
    errors: [{ type: 'dob: expected YYYY-MM-DD', input_array: 'attributes', index: 0 }],
  });
  const short = await app.post('/users/track', { attributes: [{ external_id: 'dora', email: 'a@gmail.com' }] });
  assert.match(short.body.errors[0].type, /'email' field is not a valid email/);
  const android = { messages: { android_push: { alert: 'Hello Android' } }, external_user_ids: ['dora'] };
  const { status, body } = await app.post('/messages/send', android);
  assert.equal(status, 400);
  assert.match(body.errors[0], /^messages\.android_push\.title: is required/);
});

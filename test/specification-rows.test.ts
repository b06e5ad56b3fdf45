// Rows of the specification that no other test has: words, members of answers, paths that are not here.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';

const GOLD = '11111111-1111-4111-8111-111111111111';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const CHATS = '66666666-6666-4666-8666-666666666666';

// Source: adjacent-endpoints.md §2.1.
test('a gender is one of five letters, and each word of the original stands for one', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const rows: [given: unknown, stored: string | undefined][] = [
    ...['M', 'F', 'O', 'N', 'P'].map((letter): [string, string] => [letter, letter]),
    ...[...'mfonp'].map((letter): [string, string] => [letter, letter.toUpperCase()]),
    ['male', 'M'],
    ['Female', 'F'],
    ['OTHER', 'O'],
    ['not applicable', 'N'],
    ['Prefer not to say', 'P'],
    [null, undefined],
  ];
  for (const [gender, stored] of rows) {
    const headers = { 'x-braze-bulk': 'true' };
    const answer = await app.post('/users/track', { attributes: [{ external_id: 'ada', gender }] }, { headers });
    assert.deepEqual(answer.body, { attributes_processed: 1, message: 'success' }, String(gender));
    const { body } = await app.post('/users/export/ids', { external_ids: ['ada'], fields_to_export: ['gender'] });
    assert.deepEqual(body.users, [stored === undefined ? {} : { gender: stored }], String(gender));
  }
  const wrong = await app.post('/users/track', { attributes: [{ external_id: 'ada', gender: 'woman' }] });
  assert.equal(wrong.body.errors.length, 1);
});

// Source: adjacent-endpoints.md §2.3 and §2.5.
test('an alias in other letter case is another alias, and identifying it is a plain success', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const alias = (alias_name: string) => ({ alias_name, alias_label: 'shop' });
  await app.post('/users/alias/new', { user_aliases: [alias('Visitor-7')] });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const found = async (name: string) => {
    const fields_to_export = ['external_id', 'user_aliases'];
    return (await app.post('/users/export/ids', { user_aliases: [alias(name)], fields_to_export })).body.users;
  };
  for (const [name, owner] of [
    ['visitor-7', { user_aliases: [alias('Visitor-7')] }],
    ['Visitor-7', { external_id: 'ada', user_aliases: [alias('Visitor-7')] }],
  ] as const) {
    const aliases_to_identify = [{ external_id: 'ada', user_alias: alias(name) }];
    const { status, body } = await app.post('/users/identify', { aliases_to_identify });
    assert.deepEqual([status, body], [201, { aliases_processed: 1, message: 'success' }], name);
    assert.deepEqual(await found('Visitor-7'), [owner], name);
  }
  assert.deepEqual(await found('visitor-7'), []);
});

// Source: adjacent-endpoints.md §2.8.
test('fields of the original with nothing behind them are accepted and never answered', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const nothing = ['apps', 'canvases_received', 'cards_clicked', 'devices', 'uninstalled_at'];
  const attributed = ['campaign', 'source', 'adgroup', 'ad'].map((name) => `attributed_${name}`);
  const fields_to_export = [...nothing, ...attributed, 'external_id'];
  const { status, body } = await app.post('/users/export/ids', { external_ids: ['ada'], fields_to_export });
  assert.deepEqual([status, body], [201, { users: [{ external_id: 'ada' }], message: 'success' }]);
});

const pushOfCampaign = ['sent', 'direct_opens', 'total_opens', 'bounces', 'body_clicks'];
const members: Record<string, string[]> = {
  ios_push: pushOfCampaign,
  android_push: pushOfCampaign,
  kindle_push: pushOfCampaign,
  web_push: pushOfCampaign,
  email: [
    ...['sent', 'opens', 'unique_opens', 'clicks', 'unique_clicks', 'unsubscribes', 'bounces', 'delivered'],
    'reported_spam',
  ],
  sms: ['sent', 'sent_to_carrier', 'delivered', 'rejected', 'delivery_failed', 'clicks', 'opt_out', 'help'],
  whats_app: ['sent', 'delivered', 'failed', 'read'],
  webhook: ['sent', 'errors'],
  content_cards: [
    ...['sent', 'total_clicks', 'total_dismissals', 'total_impressions'],
    ...['unique_clicks', 'unique_dismissals', 'unique_impressions'],
  ],
};
const pushOfSend = [
  ...['delivered', 'undelivered', 'delivery_failed', 'revenue', 'unique_recipients', 'conversions'],
  'conversions_by_send_time',
];

// Source: adjacent-endpoints.md §5.4.
test('statistics have the members of each channel from the first day, as zeros', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const variations = Object.keys(members).map(
    (channel) => `{ id: v-${channel}, name: ${channel}, channel: ${channel} }`,
  );
  await app.givenWorkspace(`
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms }, { id: ${CHATS}, name: Chats, channel: whats_app }]
campaigns: [{ id: all, name: All, kind: api, variations: [${variations.join(', ')}] }]`);
  await app.post('/sends/id/create', { campaign_id: 'all', send_id: 'mine' });
  const rows: [path: string, name: string, more: string[]][] = [
    ['/campaigns/data_series?campaign_id=all&length=2', 'variation_api_id', []],
    ['/sends/data_series?campaign_id=all&send_id=mine&length=2', 'variation_name', pushOfSend],
  ];
  for (const [path, name, more] of rows) {
    const { status, body } = await app.get(path);
    assert.deepEqual([status, body.message, body.data.length], [200, 'success', 2], path);
    for (const { time, messages, ...rest } of body.data) {
      assert.match(time, /^\d{4}-\d\d-\d\d$/);
      assert.deepEqual(rest, { conversions_by_send_time: 0, conversions: 0, unique_recipients: 0, revenue: 0 });
      assert.deepEqual(Object.keys(messages).sort(), Object.keys(members).sort());
      for (const [channel, [entry, ...others]] of Object.entries<Record<string, unknown>[]>(messages)) {
        const { [name]: variation, ...counters } = entry ?? {};
        assert.equal(variation, name === 'variation_name' ? channel : `v-${channel}`);
        const expected = [...(members[channel] ?? []), ...(channel.endsWith('push') ? more : [])];
        assert.deepEqual(counters, Object.fromEntries(expected.map((member) => [member, 0])), `${path}: ${channel}`);
        assert.deepEqual(others, []);
      }
    }
  }
});

const notHere: [method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string][] = [
  ['POST', '/users/export/global_control_group'],
  ['POST', '/campaigns/duplicate'],
  ['POST', '/canvas/duplicate'],
  ['GET', '/campaigns/url_info/details'],
  ['GET', '/canvas/url_info/details'],
  ['GET', '/templates/webhook/translations'],
  ['POST', '/apps/push_credential/update'],
  ['POST', '/messages/live_activity/start'],
  ['POST', '/messages/live_activity/update'],
  ['GET', '/scim/v2/Users'],
  ['GET', '/cdi/integrations'],
  ['GET', '/data_objects/any'],
  ['GET', '/v1/device-messaging/banners/any'],
  ['POST', '/app_group/sdk_authentication/create'],
  ['GET', '/app_group/sdk_authentication/keys'],
  ['PUT', '/app_group/sdk_authentication/primary'],
  ['DELETE', '/app_group/sdk_authentication/delete'],
];
const permissionsOfNothing = [
  ...['users.export.global_control_group', 'campaigns.duplicate', 'canvas.duplicate', 'campaigns.url_info.details'],
  ...['canvas.url_info.details', 'messages.live_activity.start', 'messages.live_activity.update', 'data_objects.read'],
  ...['create', 'keys', 'primary', 'delete'].map((verb) => `sdk_authentication.${verb}`),
];

// Source: adjacent-endpoints.md §1; more-endpoints.md §0, §9 and §11.
test('endpoints of tiers 4 and 5 are 404, after the key, and keys take their permissions', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`
api_keys: [{ name: later, key: a-key-of-more-than-sixteen-characters, permissions: [${permissionsOfNothing.join(', ')}] }]`);
  const key = 'a-key-of-more-than-sixteen-characters';
  for (const [method, path] of notHere) {
    const ask = (used: string | null) => {
      if (method === 'GET') return app.get(path, { key: used });
      return method === 'POST' ? app.post(path, {}, { key: used }) : app.call(method, path, {}, { key: used });
    };
    assert.deepEqual([(await ask(null)).status, (await ask(key)).status], [401, 404], `${method} ${path}`);
  }
});

// Source: adjacent-endpoints.md §0; more-endpoints.md §2.2 and §6.
test('queries are read as clients write them', async (t) => {
  const app = await startTestApp(t, { worker: false, startsAt: new Date('2026-03-15T10:00:00Z') });
  await app.givenWorkspace(`segments: [{ id: ${GOLD}, name: Gold, filter: null }]`);
  await app.post('/users/track', {
    purchases: [{ external_id: 'ada', product_id: 'p', currency: 'EUR', price: 2.5, quantity: 2, time: '2026-03-14' }],
    events: [{ external_id: 'ada', name: 'seen', time: '2026-03-15T03:00:00Z' }],
  });
  const at = '2026-03-14';
  const rows: [path: string, answer: object][] = [
    ['/campaigns/list?page=7', { campaigns: [], message: 'success' }],
    ['/segments/list?page=7', { segments: [], message: 'success' }],
    ['/canvas/list?page=7&include_archived=1', { canvases: [], message: 'success' }],
    ['/purchases/product_list?page=7', { products: [], message: 'success' }],
    [`/email/unsubscribes?start_date=${at}&end_date=2026-03-15&limit=9999`, { emails: [], message: 'success' }],
    [
      `/email/hard_bounces?start_date=${at}T00:00:00-5:00&end_date=${at}T12:00:00+01:00`,
      { emails: [], message: 'success' },
    ],
    [`/sms/invalid_phone_numbers?start_date=${at}&end_date=2026-03-15&limit=9999`, { sms: [], message: 'success' }],
    [
      `/purchases/quantity_series?length=1&ending_at=${at}`,
      { data: [{ time: at, purchase_quantity: 2 }], message: 'success' },
    ],
    [
      `/purchases/revenue_series?length=1&ending_at=${at}&product=p`,
      { data: [{ time: at, revenue: 5 }], message: 'success' },
    ],
    [
      `/purchases/revenue_series?length=1&ending_at=${at}&product=other`,
      { data: [{ time: at, revenue: 0 }], message: 'success' },
    ],
    ['/events/data_series?event=seen&length=1', { data: [{ time: '2026-03-15', count: 1 }], message: 'success' }],
    ['/events/data_series?event=never&length=01/', { message: 'length must be an integer between 1 and 100' }],
    [`/sessions/data_series?length=1&ending_at=${at}`, { data: [{ time: at, sessions: 0 }], message: 'success' }],
    [
      '/events/data_series?event=seen&length=1&ending_at=2026-03-14T23:00:00-5:00',
      { data: [{ time: '2026-03-15', count: 1 }], message: 'success' },
    ],
    [
      '/events/data_series?event=seen&length=1&ending_at=2026-03-15T01:00:00 02:00',
      { data: [{ time: '2026-03-14', count: 0 }], message: 'success' },
    ],
    ['/feed/list', { cards: [], message: 'success' }],
    ['/feed/details?card_id=x', { message: 'card_id must be a string of the card api identifier' }],
    ['/feed/data_series?card_id=x&length=7', { message: 'card_id must be a string of the card api identifier' }],
  ];
  for (const [path, answer] of rows) assert.deepEqual((await app.get(path)).body, answer, path);
});

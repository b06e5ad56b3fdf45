// Bad input: every malformed request gets a 4xx, nothing crashes, and nothing is sent in part.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { Pool } from 'undici';
import { startTestApp, type TestApp } from './support/app.ts';
import { mutate, mutation } from './support/mutations.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const SMS = '55555555-5555-4555-8555-555555555555';
const WHATSAPP = '66666666-6666-4666-8666-666666666666';
const SEGMENT = '11111111-1111-4111-8111-111111111111';
/** `CRESSET_TEST_BODIES=20000` throws more of them. */
const BODIES = Number(process.env.CRESSET_TEST_BODIES ?? 6_000);

/** A valid request with every part. */
const valid = {
  external_user_ids: ['ada', 'bob'],
  user_aliases: [{ alias_name: 'a', alias_label: 'b' }],
  segment_id: SEGMENT,
  audience: { AND: [{ custom_attribute: { custom_attribute_name: 'x', comparison: 'matches_regex', value: '^a+$' } }] },
  broadcast: false,
  override_frequency_capping: 'false',
  recipient_subscription_state: 'all',
  cresset: { delivery: 'at_most_once' },
  messages: {
    email: {
      app_id: APP,
      from: 'A <a@acme.test>',
      subject: 'Hi {{${first_name}}}',
      body: '<p>{{custom_attribute.${x} | default: 1}}</p>',
      headers: { 'X-A': 'b' },
      extras: { a: 'b' },
    },
    webhook: {
      url: 'https://example.com/{{${user_id}}}',
      request_method: 'post',
      request_headers: { a: 'b' },
      body: '{"a":1}',
    },
    android_push: {
      alert: 'a',
      title: 't',
      extra: { a: 1 },
      buttons: [{ text: 'b', action: 'URI', uri: 'https://a.test' }],
      time_to_live: 5,
    },
    apple_push: { alert: { title: 't', body: 'b' }, badge: '3', extra: { a: 1 }, expiry: '2026-04-01T00:00:00Z' },
    kindle_push: { alert: 'a', title: 't', extra: { a: 'b' } },
    web_push: { alert: 'a', title: 't', buttons: [{ text: 'x' }] },
    sms: { app_id: APP, subscription_group_id: SMS, body: 'Hi {{${first_name}}}' },
    whats_app: {
      app_id: APP,
      subscription_group_id: WHATSAPP,
      message_type: 'template_message',
      message: { template_name: 'a', template_language_code: 'en', body_variables: { 0: 'a' } },
    },
    content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60, extra: { a: 'b' } },
  },
};

/** A few channels of the valid request, so that an earlier problem does not always hide a mutation. */
function someOf(seed: number): object {
  const copy = structuredClone(valid) as Partial<typeof valid> & { messages: Record<string, unknown> };
  const channels = Object.keys(copy.messages);
  for (const [index, channel] of channels.entries()) if (((seed >> index) & 1) === 0) delete copy.messages[channel];
  if (seed % 3 > 0) delete copy.audience;
  if (seed % 5 > 0) delete copy.segment_id;
  return copy;
}

async function givenPeople(...setUp: Parameters<typeof startTestApp>): Promise<TestApp> {
  const app = await startTestApp(...setUp);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${SMS}, name: Alerts, channel: sms }
  - { id: ${WHATSAPP}, name: Support, channel: whats_app }
segments:
  - { id: ${SEGMENT}, name: All, filter: null }
`);
  await app.post('/users/track', {
    attributes: [{ external_id: 'ada', first_name: 'Ada', email: 'ada@example.test', x: 'aa' }, { external_id: 'bob' }],
  });
  return app;
}

/** Sends `count` mutated bodies, 16 at a time. Returns the number of answers by status, and the accepted dispatches. */
async function throwBodies(app: TestApp, count: number, seed: number) {
  const pool = new Pool(app.url, { connections: 16 });
  const bodies = fc.sample(fc.tuple(fc.nat(0xfff), fc.array(mutation, { maxLength: 4 })), { numRuns: count, seed });
  const statuses: Record<number, number> = {};
  const accepted: string[] = [];
  const headers = { authorization: `Bearer ${app.key}` };
  let next = 0;
  async function client(): Promise<void> {
    for (let pair = bodies[next++]; pair !== undefined; pair = bodies[next++]) {
      const body = JSON.stringify(mutate(someOf(pair[0]), pair[1]));
      const response = await pool.request({ method: 'POST', path: '/messages/send', headers, body });
      const answer = (await response.body.json()) as { message: string; dispatch_id?: string };
      statuses[response.statusCode] = (statuses[response.statusCode] ?? 0) + 1;
      assert.ok(
        response.statusCode < 500,
        `${response.statusCode} ${JSON.stringify(answer)} for ${body.slice(0, 2_000)}`,
      );
      assert.equal(typeof answer.message, 'string');
      if (response.statusCode === 201 && answer.dispatch_id) accepted.push(answer.dispatch_id);
    }
  }
  await Promise.all(Array.from({ length: 16 }, client));
  await pool.close();
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.ok((statuses[201] ?? 0) > count / 10 && (statuses[400] ?? 0) > count / 10, 'both kinds are well represented');
  return { statuses, accepted };
}

test(`${BODIES} mutated bodies give no 5xx`, async (t) => {
  const app = await givenPeople(t, { worker: false });
  const { statuses } = await throwBodies(app, BODIES, 20261123);
  t.diagnostic(`answers: ${JSON.stringify(statuses)}`);
});

test('every mutated body that is accepted finishes', async (t) => {
  const app = await givenPeople(t);
  const { accepted } = await throwBodies(app, 1_000, 1);
  await app.drain();
  for (const id of accepted) {
    const { body } = await app.get(`/dispatches/${id}`);
    assert.equal(body.state, 'finished', JSON.stringify(body));
  }
});

test('a body over the limit is refused before all of it has arrived', async (t) => {
  const app = await startTestApp(t);
  const { port } = new URL(app.url);
  const socket = connectTcp(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    `POST /messages/send HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${app.key}\r\ncontent-length: 1000000000\r\n\r\n{`,
  );
  const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /x-ratelimit-limit: \r\n/);
  assert.match(answer, /\{"message":"Request Entity Too Large","errors":\["body: expected at most 4194304 bytes/);
  await once(socket, 'close');
});

test('requests that are not HTTP, or have an unknown path or method, get JSON, too', async (t) => {
  const app = await startTestApp(t);
  const notFound = await app.get('/nowhere');
  assert.deepEqual([notFound.status, notFound.body.message], [404, 'Invalid URL']);
  const method = await app.get('/messages/send');
  assert.deepEqual(
    [method.status, method.body.message, method.headers.get('allow')],
    [405, 'Method Not Allowed', 'POST'],
  );
  assert.equal(method.headers.get('x-ratelimit-limit'), '');
  const deep = await app.post('/messages/send', `{"messages":${'['.repeat(41)}${']'.repeat(41)}}`);
  assert.equal(deep.status, 400);
  const form = await app.post('/messages/send', 'external_user_ids=ada', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.deepEqual([form.status, form.body.message], [400, 'Bad Request']);
  const socket = connectTcp(Number(new URL(app.url).port), '127.0.0.1');
  socket.end('BLAH\r\n\r\n');
  const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
  assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*"message":"Bad Request"/);
});

test('every route refuses a missing key, a wrong key, a key without the permission and a wrong address', async (t) => {
  const app = await startTestApp(t);
  const none = await app.givenKey({ permissions: [] });
  const elsewhere = await app.givenKey({ allowFrom: ['10.0.0.0/8', '2001:db8::/32'] });
  const routes: [method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string][] = [
    ['POST', '/messages/send'],
    ['POST', '/campaigns/trigger/send'],
    ['POST', '/canvas/trigger/send'],
    ['POST', '/transactional/v1/campaigns/receipt/send'],
    ['GET', '/dispatches'],
    ['POST', '/dispatches'],
    ['GET', '/users/messages'],
    ['GET', '/users/ada/messages'],
    ['GET', '/users/consent'],
    ['GET', '/users/ada/consent'],
    ['GET', '/dispatches/0123456789abcdef0123456789abcdef'],
    ['GET', '/dispatches/0123456789abcdef0123456789abcdef/recipients'],
    ['POST', '/dispatches/0123456789abcdef0123456789abcdef/cancel'],
    ['POST', '/dispatches/0123456789abcdef0123456789abcdef/pause'],
    ['POST', '/dispatches/0123456789abcdef0123456789abcdef/resume'],
    ['POST', '/dispatches/0123456789abcdef0123456789abcdef/replay'],
    ['GET', '/sandbox/messages'],
    ['GET', '/message_events'],
    ['GET', '/event_webhooks'],
    ['POST', '/event_webhooks/warehouse/pause'],
    ['POST', '/event_webhooks/warehouse/resume'],
    ['POST', '/event_webhooks/warehouse/replay'],
    ['GET', '/push/apps'],
    ['GET', '/email/relays'],
    ['GET', '/subscription/accounts'],
    ['GET', '/status'],
    ['POST', '/audience/preview'],
    ['POST', '/audience/explain'],
    ['POST', '/users/track'],
    ['POST', '/users/track/bulk'],
    ['POST', '/users/track/sync'],
    ['POST', '/users/alias/new'],
    ['POST', '/users/export/ids'],
    ['POST', '/users/export/segment'],
    ['POST', '/export/segment/cancel'],
    ['POST', '/users/delete'],
    ['POST', '/users/identify'],
    ['POST', '/campaigns/trigger/schedule/create'],
    ['POST', '/campaigns/trigger/schedule/update'],
    ['POST', '/campaigns/trigger/schedule/delete'],
    ['POST', '/canvas/trigger/schedule/create'],
    ['POST', '/canvas/trigger/schedule/update'],
    ['POST', '/canvas/trigger/schedule/delete'],
    ['GET', '/preference_center/v1/list'],
    ['GET', '/preference_center/v1/center'],
    ['GET', '/preference_center/v1/center/url/ada'],
    ['POST', '/preference_center/v1'],
    ['POST', '/preference_center/v1/center'],
    ['PUT', '/preference_center/v1/center'],
    ['GET', '/media_library/list'],
    ['POST', '/media_library/create'],
    ['PUT', '/media_library/replace_file'],
    ['POST', '/messages/preview'],
    ['POST', '/messages/schedule/create'],
    ['POST', '/messages/schedule/update'],
    ['POST', '/messages/schedule/delete'],
    ['GET', '/messages/scheduled_broadcasts'],
    ['POST', '/users/merge'],
    ['POST', '/users/alias/update'],
    ['POST', '/users/external_ids/rename'],
    ['POST', '/users/external_ids/remove'],
    ['POST', '/email/status'],
    ['POST', '/email/blocklist'],
    ['POST', '/email/blacklist'],
    ['POST', '/email/bounce/remove'],
    ['POST', '/email/spam/remove'],
    ['GET', '/email/hard_bounces'],
    ['GET', '/email/unsubscribes'],
    ['POST', '/subscription/status/set'],
    ['POST', '/v2/subscription/status/set'],
    ['GET', '/subscription/status/get'],
    ['GET', '/subscription/user/status'],
    ['GET', '/sms/invalid_phone_numbers'],
    ['POST', '/sms/invalid_phone_numbers/remove'],
    ['GET', '/campaigns/list'],
    ['GET', '/campaigns/details'],
    ['GET', '/campaigns/data_series'],
    ['POST', '/sends/id/create'],
    ['GET', '/sends/data_series'],
    ['GET', '/segments/list'],
    ['GET', '/segments/details'],
    ['GET', '/segments/data_series'],
    ['GET', '/events/list'],
    ['GET', '/events'],
    ['GET', '/events/data_series'],
    ['GET', '/custom_attributes'],
    ['POST', '/custom_attributes/blocklist'],
    ['GET', '/purchases/product_list'],
    ['GET', '/purchases/quantity_series'],
    ['GET', '/purchases/revenue_series'],
    ['GET', '/sessions/data_series'],
    ['GET', '/kpi/new_users/data_series'],
    ['GET', '/kpi/uninstalls/data_series'],
    ['GET', '/kpi/dau/data_series'],
    ['GET', '/kpi/mau/data_series'],
    ['GET', '/canvas/list'],
    ['GET', '/canvas/details'],
    ['GET', '/canvas/data_series'],
    ['GET', '/canvas/data_summary'],
    ['GET', '/feed/list'],
    ['GET', '/feed/details'],
    ['GET', '/feed/data_series'],
    ['POST', '/templates/email/create'],
    ['POST', '/templates/email/update'],
    ['GET', '/templates/email/info'],
    ['GET', '/templates/email/list'],
    ['POST', '/content_blocks/create'],
    ['POST', '/content_blocks/update'],
    ['GET', '/content_blocks/info'],
    ['GET', '/content_blocks/list'],
    ['GET', '/catalogs'],
    ['POST', '/catalogs'],
    ['GET', '/catalogs/games'],
    ['DELETE', '/catalogs/games'],
    ['GET', '/catalogs/games/items'],
    ['POST', '/catalogs/games/items'],
    ['PUT', '/catalogs/games/items'],
    ['PATCH', '/catalogs/games/items'],
    ['DELETE', '/catalogs/games/items'],
    ['GET', '/catalogs/games/items/a1'],
    ['POST', '/catalogs/games/items/a1'],
    ['PUT', '/catalogs/games/items/a1'],
    ['PATCH', '/catalogs/games/items/a1'],
    ['DELETE', '/catalogs/games/items/a1'],
    ['POST', '/catalogs/games/fields'],
    ['DELETE', '/catalogs/games/fields/f1'],
    ['POST', '/catalogs/games/selections'],
    ['DELETE', '/catalogs/games/selections/s1'],
  ];
  const withoutPermission = app.app.routes.flatMap(({ path, permission }) => (permission === null ? [path] : []));
  assert.deepEqual(withoutPermission, ['/feed/list', '/feed/details', '/feed/data_series']);
  const parameters: Record<string, string> = {
    ':dispatch_id': '0123456789abcdef0123456789abcdef',
    ':external_id': 'ada',
    ':catalog_name': 'games',
    ':item_id': 'a1',
    ':field_name': 'f1',
    ':selection_name': 's1',
    ':preference_center_id': 'center',
    ':name': 'warehouse',
  };
  const served = new Set(
    app.app.routes.map(
      ({ method, path }) =>
        `${method} ${path.replace(/:\w+/g, (name) => parameters[name] ?? name).replace(':campaign_id', 'receipt')}`,
    ),
  );
  assert.deepEqual(served, new Set(routes.map((route) => route.join(' '))), 'every route is in the list');
  for (const [method, path] of routes) {
    const call = (key: string | null) => {
      if (method === 'GET') return app.get(path, { key });
      return method === 'POST' ? app.post(path, {}, { key }) : app.call(method, path, {}, { key });
    };
    const answers = await Promise.all([call(null), call('wrong-key'), call('"quoted"'), call(elsewhere)]);
    if (!withoutPermission.includes(path)) answers.push(await call(none));
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.message]),
      [
        [401, 'Error authenticating credentials'],
        [401, 'Invalid API key: wron…'],
        [401, 'Error authenticating credentials'],
        [403, 'Invalid whitelisted IPs'],
        ...(answers.length > 4 ? [[403, 'You do not have permission to access this resource']] : []),
      ],
      path,
    );
    for (const { headers } of answers) assert.equal(headers.get('x-ratelimit-remaining'), '');
  }
});

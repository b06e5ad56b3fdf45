// POST /audience/preview and /audience/explain.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ALERTS = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const CHAT = '3d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const BLUE = '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const OLD = '5d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

const eyes = (value: string) => ({
  custom_attribute: { custom_attribute_name: 'eye_color', comparison: 'equals', value },
});

/** Stores sixty-four people: every relevant combination of mail state, push state, token, phone, group and flag. */
async function givenPeople(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${IOS}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${ALERTS}, name: Alerts, channel: sms }
  - { id: ${CHAT}, name: Chat, channel: whatsapp }
segments:
  - { id: ${BLUE}, name: Blue eyes, filter: ${JSON.stringify(eyes('blue'))} }
  - { id: ${OLD}, name: Old, archived: true, filter: null }`);
  const states = ['opted_in', 'subscribed', 'unsubscribed', 'unsubscribed'];
  const attributes = Array.from({ length: 64 }, (_, n) => ({
    external_id: `p${n}`,
    eye_color: n % 8 === 7 ? 'green' : 'blue',
    ...(n % 4 !== 3 && { email: `p${n}@acme.test` }),
    ...(n % 5 !== 4 && { phone: `+1415555${1000 + n}` }),
    email_subscribe: states[n % 3],
    push_subscribe: states[(n >> 2) % 3],
    ...(n % 3 !== 2 && { push_tokens: [{ app_id: IOS, token: `aa${n.toString(16).padStart(2, '0')}` }] }),
    subscription_groups: [
      { subscription_group_id: ALERTS, subscription_state: n % 2 === 0 ? 'subscribed' : 'unsubscribed' },
      { subscription_group_id: CHAT, subscription_state: n % 3 === 0 ? 'subscribed' : 'unsubscribed' },
    ],
  }));
  const { status, body } = await app.post('/users/track', { attributes });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
  await app.db.run(sql`
    insert into addresses (workspace_id, kind, address, hard_bounced_at, marked_spam_at, suppressed_at, invalid_at)
    select ${app.workspaceId}, kind, address, case n % 4 when 0 then now() end, case n % 4 when 1 then now() end,
           case n % 4 when 2 then now() end, case n % 4 when 3 then now() end
      from (select kind, address, row_number() over (order by address) as n
              from (select 'email' as kind, email as address from profiles where email is not null
                     union all
                    select 'phone', phone from profiles where phone is not null) as known) as numbered
     where n % 3 = 0`);
  await app.db.run(sql`update push_targets set foreground = false where user_id % 5 = 0`);
  return app;
}

const messages = {
  email: { app_id: IOS, from: 'a@acme.test', subject: 's', body: '<p>b</p>' },
  apple_push: { alert: 'a' },
  android_push: { alert: 'a', title: 't' },
  sms: { app_id: IOS, subscription_group_id: ALERTS, body: 'b' },
  whats_app: {
    app_id: IOS,
    subscription_group_id: CHAT,
    message_type: 'text_response_message',
    message: { body: 'b' },
  },
  webhook: { url: 'https://example.com/', request_method: 'POST' },
  content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60 },
};

test('a preview and an explanation warn of values and attributes that nobody has, as a send does', async (t) => {
  const app = await givenPeople(t);
  const filter = {
    OR: [
      { custom_attribute: { custom_attribute_name: 'eye_colour', comparison: 'exists' } },
      { attribute: { name: 'country', comparison: 'equals', value: 'Austria' } },
    ],
  };
  const preview = await app.post('/audience/preview', { filter });
  const explained = await app.post('/audience/explain', { filter, external_id: 'p7' });
  for (const { status, body } of [preview, explained]) {
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual(body.cresset.warnings, [
      'filter.OR[1].attribute.value: country is stored as two capital letters, such as AT; did you mean AT?',
      'filter.OR[0].custom_attribute: nobody ever had a custom attribute "eye_colour"; did you mean eye_color?',
    ]);
  }
});

test('a preview counts, for every channel, the people whom a send would reach', async (t) => {
  const app = await givenPeople(t);
  for (const recipient_subscription_state of ['opted_in', 'subscribed', 'all']) {
    const audience = { custom_attribute: { custom_attribute_name: 'eye_color', comparison: 'exists' } };
    const targets = { segment_id: BLUE, audience };
    const preview = await app.post('/audience/preview', {
      ...targets,
      recipient_subscription_state,
      channels: Object.keys(messages),
      subscription_group_ids: { sms: ALERTS, whats_app: CHAT },
    });
    assert.equal(preview.status, 201, JSON.stringify(preview.body));
    const dryRun = await app.post('/messages/send', {
      ...targets,
      ...{ recipient_subscription_state, broadcast: true, messages },
      cresset: { dry_run: true },
    });
    assert.equal(dryRun.status, 201, JSON.stringify(dryRun.body));
    assert.equal(preview.body.count, dryRun.body.counts.targeted);
    assert.equal(preview.body.count, 56);
    const reached = Object.keys(messages).map((key) => [key, dryRun.body.channels[key].would_be_sent ?? 0]);
    assert.deepEqual(preview.body.reachable, Object.fromEntries(reached), recipient_subscription_state);
    assert.ok(reached.every(([key, count]) => key === 'android_push' || (count > 0 && count <= 56)));
  }
});

test('a preview shows twenty people and how long it took', async (t) => {
  const app = await givenPeople(t);
  const { status, body } = await app.post('/audience/preview', { audience: eyes('blue'), channels: [] });
  assert.deepEqual([status, body.count, body.reachable, body.sample.length], [201, 56, {}, 20]);
  assert.ok(Number.isInteger(body.took_ms) && body.message === 'success');
  const { body: exported } = await app.post('/users/export/ids', { external_ids: [body.sample[0].external_id] });
  assert.equal(body.sample[0].braze_id, exported.users[0].braze_id);
  assert.deepEqual(Object.keys(body.sample[0]), [
    ...['external_id', 'braze_id', 'first_name', 'country', 'language', 'email_subscribe', 'push_subscribe'],
  ]);
  const nobody = await app.post('/audience/preview', { audience: eyes('red') });
  assert.deepEqual([nobody.body.count, nobody.body.sample], [0, []]);
  // For SMS and WhatsApp it is unknown which subscription group decides.
  assert.deepEqual(Object.keys(nobody.body.reachable), [
    ...['android_push', 'apple_push', 'content_card', 'email', 'kindle_push', 'web_push', 'webhook'],
  ]);
});

test('every problem of a request is named with its path', async (t) => {
  const app = await givenPeople(t);
  const table: [path: string, body: object, message: string, error: string][] = [
    ['preview', {}, 'Bad Request', 'segment_id, filter, audience: expected at least one, got none'],
    [
      'preview',
      { segment_id: OLD },
      'Bad Request',
      `segment_id: does not name a segment of this workspace, got "${OLD}"`,
    ],
    ['preview', { segment_id: 5 }, 'Bad Request', 'segment_id: does not name a segment of this workspace, got 5'],
    ['preview', { audience: { AND: [] } }, 'Bad Request', 'audience.AND: expected at least one filter'],
    [
      'preview',
      { segment_id: BLUE, recipient_subscription_state: 'ALL' },
      'Bad Request',
      'recipient_subscription_state: expected one of opted_in, subscribed, all',
    ],
    [
      'preview',
      { segment_id: BLUE, channels: ['sms'] },
      'Bad Request',
      'subscription_group_ids.sms: is required: only members of the group get sms',
    ],
    ['preview', { segment_id: BLUE, channels: 'email' }, 'Bad Request', 'channels: expected an array, got a text'],
    [
      'preview',
      { segment_id: BLUE, subscription_group_ids: { sms: CHAT } },
      'Invalid subscription group ID',
      `subscription_group_ids.sms: does not name a subscription group for sms of this workspace, got "${CHAT}"`,
    ],
    [
      'preview',
      { segment_id: BLUE, broadcast: true },
      'Bad Request',
      'broadcast: unknown member; segment_id, filter, audience, recipient_subscription_state, channels, subscription_group_ids are known',
    ],
    [
      'explain',
      { segment_id: BLUE },
      'Bad Request',
      'external_id, user_alias, braze_id: expected one of them, got none',
    ],
    [
      'explain',
      { segment_id: BLUE, user_alias: { alias_name: 'ada' } },
      'Bad Request',
      'user_alias.alias_label: expected a non-empty text',
    ],
    [
      'explain',
      { segment_id: BLUE, external_id: 'nobody' },
      'Not Found',
      'external_id: nobody of this workspace has it',
    ],
    [
      'explain',
      { segment_id: BLUE, braze_id: 'f'.repeat(24) },
      'Not Found',
      'braze_id: nobody of this workspace has it',
    ],
    [
      'explain',
      { segment_id: BLUE, user_alias: { alias_label: 'number', alias_name: 'none' } },
      'Not Found',
      'user_alias: nobody of this workspace has it',
    ],
  ];
  for (const [path, body, message, error] of table) {
    const answer = await app.post(`/audience/${path}`, body);
    assert.deepEqual(
      [answer.status, answer.body.message, answer.body.errors],
      [message === 'Not Found' ? 404 : 400, message, [error]],
    );
  }
});

test('an explanation has the whole tree, the verdict and the filter that refused', async (t) => {
  const app = await givenPeople(t);
  const aliased = await app.post('/users/alias/new', {
    user_aliases: [{ external_id: 'p7', alias_name: 'seven', alias_label: 'number' }],
  });
  assert.equal(aliased.status, 201);
  const audience = {
    OR: [
      eyes('red'),
      { AND: [{ push_subscription_status: { comparison: 'is', value: 'subscribed' } }, eyes('green')] },
    ],
  };
  const { status, body } = await app.post('/audience/explain', { external_id: 'p7', segment_id: BLUE, audience });
  const { braze_id, ...verdict } = body;
  assert.deepEqual(
    [status, verdict],
    [
      201,
      {
        external_id: 'p7',
        evaluated_at: '2026-03-15T12:00:00.000Z',
        targeted: false,
        reason: 'not_in_segment',
        detail: 'segment.custom_attribute: eye_color is "green", equals "blue" does not hold',
        segment: {
          path: 'segment.custom_attribute',
          held: false,
          found: 'green',
          sentence: 'eye_color is "green", equals "blue" does not hold',
        },
        audience: {
          path: 'audience.OR',
          held: true,
          operator: 'OR',
          filters: [
            {
              path: 'audience.OR[0].custom_attribute',
              held: false,
              found: 'green',
              sentence: 'eye_color is "green", equals "red" does not hold',
            },
            {
              path: 'audience.OR[1].AND',
              held: true,
              operator: 'AND',
              filters: [
                {
                  path: 'audience.OR[1].AND[0].push_subscription_status',
                  held: true,
                  found: 'subscribed',
                  sentence: 'push_subscription_status is "subscribed", is subscribed holds',
                },
                {
                  path: 'audience.OR[1].AND[1].custom_attribute',
                  held: true,
                  found: 'green',
                  sentence: 'eye_color is "green", equals "green" holds',
                },
              ],
            },
          ],
        },
        message: 'success',
      },
    ],
  );
  for (const identifier of [{ braze_id }, { user_alias: { alias_name: 'seven', alias_label: 'number' } }]) {
    const again = await app.post('/audience/explain', { ...identifier, audience });
    assert.deepEqual([again.body.external_id, again.body.targeted, again.body.reason], ['p7', true, null]);
  }
});

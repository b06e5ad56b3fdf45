// The example on the original's page of /messages/send, with real messages instead of its placeholders.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ANDROID = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const KINDLE = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const WEB = '3d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

const definitions = `
apps:
  - { id: ${IOS}, name: iOS, platform: ios }
  - { id: ${ANDROID}, name: Android, platform: android }
  - { id: ${KINDLE}, name: Fire, platform: kindle }
  - { id: ${WEB}, name: Web, platform: web }
segments:
  - id: 4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11
    name: Customers
    filter: { AND: [{ attribute: { name: country, comparison: is_any_of, value: [DE, AT] } }, { NOT: { custom_event: { name: cancelled_plan, comparison: has } } }] }
campaigns:
  - id: campaign_identifier
    name: Spring
    kind: api
    variations:
      - { id: v-android, channel: android_push }
      - { id: v-ios, channel: ios_push }
      - { id: v-card, channel: content_cards }
      - { id: v-mail, channel: email }
      - { id: v-kindle, channel: kindle_push }
      - { id: v-web, channel: web_push }
`;
const SEGMENT = '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

/** Copied from the page. */
const audience = {
  AND: [
    { custom_attribute: { custom_attribute_name: 'eye_color', comparison: 'equals', value: 'blue' } },
    { custom_attribute: { custom_attribute_name: 'favorite_foods', comparison: 'includes_value', value: 'pizza' } },
    {
      OR: [
        {
          custom_attribute: {
            custom_attribute_name: 'last_purchase_time',
            comparison: 'less_than_x_days_ago',
            value: 2,
          },
        },
        { push_subscription_status: { comparison: 'is', value: 'opted_in' } },
      ],
    },
    { email_subscription_status: { comparison: 'is_not', value: 'subscribed' } },
    { last_used_app: { comparison: 'after', value: '2019-07-22T13:17:55+0000' } },
  ],
};
const messages = {
  android_push: { message_variation_id: 'v-android', alert: 'a', title: 't' },
  apple_push: { message_variation_id: 'v-ios', alert: 'a' },
  content_card: { message_variation_id: 'v-card', type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60 },
  email: { message_variation_id: 'v-mail', app_id: IOS, from: 'a@acme.test', subject: 's', body: '<p>b</p>' },
  kindle_push: { message_variation_id: 'v-kindle', alert: 'a', title: 't' },
  web_push: { message_variation_id: 'v-web', alert: 'a', title: 't' },
};
const rest = {
  override_frequency_capping: 'false',
  recipient_subscription_state: 'all',
  campaign_id: 'campaign_identifier',
  messages,
};

const fits = {
  country: 'DE',
  eye_color: 'blue',
  favorite_foods: ['salad', 'pizza'],
  last_purchase_time: '2026-03-14T12:00:00Z',
  email_subscribe: 'opted_in',
  date_of_last_session: '2026-03-01',
};
const lately = { ...fits, last_purchase_time: '2026-03-13T12:00:00Z' };

/** Each person is on one side of one limit. `refusal`: what the explanation says about the filter that refused. */
const people: Record<string, { attributes: object; refusal?: RegExp }> = {
  ada: { attributes: fits },
  'opted-into-push-instead': { attributes: { ...lately, push_subscribe: 'opted_in' } },
  'bought-a-second-later': { attributes: { ...fits, last_purchase_time: '2026-03-13T12:00:01Z' } },
  'unsubscribed-from-mail': { attributes: { ...fits, email_subscribe: 'unsubscribed' } },
  'used-it-a-second-later': { attributes: { ...fits, date_of_last_session: '2019-07-22T13:17:56Z' } },
  'bought-48-hours-ago': {
    attributes: lately,
    refusal:
      /^audience\.AND\[2\]\.OR: none of its 2 holds, first audience\.AND\[2\]\.OR\[0\]\.custom_attribute: last_purchase_time is "2026-03-13T12:00:00Z", less_than_x_days_ago 2 does not hold$/,
  },
  'buys-tomorrow': { attributes: { ...fits, last_purchase_time: '2026-03-16' }, refusal: /^audience\.AND\[2\]\.OR: / },
  'other-case': {
    attributes: { ...fits, eye_color: 'Blue' },
    refusal: /^audience\.AND\[0\]\.custom_attribute: eye_color is "Blue", equals "blue" does not hold$/,
  },
  'only-salad': {
    attributes: { ...fits, favorite_foods: ['salad'] },
    refusal:
      /^audience\.AND\[1\]\.custom_attribute: favorite_foods is \["salad"\], includes_value "pizza" does not hold$/,
  },
  'no-array': {
    attributes: { ...fits, favorite_foods: 'pizza' },
    refusal: /favorite_foods is "pizza", includes_value/,
  },
  'subscribed-to-mail': {
    attributes: { ...fits, email_subscribe: 'subscribed' },
    refusal:
      /^audience\.AND\[3\]\.email_subscription_status: email_subscription_status is "subscribed", is_not subscribed does not hold$/,
  },
  'used-it-that-very-second': {
    attributes: { ...fits, date_of_last_session: '2019-07-22T13:17:55Z' },
    refusal:
      /^audience\.AND\[4\]\.last_used_app: last_used_app is "2019-07-22T13:17:55.000Z", after 2019-07-22T13:17:55.000Z does not hold$/,
  },
  'never-used-it': { attributes: { ...fits, date_of_last_session: null }, refusal: /last_used_app is missing, after/ },
};

async function givenPeople(app: TestApp): Promise<void> {
  await app.givenWorkspace(definitions);
  const attributes = Object.entries(people).map(([external_id, { attributes: own }], index) => ({
    external_id,
    email: `${external_id}@acme.test`,
    push_tokens: [
      { app_id: IOS, token: `aa${index.toString(16).padStart(2, '0')}` },
      { app_id: ANDROID, token: `t${index}` },
    ],
    ...own,
  }));
  const tracked = await app.post('/users/track', {
    attributes: [
      ...attributes,
      { external_id: 'swiss', ...fits, country: 'CH' },
      { external_id: 'cancelled', ...fits },
    ],
    events: [{ external_id: 'cancelled', name: 'cancelled_plan', time: '2026-03-01' }],
  });
  assert.deepEqual([tracked.status, tracked.body.errors], [201, undefined], JSON.stringify(tracked.body));
  const aliased = await app.post('/users/alias/new', {
    user_aliases: [
      { external_id: 'bought-a-second-later', alias_name: 'example_name', alias_label: 'example_label' },
      { external_id: 'only-salad', alias_name: 'salad', alias_label: 'example_label' },
    ],
  });
  assert.equal(aliased.status, 201);
}

async function recipientsOf(app: TestApp, body: object) {
  const answer = await app.post('/messages/send', body);
  assert.deepEqual(
    [answer.status, answer.body.message, answer.body.errors],
    [201, 'success', undefined],
    JSON.stringify(answer.body),
  );
  await app.drain();
  const { body: verdicts } = await app.get(`/dispatches/${answer.body.dispatch_id}/recipients?limit=1000`);
  return verdicts.recipients as {
    external_id: string;
    channel: string | null;
    status: string;
    reason: string;
    detail: string;
    user_aliases: { alias_name: string }[];
  }[];
}

const sent = (recipients: { external_id: string; channel: string | null; status: string }[], channel: string) =>
  recipients
    .filter((one) => one.status === 'sent' && one.channel === channel)
    .map((one) => one.external_id)
    .sort();

const fitting = Object.entries(people).flatMap(([name, { refusal }]) => (refusal === undefined ? [name] : []));

test('the reference example as a broadcast reaches exactly the people who match', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  const recipients = await recipientsOf(app, { broadcast: true, audience, ...rest });
  assert.deepEqual(sent(recipients, 'content_card'), [...fitting, 'cancelled', 'swiss'].sort());
  assert.deepEqual(sent(recipients, 'email'), [...fitting].sort());
  assert.deepEqual(sent(recipients, 'apple_push'), [...fitting].sort());
  assert.deepEqual(sent(recipients, 'android_push'), [...fitting].sort());
  assert.deepEqual(sent(recipients, 'kindle_push'), []);
});

test('with a segment, too, it reaches the people who are in both', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  const recipients = await recipientsOf(app, { broadcast: true, segment_id: SEGMENT, audience, ...rest });
  assert.deepEqual(sent(recipients, 'content_card'), [...fitting].sort());
});

test('with ids, aliases, segment and audience at once, it reaches the named people who match, and gives the reason for the others', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  const named = Object.keys(people).filter((name) => name !== 'bought-a-second-later' && name !== 'only-salad');
  const request = {
    broadcast: 'false',
    external_user_ids: [...named, 'swiss', 'cancelled', 'nobody', 'ada'],
    user_aliases: [
      { alias_name: 'example_name', alias_label: 'example_label' },
      { alias_name: 'salad', alias_label: 'example_label' },
    ],
    segment_id: SEGMENT,
    audience,
    ...rest,
  };
  const recipients = await recipientsOf(app, request);
  assert.deepEqual(sent(recipients, 'content_card'), [...fitting].sort());
  assert.deepEqual(sent(recipients, 'email'), [...fitting].sort());
  const dryRun = await app.post('/messages/send', { ...request, cresset: { dry_run: true } });
  for (const verdicts of [recipients, dryRun.body.recipients as typeof recipients]) {
    const refused = new Map(
      verdicts
        .filter(({ channel }) => channel === null)
        .map((one) => [one.external_id ?? one.user_aliases[0]?.alias_name, one]),
    );
    const reasonOf = (name: string) => [refused.get(name)?.reason, refused.get(name)?.detail];
    for (const [name, { refusal }] of Object.entries(people)) {
      const one = refused.get(name === 'only-salad' ? 'salad' : name);
      assert.equal(
        one?.reason,
        name === 'ada' ? 'duplicate' : refusal === undefined ? undefined : 'not_in_audience',
        name,
      );
      if (refusal !== undefined) assert.match(one?.detail ?? '', refusal, name);
    }
    assert.deepEqual(reasonOf('nobody'), ['unknown_user', null]);
    assert.deepEqual(reasonOf('swiss'), [
      'not_in_segment',
      'segment.AND[0].attribute: country is "CH", is_any_of ["DE","AT"] does not hold',
    ]);
    assert.deepEqual(reasonOf('cancelled'), [
      'not_in_segment',
      'segment.AND[1].NOT: what it rules out is so: the number of times of custom_event "cancelled_plan" is 1, has holds',
    ]);
  }
});

test('every lenient form on the page is understood: texts for booleans, one id or one alias for an array', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  await app.db.run(sql`insert into send_ids (campaign_id, send_id) values ('campaign_identifier', 'send_identifier')`);
  const recipients = await recipientsOf(app, {
    broadcast: 'false',
    external_user_ids: 'ada',
    user_aliases: { alias_name: 'example_name', alias_label: 'example_label' },
    segment_id: SEGMENT,
    audience,
    ...rest,
    send_id: 'send_identifier',
  });
  assert.deepEqual(sent(recipients, 'content_card'), ['ada', 'bought-a-second-later']);
});

test('the example with its placeholders is refused and sends nothing', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  const { status, body } = await app.post('/messages/send', {
    broadcast: 'false',
    external_user_ids: 'external_user_identifiers',
    user_aliases: { alias_name: 'example_name', alias_label: 'example_label' },
    segment_id: SEGMENT,
    audience,
    ...rest,
    messages: { email: '(optional, Email Object)' },
  });
  assert.deepEqual([status, body.errors], [400, ['messages.email: expected an object, got a text']]);
});

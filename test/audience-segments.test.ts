// Every filter of audience.md 6.2, stored over HTTP, asked of PostgreSQL and of the evaluator.
import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { sql } from '../src/db/sql.ts';
import { RequestError } from '../src/errors.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { bothEngines } from './support/audience.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const WEB = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
const keys = { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: 'BTBZMqHH6r4Tts7J_aSIgg' };
const browser = JSON.stringify({ endpoint: 'https://push.example.com/bob', keys });
const NEWS = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ALERTS = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const BLUE = '3d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ALL = '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GROUPED = '5d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const OLD_GROUP = '6d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

const definitions = `
apps:
  - { id: ${IOS}, name: iOS, platform: ios }
  - { id: ${WEB}, name: Web, platform: web }
email: { default_from: hello@acme.test }
subscription_groups:
  - { id: ${NEWS}, name: News, channel: email }
  - { id: ${ALERTS}, name: Alerts, channel: sms }
  - { id: ${OLD_GROUP}, name: Old, channel: sms, archived: true }
campaigns:
  - { id: spring, name: Spring, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
  - { id: summer, name: Summer, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
segments:
  - { id: ${BLUE}, name: Blue eyes, filter: { custom_attribute: { custom_attribute_name: eye_color, comparison: equals, value: blue } } }
  - { id: ${ALL}, name: All Users, filter: null }
  - { id: ${GROUPED}, name: Grouped, filter: { segment: { segment_id: ${BLUE}, comparison: in } } }
`;

const member = (id: string, state: string) => ({ subscription_group_id: id, subscription_state: state });

/** Ada has everything, Bob has other things, Eve has nothing. It is noon of 15 March 2026. */
async function givenPeople(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(definitions);
  const ada = {
    ...{
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'ada@acme.test',
      phone: '+14155550100',
      country: 'DE',
      language: 'de',
    },
    ...{ gender: 'F', home_city: 'Wien', time_zone: 'Europe/Vienna', dob: '1990-01-31', email_subscribe: 'opted_in' },
    subscription_groups: [member(NEWS, 'subscribed'), member(ALERTS, 'subscribed')],
    push_tokens: [{ app_id: IOS, token: 'aa11' }],
    eye_color: 'blue',
    address: { city: 'Rome', floor: 3, 'odd "name"': true },
    stays: [{ hotel: 'Y', nights: 3 }, { hotel: 'Z' }],
  };
  const bob = {
    ...{ first_name: 'bob', email: 'Bob@Acme.test', phone: '+14155550101', country: 'US', language: 'en', gender: 'M' },
    ...{
      home_city: 'Oslo',
      time_zone: 'Europe/Oslo',
      dob: '2001-02-03',
      email_subscribe: 'unsubscribed',
      push_subscribe: 'unsubscribed',
    },
    last_name: 'Byron',
    subscription_groups: [member(NEWS, 'subscribed'), member(ALERTS, 'unsubscribed')],
    push_tokens: [{ app_id: WEB, token: browser }],
    eye_color: 'green',
    address: { city: 'Oslo', floor: 9 },
    stays: [{ hotel: 'X', nights: 9 }],
  };
  const did = (external_id: string, name: string, time: string) => ({ external_id, name, time });
  const bought = (external_id: string, product_id: string, time: string, price: number, quantity: number) => ({
    ...{ external_id, product_id, time, price, quantity },
    currency: 'EUR',
  });
  const { status, body } = await app.post('/users/track', {
    attributes: [{ external_id: 'ada', ...ada }, { external_id: 'bob', ...bob }, { external_id: 'eve' }],
    events: [
      did('ada', 'cancelled_plan', '2026-03-14T00:00:00Z'),
      did('ada', 'cancelled_plan', '2026-03-13T23:59:59Z'),
      did('ada', 'cancelled_plan', '2025-06-01'),
      did('bob', 'cancelled_plan', '2024-01-01'),
      did('bob', 'other', '2026-03-15T11:00:00Z'),
    ],
    purchases: [
      bought('ada', 'book', '2026-03-14T06:00:00Z', 5, 3),
      bought('ada', 'pen', '2025-01-01', 0.5, 1),
      bought('bob', 'pen', '2024-01-01', 0.5, 1),
    ],
  });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
  return app;
}

/** What no endpoint sets yet. */
async function givenTheRest(app: TestApp): Promise<void> {
  await app.db.run(sql`
    insert into addresses (workspace_id, kind, address, hard_bounced_at, marked_spam_at, invalid_at)
    values (${app.workspaceId}, 'email', 'bob@acme.test', now(), now(), null),
           (${app.workspaceId}, 'phone', '+14155550101', null, null, now())`);
  await app.db.run(sql`
    update profiles
       set random_bucket = case external_id when 'ada' then 10 when 'bob' then 9000 else 500 end,
           session_count = case external_id when 'ada' then 7 when 'bob' then 1 else 0 end`);
}

/** Ada gets a mail of Spring, Bob one without campaign, both through the whole pipeline. */
async function givenSends(app: TestApp): Promise<void> {
  const mail = { app_id: IOS, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };
  const sends = [
    {
      external_user_ids: ['ada'],
      campaign_id: 'spring',
      messages: { email: { ...mail, message_variation_id: 'mail' } },
    },
    { external_user_ids: ['bob'], messages: { webhook: { url: 'https://example.com/', request_method: 'POST' } } },
  ];
  for (const request of sends) assert.equal((await app.post('/messages/send', request)).status, 201);
  await app.drain();
}

type Row = [filter: object, ...members: ('ada' | 'bob' | 'eve')[]];
const attribute = (name: string, comparison: string, value?: unknown) => ({ attribute: { name, comparison, value } });
const nested = (custom_attribute_name: string, path: string, comparison: string, value?: unknown) => ({
  nested_custom_attribute: { custom_attribute_name, path, comparison, value },
});

/** Each row is three: a person who has what is asked, one who has something else, one who has nothing. */
const rows: Row[] = [
  ...(
    ['first_name', 'last_name', 'email', 'phone', 'country', 'language', 'gender', 'home_city', 'time_zone'] as const
  ).flatMap((name): Row[] => [
    [attribute(name, 'exists'), 'ada', 'bob'],
    [attribute(name, 'does_not_exist'), 'eve'],
  ]),
  [attribute('first_name', 'equals', 'Ada'), 'ada'],
  [attribute('first_name', 'not_equal', 'Ada'), 'bob', 'eve'],
  [attribute('first_name', 'matches_regex', '^BOB$'), 'bob'],
  [attribute('first_name', 'does_not_match_regex', 'a'), 'bob'],
  [attribute('country', 'is_any_of', ['DE', 'AT']), 'ada'],
  [attribute('country', 'is_none_of', ['DE', 'AT']), 'bob', 'eve'],
  [attribute('email', 'equals', 'ada@acme.test'), 'ada'],
  [attribute('phone', 'equals', '+14155550101'), 'bob'],
  [attribute('external_id', 'equals', 'eve'), 'eve'],
  [attribute('dob', 'before', '2000-01-01'), 'ada'],
  [attribute('dob', 'greater_than_x_days_ago', 3650), 'ada', 'bob'],
  [attribute('dob', 'does_not_exist'), 'eve'],
  [attribute('created_at', 'less_than_x_days_ago', 1), 'ada', 'bob', 'eve'],
  [attribute('created_at', 'before', '2020-01-01')],
  [attribute('random_bucket', 'less_than', 500), 'ada'],
  [attribute('random_bucket', 'exists'), 'ada', 'bob', 'eve'],
  [{ random_bucket: { comparison: 'greater_than_or_equal_to', value: 500 } }, 'bob', 'eve'],
  [nested('address', 'city', 'equals', 'Rome'), 'ada'],
  [nested('address', 'city', 'not_equal', 'Rome'), 'bob', 'eve'],
  [nested('address', 'city', 'matches_regex', 'rom'), 'ada'],
  [nested('address', 'floor', 'less_than', 4), 'ada', 'eve'],
  [nested('address', 'floor', 'equals', 0), 'eve'],
  [nested('address', 'odd "name"', 'equals', true), 'ada'],
  [nested('address', 'city.name', 'exists')],
  [nested('address', '[].city', 'exists')],
  [nested('stays', '[].hotel', 'equals', 'Z'), 'ada'],
  [nested('stays', '[].hotel', 'not_equal', 'Z'), 'bob', 'eve'],
  [nested('stays', '[].hotel', 'does_not_match_regex', 'z'), 'bob'],
  [nested('stays', '[].nights', 'greater_than', 2), 'ada', 'bob'],
  [nested('stays', 'hotel', 'exists')],
  [{ custom_event: { name: 'cancelled_plan', comparison: 'has' } }, 'ada', 'bob'],
  [{ custom_event: { name: 'cancelled_plan', comparison: 'has_not' } }, 'eve'],
  [{ custom_event: { name: 'other', comparison: 'has' } }, 'bob'],
  [{ custom_event_first: { name: 'cancelled_plan', comparison: 'after', value: '2025-01-01' } }, 'ada'],
  [{ custom_event_first: { name: 'cancelled_plan', comparison: 'greater_than_x_days_ago', value: 1 } }, 'ada', 'bob'],
  [{ custom_event_last: { name: 'cancelled_plan', comparison: 'less_than_x_days_ago', value: 2 } }, 'ada'],
  [{ custom_event_last: { name: 'cancelled_plan', comparison: 'before', value: '2026-01-01' } }, 'bob'],
  [{ custom_event_count_in_days: { name: 'cancelled_plan', comparison: 'equals', count: 1, days: 1 } }, 'ada'],
  [{ custom_event_count_in_days: { name: 'cancelled_plan', comparison: 'greater_than', count: 1, days: 2 } }, 'ada'],
  [
    { custom_event_count_in_days: { name: 'cancelled_plan', comparison: 'less_than', count: 1, days: 30 } },
    'bob',
    'eve',
  ],
  [{ purchase: { comparison: 'has' } }, 'ada', 'bob'],
  [{ purchase: { product_id: 'book', comparison: 'has' } }, 'ada'],
  [{ purchase: { product_id: 'book', comparison: 'has_not' } }, 'bob', 'eve'],
  [{ purchase_first: { comparison: 'after', value: '2024-06-01' } }, 'ada'],
  [{ purchase_first: { product_id: 'pen', comparison: 'before', value: '2024-06-01' } }, 'bob'],
  [{ purchase_last: { comparison: 'less_than_x_days_ago', value: 2 } }, 'ada'],
  [{ purchase_last: { product_id: 'pen', comparison: 'greater_than_x_days_ago', value: 2 } }, 'ada', 'bob'],
  [{ purchase_count_in_days: { comparison: 'greater_than', count: 2, days: 30 } }, 'ada'],
  [{ purchase_count_in_days: { product_id: 'pen', comparison: 'equals', count: 0, days: 30 } }, 'ada', 'bob', 'eve'],
  [{ purchase_count_in_days: { product_id: 'book', comparison: 'less_than', count: 3, days: 1 } }, 'bob', 'eve'],
  [{ purchase_total_count: { comparison: 'equals', value: 4 } }, 'ada'],
  [{ purchase_total_count: { comparison: 'less_than', value: 1 } }, 'eve'],
  [{ purchase_total_revenue: { comparison: 'equals', value: 15.5 } }, 'ada'],
  [{ purchase_total_revenue: { comparison: 'less_than_or_equal_to', value: 0.5 } }, 'bob', 'eve'],
  [{ session_count: { comparison: 'greater_than', value: 1 } }, 'ada'],
  [{ session_count: { comparison: 'equals', value: 0 } }, 'eve'],
  [{ subscription_group: { subscription_group_id: ALERTS, comparison: 'is', value: 'subscribed' } }, 'ada'],
  [{ subscription_group: { subscription_group_id: ALERTS, comparison: 'is', value: 'unsubscribed' } }, 'bob'],
  [{ subscription_group: { subscription_group_id: ALERTS, comparison: 'is', value: 'unknown' } }, 'eve'],
  [{ subscription_group: { subscription_group_id: ALERTS, comparison: 'is_not', value: 'subscribed' } }, 'bob', 'eve'],
  // Bob is subscribed to the group, but to no mail at all.
  [{ subscription_group: { subscription_group_id: NEWS.toUpperCase(), comparison: 'is', value: 'subscribed' } }, 'ada'],
  [{ subscription_group: { subscription_group_id: NEWS, comparison: 'is', value: 'unsubscribed' } }, 'bob'],
  [{ email_available: true }, 'ada'],
  [{ email_available: false }, 'bob', 'eve'],
  [{ push_enabled: {} }, 'ada'],
  [{ push_enabled: { platform: 'ios' } }, 'ada'],
  [{ push_enabled: { platform: 'web' } }],
  [{ push_enabled: { app_id: IOS } }, 'ada'],
  [{ phone_invalid: true }, 'bob'],
  [{ phone_invalid: false }, 'ada', 'eve'],
  [{ hard_bounced: true }, 'bob'],
  [{ hard_bounced: false }, 'ada', 'eve'],
  [{ marked_spam: true }, 'bob'],
  [{ marked_spam: false }, 'ada', 'eve'],
  [{ last_received: { channel: 'any', comparison: 'less_than_x_days_ago', value: 1 } }, 'ada', 'bob'],
  [{ last_received: { channel: 'email', comparison: 'less_than_x_days_ago', value: 1 } }, 'ada'],
  [{ last_received: { channel: 'webhook', comparison: 'after', value: '2026-03-01' } }, 'bob'],
  [{ received_campaign: { campaign_id: 'spring', comparison: 'has' } }, 'ada'],
  [{ received_campaign: { campaign_id: 'spring', comparison: 'has_not' } }, 'bob', 'eve'],
  [{ received_campaign: { campaign_id: 'summer', comparison: 'has' } }],
  [{ received_tag: { tag: 'sale', comparison: 'has' } }, 'ada'],
  [{ received_tag: { tag: 'sale', comparison: 'has_not' } }, 'bob', 'eve'],
  [{ segment: { segment_id: BLUE, comparison: 'in' } }, 'ada'],
  [{ segment: { segment_id: BLUE, comparison: 'not_in' } }, 'bob', 'eve'],
  [{ segment: { segment_id: ALL, comparison: 'in' } }, 'ada', 'bob', 'eve'],
  [{ NOT: { segment: { segment_id: ALL, comparison: 'in' } } }],
  [{ NOT: { NOT: attribute('country', 'equals', 'US') } }, 'bob'],
  [
    {
      AND: [
        attribute('country', 'is_any_of', ['DE', 'AT']),
        { email_available: true },
        { purchase_count_in_days: { comparison: 'greater_than', count: 0, days: 30 } },
        { NOT: { custom_event: { name: 'other', comparison: 'has' } } },
      ],
    },
    'ada',
  ],
];

test('every filter of segments, on somebody who has it, somebody who has another, and nobody', async (t) => {
  const app = await givenPeople(t);
  await givenTheRest(app);
  await app.db.run(sql`update profiles set email_state = 'opted_in' where external_id = 'ada'`);
  await givenSends(app);
  const engines = bothEngines(app);
  let answers = 0;
  for (const [filter, ...members] of rows) {
    const parsed = parseAudience(JSON.parse(JSON.stringify(filter)), 'segment', { isSegment: true });
    for (const name of ['ada', 'bob', 'eve'] as const) {
      const { bySql, byEvaluator } = await engines.ask(parsed, name);
      const expected = members.includes(name);
      assert.deepEqual(
        { bySql, byEvaluator },
        { bySql: expected, byEvaluator: expected },
        `${JSON.stringify(filter)} on ${name}`,
      );
      answers += 1;
    }
  }
  t.diagnostic(`${rows.length} rows, ${answers} people asked about, each by both engines`);
});

test('a missing number is 0 only as long as the workspace says so', async (t) => {
  const app = await startTestApp(t);
  const { status } = await app.post('/users/track', { attributes: [{ external_id: 'eve' }] });
  assert.equal(status, 201);
  const points = (comparison: string, value: number) =>
    parseAudience({ custom_attribute: { custom_attribute_name: 'points', comparison, value } }, 'audience');
  const table: [comparison: string, value: number, on: boolean, off: boolean][] = [
    ['equals', 0, true, false],
    ['not_equal', 0, false, true],
    ['less_than', 10, true, false],
    ['less_than', -3, false, false],
    ['less_than_or_equal_to', 0, true, false],
    ['greater_than', -1, false, false],
    ['greater_than_or_equal_to', 0, false, false],
  ];
  for (const isOn of [true, false]) {
    await app.givenWorkspace(`audience: { missing_number_is_zero: ${isOn} }`);
    for (const [comparison, value, on, off] of table) {
      const { bySql, byEvaluator } = await bothEngines(app).ask(points(comparison, value), 'eve');
      assert.deepEqual([bySql, byEvaluator], isOn ? [on, on] : [off, off], `${comparison} ${value}, ${isOn}`);
    }
  }
});

const refused: [filter: unknown, ...problems: string[]][] = [
  [
    { session_count_in_days: {} },
    'segment.session_count_in_days: is not supported: sessions are counted, but not stored one by one with their days',
  ],
  [{ AND: [{ email_available: 'yes' }] }, 'segment.AND[0].email_available: expected true or false, got a text'],
  [{ NOT: [] }, 'segment.NOT: expected an object, got an array'],
  [
    { custom_event_count_in_days: { name: '', comparison: 'above', count: 51, days: 0, extra: 1 } },
    'segment.custom_event_count_in_days.extra: unknown member; name, comparison, count, days are known',
    'segment.custom_event_count_in_days.name: expected a non-empty text, got an empty one',
    'segment.custom_event_count_in_days.comparison: "above" is not one of equals, greater_than, less_than',
    'segment.custom_event_count_in_days.count: expected an integer from 0 to 50, got 51',
    'segment.custom_event_count_in_days.days: expected an integer from 1 to 30, got 0',
  ],
  [
    attribute('dob', 'equals', '1990-01-31'),
    `segment.attribute.comparison: "equals" is not one of less_than_x_days_ago, greater_than_x_days_ago, less_than_x_days_in_the_future, greater_than_x_days_in_the_future, after, before, exists, does_not_exist`,
  ],
  [attribute('country', 'equals', 5), 'segment.attribute.value: expected a text, got 5'],
  [attribute('country', 'is_any_of', []), 'segment.attribute.value: expected an array of 1 to 256 texts'],
  [
    nested('a', 'b', 'after', '2026-01-01'),
    'segment.nested_custom_attribute.comparison: is not supported: texts inside objects are not read as times',
  ],
  [
    nested('a', 'b..c', 'exists'),
    'segment.nested_custom_attribute.path: expected up to 10 names joined by dots, such as address.city or stays[].hotel',
  ],
  [
    { push_enabled: { platform: 'symbian' } },
    'segment.push_enabled.platform: "symbian" is not one of ios, android, kindle, web',
  ],
  [
    { last_received: { channel: 'fax', comparison: 'after', value: '2026-13-01' } },
    'segment.last_received.channel: "fax" is not one of any, android_push, apple_push, content_card, email, kindle_push, sms, web_push, webhook, whats_app',
    'segment.last_received.value: expected an ISO 8601 date or date-time, got another text',
  ],
];

test('what is wrong with a segment is said with its path', () => {
  for (const [filter, ...problems] of refused) {
    assert.throws(
      () => parseAudience(JSON.parse(JSON.stringify(filter)), 'segment', { isSegment: true }),
      (error) =>
        error instanceof RequestError && assert.deepEqual([...error.errors].sort(), problems.sort()) === undefined,
    );
  }
});

test('a workspace file is refused when a segment refers to what is not there', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(definitions);
  const segment = (filter: string) => `segments: [{ id: ${ALL.replace('4', '9')}, name: New, filter: ${filter} }]`;
  const table: [file: string, problem: RegExp][] = [
    [
      segment(`{ subscription_group: { subscription_group_id: nope, comparison: is, value: subscribed } }`),
      /segments\[0\]\.filter\.subscription_group\.subscription_group_id: does not name a subscription group of this workspace/,
    ],
    [
      segment(
        `{ NOT: { subscription_group: { subscription_group_id: ${OLD_GROUP}, comparison: is, value: subscribed } } }`,
      ),
      /segments\[0\]\.filter\.NOT\.subscription_group\.subscription_group_id: names an archived subscription group/,
    ],
    [
      segment(`{ push_enabled: { app_id: nope } }`),
      /segments\[0\]\.filter\.push_enabled\.app_id: does not name an app/,
    ],
    [
      segment(`{ received_campaign: { campaign_id: nope, comparison: has } }`),
      /segments\[0\]\.filter\.received_campaign\.campaign_id: does not name a campaign/,
    ],
    [
      segment(`{ segment: { segment_id: nope, comparison: in } }`),
      /segments\[0\]\.filter\.segment\.segment_id: does not name a segment/,
    ],
    [
      segment(`{ segment: { segment_id: ${GROUPED}, comparison: in } }`),
      /segments\[0\]\.filter\.segment\.segment_id: names a segment that itself uses the filter "segment"/,
    ],
    // Another that the file does not name would be left without what it refers to.
    [
      `segments: [{ id: ${BLUE}, name: Blue eyes, archived: true, filter: null }]`,
      new RegExp(`segment ${GROUPED} \\(not in the file\\)\\.filter\\.segment\\.segment_id: names an archived segment`),
    ],
  ];
  for (const [file, problem] of table) await assert.rejects(app.givenWorkspace(file), problem);
  await app.givenWorkspace(segment(`{ segment: { segment_id: ${BLUE}, comparison: in } }`));
});

test('a send is refused when its segment lost what it refers to', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`${definitions}
  - { id: ${ALL.replace('4', '9')}, name: New, filter: { AND: [{ subscription_group: { subscription_group_id: ${ALERTS}, comparison: is, value: subscribed } }] } }`);
  await app.db.run(sql`update subscription_groups set archived = true where id = ${ALERTS}`);
  await app.refreshCatalog();
  const { status, body } = await app.post('/messages/send', {
    segment_id: ALL.replace('4', '9'),
    broadcast: true,
    messages: { webhook: { url: 'https://example.com/', request_method: 'POST' } },
  });
  assert.deepEqual(
    [status, body.errors],
    [400, ['segment.AND[0].subscription_group.subscription_group_id: names an archived subscription group']],
  );
});

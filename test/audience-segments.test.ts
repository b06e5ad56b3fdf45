// Every filter of audience.md §6.2: facts stored over HTTP, the filter evaluated by PostgreSQL and by the evaluator.
import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { bothEngines } from './support/audience.ts';
import { ALERTS, ALL, attribute, BLUE, definitions, IOS, NEWS, nested, WEB } from './support/segments.ts';

const keys = { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: 'BTBZMqHH6r4Tts7J_aSIgg' };
const browser = JSON.stringify({ endpoint: 'https://push.example.com/bob', keys });

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

/** Sets the facts that no endpoint sets yet. */
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

/** Sends Ada a mail of the campaign Spring and Bob a webhook message without a campaign, through the whole pipeline. */
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

/** A filter and who matches it. Ada has what is asked for, Bob has something else, Eve has nothing. */
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
  [attribute('dob', 'before', '2000-01-01 00:00:00 UTC'), 'ada'],
  [attribute('dob', 'before', '2000-01-01 00:00:00 -0500'), 'ada'],
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
  // Bob is subscribed to the group, but unsubscribed from all mail.
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

test('every filter of segments matches the right people in both engines', async (t) => {
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

test('a missing number counts as 0 only if the workspace says so', async (t) => {
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

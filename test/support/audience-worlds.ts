// Generators of people and of filters about them. Their vocabularies are small, so that filters match what is stored.
import fc from 'fast-check';
import { countComparisons, dayComparisons, numberComparisons } from '../../src/audience/grammar/filter.ts';
import type { Json } from '../../src/lib/raw/json.ts';
import { readStoredTime } from '../../src/lib/time/times.ts';
import { type NestedTimes, timesInside } from '../../src/people/profile/nested/nested-times.ts';

export const mailGroup = 'aaaaaaaa-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const textGroup = 'bbbbbbbb-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const apps = ['cccccccc-3b7e-4c5e-9a55-5f1f0f6f7a11', 'dddddddd-3b7e-4c5e-9a55-5f1f0f6f7a11'] as const;
export const segmentIds = ['eeeeeeee-3b7e-4c5e-9a55-5f1f0f6f7a11', 'ffffffff-3b7e-4c5e-9a55-5f1f0f6f7a11'] as const;
export const campaignIds = ['spring', 'receipts'] as const;
export const dispatchCount = 3;

const names = ['a', 'b', 'a.b', `it's "quoted"`, '__proto__', 'constructor', 'é'];
const texts = [
  '',
  'a',
  'blue',
  'Blue',
  '5',
  'true',
  'é',
  '😀',
  'a\nb',
  '2026-03-14',
  '2026-03-13T12:00:00Z',
  '03/20/2026',
];
const odd = ['2026-03-15T12:00:00.001Z', '2026-02-30', ' blue', 'K', '\\', '%', '"', "'", '{}'];
const numbers = [0, -0, 1, 5, 5.5, -3, 0.1, 1e308, -1e308, 5e-324, Number('12345678901234567890'), 2 ** 53, 9999];
const text = fc.constantFrom(...texts, ...texts, ...odd);
const number = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 0, 1, 5) },
  { weight: 2, arbitrary: fc.constantFrom(...numbers) },
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
/** Values that occur often, so that filters match them. */
const frequent = fc.constantFrom('a', 'blue', 0, 5, true);
const scalar = fc.oneof({ weight: 2, arbitrary: frequent }, text, number, fc.boolean());
const member = fc.constantFrom('city', 'hotel', 'it"s', '__proto__');
const object = (value: fc.Arbitrary<unknown>) => fc.dictionary(member, value, { maxKeys: 2, noNullPrototype: false });
const nested = fc.oneof(
  object(fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 2 }), object(scalar))),
  fc.array(object(fc.oneof(scalar, fc.constant(null))), { maxLength: 3 }),
  fc.array(fc.oneof(scalar, object(scalar)), { maxLength: 3 }),
);
const stored = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(fc.oneof({ weight: 3, arbitrary: frequent }, object(scalar)), { minLength: 1, maxLength: 3 }),
  },
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 2, arbitrary: nested },
  { weight: 1, arbitrary: fc.constant(null) },
);

const instants = [
  ...['2026-03-15T12:00:00Z', '2026-03-15T12:00:00.000001Z', '2026-03-13T12:00:00Z', '2026-03-13T11:59:59.999999Z'],
  ...[
    '2026-03-14T00:00:00Z',
    '2026-03-13T23:59:59.999Z',
    '2026-02-13T00:00:00Z',
    '2019-07-22T13:17:55Z',
    '2026-03-17T12:00:00Z',
  ],
];
const instant = fc.constantFrom(...instants);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
/** The days on both sides of those on which the filters begin, today, and a day to come. */
const sessionDay = fc.constantFrom('2026-03-15', '2026-03-14', '2026-03-13', '2026-02-13', '2026-02-12', '2026-03-20');
const states = fc.constantFrom('opted_in', 'subscribed', 'unsubscribed');
const deedName = fc.constantFrom('ordered', 'é', 'x');
const channel = fc.constantFrom('email', 'sms', 'apple_push', 'webhook');
export const emails = ['ada@acme.test', 'Bob@Acme.test', 'eve@acme.test'];
export const phones = ['+15550100', '+15550101'];

/** Texts inside objects: times in every form, and texts that are nearly times. */
const innerText = fc.constantFrom(
  ...['2026-03-14', '2026-03-13T12:00:00Z', '2026-03-17 12:00:00 UTC', '2026-03-13T12:00:00.001', '0000-01-01'],
  ...['03/20/2026', 'Sun Mar 15 12:00:00 UTC 2026', 'Sun, 15 Mar 2026 12:00:00 GMT', '2019-02-15 00:00:00 -0500 EST'],
  ...['2026-02-30', ' 2026-03-14', '2026-03-14 ', 'Mon, 15 Mar 2026 12:00:00 GMT', '1773576000000', 'a'],
);
const inner = fc.oneof(
  { weight: 6, arbitrary: innerText },
  scalar,
  fc.constant(null),
  fc.array(innerText, { maxLength: 2 }),
);
const trip = fc.record({ city: inner, hotel: inner }, { requiredKeys: ['city'] });
const trips = fc.oneof(
  fc.record({ city: fc.oneof(innerText, innerText, trip, fc.array(innerText, { maxLength: 2 })), hotel: inner }),
  fc.array(fc.oneof({ weight: 4, arbitrary: trip }, inner), { minLength: 1, maxLength: 3 }),
);

/** A row of `profiles` without its key, and rows of the tables around it. */
export const person = fc.record({
  profile: fc.record({
    first_name: maybe(fc.constantFrom('Ada', 'ada', '', 'Blue')),
    country: maybe(fc.constantFrom('DE', 'AT')),
    email: maybe(fc.constantFrom(...emails)),
    phone: maybe(fc.constantFrom(...phones)),
    dob: maybe(fc.constantFrom('1990-01-31', '2026-03-14', '0044-03-15', '2900-01-01')),
    created_at: instant,
    random_bucket: fc.constantFrom(0, 5, 5000, 9999),
    email_state: states,
    push_state: states,
    last_session_at: maybe(instant),
    session_count: fc.constantFrom(0, 1, 5),
    custom: fc
      .tuple(
        fc.dictionary(fc.constantFrom(...names), stored, { maxKeys: 5, noNullPrototype: false }),
        fc.option(trips, { freq: 8 }),
      )
      .map(([custom, some]) => ({ ...custom, ...(some !== null && { trips: some }) })),
  }),
  events: fc.array(fc.record({ name: deedName, at: instant }), { maxLength: 4 }),
  purchases: fc.array(
    fc.record({
      product_id: deedName,
      at: instant,
      quantity: fc.integer({ min: 1, max: 4 }),
      price: fc.constantFrom(0, 0.1, 5, 2.5),
    }),
    { maxLength: 3 },
  ),
  sessionDays: fc.uniqueArray(fc.record({ day: sessionDay, count: fc.constantFrom(1, 2, 5) }), {
    selector: ({ day }) => day,
    maxLength: 4,
  }),
  groups: fc.uniqueArray(
    fc.record({
      group_id: fc.constantFrom(mailGroup, textGroup),
      state: fc.constantFrom('subscribed', 'unsubscribed'),
    }),
    { selector: ({ group_id }) => group_id, maxLength: 2 },
  ),
  tokens: fc.uniqueArray(
    fc.record({ app_id: fc.constantFrom(...apps), platform: fc.constantFrom('ios', 'web'), foreground: fc.boolean() }),
    { selector: ({ app_id }) => app_id, maxLength: 2 },
  ),
  sends: fc.uniqueArray(
    fc.record({
      dispatch: fc.nat({ max: dispatchCount - 1 }),
      channel,
      status: fc.constantFrom('sent', 'sent', 'failed', 'pending'),
      updated_at: instant,
    }),
    { selector: (send) => `${send.dispatch} ${send.channel}`, maxLength: 4 },
  ),
});
export type GeneratedPerson = typeof person extends fc.Arbitrary<infer T> ? T : never;

/** The attributes that are times, in milliseconds since 1970, as `/users/track` recognizes them. */
export function timesOf(custom: Record<string, unknown>): Record<string, number> {
  const times = Object.entries(custom).flatMap(([name, value]) => {
    const at = typeof value === 'string' ? readStoredTime(value) : null;
    return at === null ? [] : [[name, at] as const];
  });
  return Object.fromEntries(times);
}

/** The times inside attributes, as `/users/track` stores them. */
export function nestedTimesOf(custom: Record<string, unknown>): Record<string, NestedTimes> {
  const values = JSON.parse(JSON.stringify(custom)) as Record<string, Json>;
  const times = Object.entries(values).flatMap(([name, value]) => {
    const inside = timesInside(value);
    return inside === null ? [] : [[name, inside] as const];
  });
  return Object.fromEntries(times);
}

const has = fc.constantFrom('has', 'has_not');
const is = fc.constantFrom('is', 'is_not');
const days = fc.constantFrom(0, 0.5, 1, 2, 30, 0.0000001, 1e9, 1e300);
const isoTime = fc.constantFrom(
  '2026-03-14',
  '2026-03-15T12:00:00Z',
  '2019-07-22T13:17:55+0000',
  '0000-01-01',
  '3000-12-31T23:59:59+14:00',
);
const pattern = fc.constantFrom('blue', '^$', '.*', '^a.b$', '\\d', '[^a]', 'é', 'k', '(a|b)+', '\\bblue\\b', '5$');

const presence = fc.record({ comparison: fc.constantFrom('exists', 'does_not_exist') });
const timeTest = fc.oneof(
  fc.record({ comparison: fc.constantFrom(...dayComparisons), value: days }),
  fc.record({ comparison: fc.constantFrom('after', 'before'), value: isoTime }),
);
/** Tests that the times of `trips` often pass. */
const likelyTimeTest = fc.constantFrom(
  { comparison: 'after', value: '2019-07-22' },
  { comparison: 'before', value: '2026-03-15T12:00:00Z' },
  { comparison: 'less_than_x_days_ago', value: 2.5 },
  { comparison: 'less_than_x_days_in_the_future', value: 7 },
);
const patternTest = fc.record({ comparison: fc.constantFrom('matches_regex', 'does_not_match_regex'), value: pattern });
const numberTest = fc.record({
  comparison: fc.constantFrom('equals', 'not_equal', 'does_not_equal', ...numberComparisons),
  value: number,
});
const someTexts = fc.array(fc.oneof(fc.constantFrom('a', 'blue', '\u0000', 'city'), text), {
  minLength: 1,
  maxLength: 3,
});
const untimedTest = fc.oneof(
  presence,
  fc.record({ comparison: fc.constantFrom('equals', 'not_equal', 'does_not_equal'), value: scalar }),
  fc.record({
    comparison: fc.constantFrom('includes_value', 'does_not_include_value'),
    value: fc.oneof({ weight: 3, arbitrary: scalar }, someTexts),
  }),
  fc.record({ comparison: fc.constantFrom('is_any_of', 'is_none_of'), value: fc.oneof(text, someTexts) }),
  fc.record({ comparison: fc.constantFrom(...numberComparisons), value: number }),
  patternTest,
);
const textTest = fc.oneof(
  presence,
  patternTest,
  fc.record({
    comparison: fc.constantFrom('equals', 'not_equal'),
    value: fc.constantFrom('Ada', 'DE', '', 'p-1', 'ada@acme.test'),
  }),
  fc.record({
    comparison: fc.constantFrom('is_any_of', 'is_none_of'),
    value: fc.array(fc.constantFrom('Ada', 'DE', 'AT', '', 'p-1', '\u0000'), { minLength: 1, maxLength: 3 }),
  }),
);

const merged = (first: fc.Arbitrary<object>, second: fc.Arbitrary<object>) =>
  fc.tuple(first, second).map(([one, other]) => ({ ...one, ...other }));
const called = (name: string, body: fc.Arbitrary<unknown>) => body.map((value) => ({ [name]: value }));
const attribute = fc.record({ custom_attribute_name: fc.constantFrom(...names) });
const nestedPath = fc.record({
  path: fc.constantFrom(
    ...['city', 'hotel', 'city.hotel', '[].hotel', '[].city', 'city[]', 'it"s', '__proto__', '[]', '[][]'],
  ),
});
const event = fc.record({ name: deedName });
const product = fc.oneof(fc.record({ product_id: deedName }), fc.constant({}));
const counted = fc.record({
  comparison: fc.constantFrom(...countComparisons),
  count: fc.integer({ min: 0, max: 4 }),
  days: fc.constantFrom(1, 2, 30),
});
const channelWord = fc.record({ channel: fc.constantFrom('any', 'email', 'sms', 'apple_push') });

/** Generators of every kind of filter, by its name in the grammar. */
export const leaves: Readonly<Record<string, fc.Arbitrary<object>>> = {
  custom_attribute: called(
    'custom_attribute',
    merged(attribute, fc.oneof({ weight: 3, arbitrary: untimedTest }, timeTest)),
  ),
  custom_attribute_inclusion: called(
    'custom_attribute',
    fc.record({
      custom_attribute_name: fc.constantFrom('a', 'b'),
      comparison: fc.constantFrom('includes_value', 'does_not_include_value'),
      value: frequent,
    }),
  ),
  custom_attribute_any: called(
    'custom_attribute',
    fc.record({
      custom_attribute_name: fc.constantFrom('a', 'b'),
      comparison: fc.constantFrom('is_any_of', 'is_none_of', 'includes_value', 'does_not_include_value'),
      value: fc.constantFrom(['a'], ['blue', 'a'], ['none', 'blue'], ['none']),
    }),
  ),
  nested_custom_attribute: called('nested_custom_attribute', merged(merged(attribute, nestedPath), untimedTest)),
  nested_custom_attribute_time: called(
    'nested_custom_attribute',
    merged(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            custom_attribute_name: fc.constant('trips'),
            path: fc.constantFrom('city', 'city', '[].city', '[].city', '[].hotel', '[]', 'city[]'),
          }),
        },
        merged(attribute, nestedPath),
      ),
      fc.oneof(likelyTimeTest, timeTest),
    ),
  ),
  attribute_text: called(
    'attribute',
    merged(
      fc.record({ name: fc.constantFrom('first_name', 'country', 'email', 'phone', 'external_id', 'last_name') }),
      textTest,
    ),
  ),
  attribute_time: called(
    'attribute',
    merged(fc.record({ name: fc.constantFrom('dob', 'created_at') }), fc.oneof(presence, timeTest)),
  ),
  attribute_number: called('attribute', merged(fc.constant({ name: 'random_bucket' }), fc.oneof(presence, numberTest))),
  random_bucket: called('random_bucket', numberTest),
  push_subscription_status: called('push_subscription_status', fc.record({ comparison: is, value: states })),
  email_subscription_status: called('email_subscription_status', fc.record({ comparison: is, value: states })),
  last_used_app: called('last_used_app', fc.record({ comparison: fc.constantFrom('after', 'before'), value: isoTime })),
  session_count: called('session_count', numberTest),
  session_count_in_days: called(
    'session_count_in_days',
    merged(numberTest, fc.record({ days: fc.constantFrom(1, 2, 30) })),
  ),
  custom_event: called('custom_event', merged(event, fc.record({ comparison: has }))),
  custom_event_first: called('custom_event_first', merged(event, timeTest)),
  custom_event_last: called('custom_event_last', merged(event, timeTest)),
  custom_event_count_in_days: called('custom_event_count_in_days', merged(event, counted)),
  purchase: called('purchase', merged(product, fc.record({ comparison: has }))),
  purchase_first: called('purchase_first', merged(product, timeTest)),
  purchase_last: called('purchase_last', merged(product, timeTest)),
  purchase_count_in_days: called('purchase_count_in_days', merged(product, counted)),
  purchase_total_count: called('purchase_total_count', numberTest),
  purchase_total_revenue: called('purchase_total_revenue', numberTest),
  subscription_group: called(
    'subscription_group',
    fc.record({
      subscription_group_id: fc.constantFrom(mailGroup, textGroup),
      comparison: is,
      value: fc.constantFrom('subscribed', 'unsubscribed', 'unknown'),
    }),
  ),
  email_available: called('email_available', fc.boolean()),
  phone_invalid: called('phone_invalid', fc.boolean()),
  hard_bounced: called('hard_bounced', fc.boolean()),
  marked_spam: called('marked_spam', fc.boolean()),
  push_enabled: called(
    'push_enabled',
    fc.record({ platform: fc.constantFrom('ios', 'web'), app_id: fc.constantFrom(...apps) }, { requiredKeys: [] }),
  ),
  last_received: called('last_received', merged(channelWord, timeTest)),
  received_campaign: called(
    'received_campaign',
    fc.record({ campaign_id: fc.constantFrom(...campaignIds), comparison: has }),
  ),
  received_tag: called('received_tag', fc.record({ tag: fc.constantFrom('sale', 'none'), comparison: has })),
  segment: called(
    'segment',
    fc.record({ segment_id: fc.constantFrom(...segmentIds), comparison: fc.constantFrom('in', 'not_in') }),
  ),
};

/** A filter of one of these kinds, or groups of them. */
function filterOf(kinds: readonly fc.Arbitrary<object>[], hasNot: boolean): fc.Arbitrary<object> {
  return fc.letrec<{ node: object }>((tie) => {
    const some = fc.array(tie('node'), { minLength: 1, maxLength: 3 });
    const not = fc.record({ NOT: tie('node') });
    return {
      node: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 5, arbitrary: fc.oneof(...kinds) },
        { weight: 1, arbitrary: fc.record({ AND: some }) },
        { weight: 1, arbitrary: fc.record({ OR: some }) },
        ...(hasNot ? [{ weight: 1, arbitrary: not }] : []),
      ),
    };
  }).node;
}

/** Filters that a segment may use. */
export const anyFilter = filterOf(Object.values(leaves), true);

const connected = [
  'custom_attribute',
  'custom_attribute_inclusion',
  'custom_attribute_any',
  'push_subscription_status',
  'email_subscription_status',
  'last_used_app',
];

/** Filters that an audience in a request may use. */
export const connectedFilter = filterOf(
  Object.entries(leaves).flatMap(([kind, leaf]) => (connected.includes(kind) ? [leaf] : [])),
  false,
);

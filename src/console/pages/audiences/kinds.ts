import type { Json } from '../../lib/document.ts';

/** What filters can refer to. */
export interface Offer {
  segments: readonly Named[];
  groups: readonly Named[];
  apps: readonly Named[];
  campaigns: readonly Named[];
}

export interface Named {
  id: string;
  name: string;
}

/** A member of a filter, and how it is written. `value`: as the comparison asks. */
export type Field =
  | { member: string; kind: 'number' | 'value'; label: string }
  | { member: string; kind: 'text'; label: string; isOptional?: true }
  | { member: string; kind: 'words'; label: string; words: readonly string[]; isOptional?: true }
  | { member: string; kind: 'thing'; label: string; of: keyof Offer; isOptional?: true };

/** A kind of filter: how it begins, and its members in the order in which they are read. */
export interface Kind {
  label: string;
  start: unknown;
  /** Absent: it is just true or false. */
  fields?: readonly Field[];
}

const days = [
  'less_than_x_days_ago',
  'greater_than_x_days_ago',
  'less_than_x_days_in_the_future',
  'greater_than_x_days_in_the_future',
];
const times = [...days, 'after', 'before'];
const presence = ['exists', 'does_not_exist'];
const numbers = [
  ...['equals', 'not_equal', 'greater_than', 'greater_than_or_equal_to'],
  ...['less_than', 'less_than_or_equal_to'],
];
const texts = ['equals', 'not_equal', 'is_any_of', 'is_none_of', 'matches_regex', 'does_not_match_regex'];
const inclusion = ['includes_value', 'does_not_include_value'];
const any = [...texts, ...presence, ...numbers.slice(2), ...inclusion, ...times];

const typeOf: Readonly<Record<string, readonly string[]>> = {
  dob: [...times, ...presence],
  created_at: [...times, ...presence],
  random_bucket: [...numbers, ...presence],
};

/** The comparisons of a filter. Those of an attribute depend on its type. */
export function comparisonsOf(kind: string, words: readonly string[], body: Json): readonly string[] {
  return kind === 'attribute' ? (typeOf[String(body.name)] ?? words) : words;
}

/** What the value of a comparison is. */
export function formOf(comparison: unknown): 'none' | 'days' | 'list' | 'json' {
  const word = String(comparison);
  if (presence.includes(word)) return 'none';
  if (days.includes(word)) return 'days';
  return word === 'is_any_of' || word === 'is_none_of' ? 'list' : 'json';
}

const comparison = (words: readonly string[]): Field => ({
  member: 'comparison',
  kind: 'words',
  label: 'comparison',
  words,
});
const text = (member: string, label: string) => ({ member, kind: 'text', label }) as const;
const value: Field = { member: 'value', kind: 'value', label: 'value' };
const daysField: Field = { member: 'days', kind: 'number', label: 'days' };

const numberKind = (label: string): Kind => ({
  label,
  start: { comparison: 'greater_than', value: 0 },
  fields: [comparison(numbers), value],
});
const flag = (label: string): Kind => ({ label, start: true });
const state = (label: string): Kind => ({
  label,
  start: { comparison: 'is_not', value: 'unsubscribed' },
  fields: [
    comparison(['is', 'is_not']),
    { member: 'value', kind: 'words', label: 'state', words: ['opted_in', 'subscribed', 'unsubscribed'] },
  ],
});

function deeds(key: string, label: string, name: Field, start: object): Record<string, Kind> {
  const timed = { ...start, comparison: 'less_than_x_days_ago', value: 30 };
  return {
    [key]: { label, start: { ...start, comparison: 'has' }, fields: [name, comparison(['has', 'has_not'])] },
    [`${key}_first`]: { label: `first ${label}`, start: timed, fields: [name, comparison(times), value] },
    [`${key}_last`]: { label: `last ${label}`, start: timed, fields: [name, comparison(times), value] },
    [`${key}_count_in_days`]: {
      label: `${label}, times in days`,
      start: { ...start, comparison: 'greater_than', count: 0, days: 30 },
      fields: [
        ...[name, comparison(['equals', 'greater_than', 'less_than'])],
        ...[{ member: 'count', kind: 'number', label: 'times' } as const, daysField],
      ],
    },
  };
}

/** Every kind of filter that a segment may have. */
export const kinds: Readonly<Record<string, Kind>> = {
  custom_attribute: {
    label: 'custom attribute',
    start: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' },
    fields: [text('custom_attribute_name', 'attribute'), comparison(any), value],
  },
  attribute: {
    label: 'attribute',
    start: { name: 'country', comparison: 'is_any_of', value: ['AT'] },
    fields: [
      {
        ...{ member: 'name', kind: 'words', label: 'attribute' },
        words: [
          ...['first_name', 'last_name', 'email', 'phone', 'country', 'language', 'gender', 'home_city'],
          ...['time_zone', 'external_id', 'dob', 'created_at', 'random_bucket'],
        ],
      },
      ...[comparison([...texts, ...presence]), value],
    ],
  },
  nested_custom_attribute: {
    label: 'nested attribute',
    start: { custom_attribute_name: 'address', path: 'city', comparison: 'equals', value: 'Vienna' },
    fields: [text('custom_attribute_name', 'attribute'), text('path', 'path'), comparison(any), value],
  },
  email_subscription_status: state('email subscription'),
  push_subscription_status: state('push subscription'),
  email_available: flag('email available'),
  push_enabled: {
    label: 'push enabled',
    start: {},
    fields: [
      {
        ...{ member: 'platform', kind: 'words', label: 'platform' },
        ...{ words: ['ios', 'android', 'kindle', 'web'], isOptional: true },
      },
      { member: 'app_id', kind: 'thing', label: 'app', of: 'apps', isOptional: true },
    ],
  },
  subscription_group: {
    label: 'subscription group',
    start: { subscription_group_id: '', comparison: 'is', value: 'subscribed' },
    fields: [
      { member: 'subscription_group_id', kind: 'thing', label: 'group', of: 'groups' },
      comparison(['is', 'is_not']),
      { member: 'value', kind: 'words', label: 'state', words: ['subscribed', 'unsubscribed', 'unknown'] },
    ],
  },
  last_used_app: {
    label: 'last used an app',
    start: { comparison: 'after', value: '2026-01-01T00:00:00Z' },
    fields: [comparison(['after', 'before']), value],
  },
  session_count: numberKind('sessions'),
  session_count_in_days: {
    label: 'sessions in days',
    start: { comparison: 'greater_than', value: 0, days: 30 },
    fields: [comparison(numbers), value, daysField],
  },
  ...deeds('custom_event', 'event', text('name', 'event'), { name: 'signed_up' }),
  ...deeds('purchase', 'purchase', { ...text('product_id', 'product'), isOptional: true }, {}),
  purchase_total_count: numberKind('purchases in all'),
  purchase_total_revenue: numberKind('revenue in all'),
  random_bucket: numberKind('random bucket'),
  last_received: {
    label: 'last received',
    start: { channel: 'any', comparison: 'less_than_x_days_ago', value: 30 },
    fields: [
      {
        ...{ member: 'channel', kind: 'words', label: 'channel' },
        words: [
          ...['any', 'email', 'sms', 'whats_app', 'apple_push', 'android_push', 'kindle_push', 'web_push'],
          ...['webhook', 'content_card'],
        ],
      },
      ...[comparison(times), value],
    ],
  },
  received_campaign: {
    label: 'received campaign',
    start: { campaign_id: '', comparison: 'has' },
    fields: [
      { member: 'campaign_id', kind: 'thing', label: 'campaign', of: 'campaigns' },
      comparison(['has', 'has_not']),
    ],
  },
  received_tag: {
    label: 'received tag',
    start: { tag: 'sale', comparison: 'has' },
    fields: [text('tag', 'tag'), comparison(['has', 'has_not'])],
  },
  segment: {
    label: 'segment',
    start: { segment_id: '', comparison: 'in' },
    fields: [{ member: 'segment_id', kind: 'thing', label: 'segment', of: 'segments' }, comparison(['in', 'not_in'])],
  },
  phone_invalid: flag('phone invalid'),
  hard_bounced: flag('hard bounced'),
  marked_spam: flag('marked as spam'),
};

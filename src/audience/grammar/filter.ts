/** A parsed audience: checked, so that every value fits its comparison. Source: audience.md §1, §2 and §6.2. */
export type Filter = { kind: 'and' | 'or'; filters: readonly Filter[] } | { kind: 'not'; filter: Filter } | Leaf;

/** One filter. `path` says where it stands in what was given: `audience.AND[1].custom_attribute`. */
export type Leaf = { path: string } & (ConnectedLeaf | SegmentLeaf);

/** What an audience inside a request may ask. `name` is literal: a dot is part of it. */
export type ConnectedLeaf =
  | ({ kind: 'custom_attribute'; name: string } & ValueTest)
  | { kind: 'state'; of: 'push' | 'email'; is: boolean; state: 'opted_in' | 'subscribed' | 'unsubscribed' }
  | { kind: 'last_used_app'; comparison: 'after' | 'before'; at: number };

/** What only a saved segment may ask. `has`, `is`: false asks for the exact complement. */
export type SegmentLeaf =
  | ({ kind: 'attribute'; name: AttributeName } & (ValueTest | ListTest))
  | ({ kind: 'nested_custom_attribute'; name: string; steps: readonly PathStep[] } & UntimedTest)
  | ({ kind: 'done'; has: boolean } & Deed)
  | ({ kind: 'done_first' | 'done_last' } & Deed & TimeTest)
  /** Occurrences since 00:00 UTC of the day `days` days ago; a purchase of three pieces counts as three. */
  | ({ kind: 'done_in_days'; comparison: CountComparison; count: number; days: number } & Deed)
  /** Over all products; a person who bought nothing has 0. */
  | ({ kind: 'purchase_total'; of: 'count' | 'revenue' } & NumberTest)
  | ({ kind: 'session_count' } & NumberTest)
  | { kind: 'subscription_group'; groupId: string; is: boolean; state: 'subscribed' | 'unsubscribed' | 'unknown' }
  | { kind: 'email_available'; is: boolean }
  | { kind: 'push_enabled'; platform: Platform | null; appId: string | null }
  | { kind: 'address_flag'; flag: AddressFlag; is: boolean }
  /** The latest message that a provider took over; `channel` null = any. */
  | ({ kind: 'last_received'; channel: string | null } & TimeTest)
  | { kind: 'received_campaign'; campaignId: string; has: boolean }
  /** The tags that the campaigns have now. */
  | { kind: 'received_tag'; tag: string; has: boolean }
  | { kind: 'segment'; segmentId: string; in: boolean };

export type Platform = 'ios' | 'android' | 'kindle' | 'web';
/** `hard_bounced` and `marked_spam` are said of the mail address, `phone_invalid` of the phone number. */
export type AddressFlag = 'phone_invalid' | 'hard_bounced' | 'marked_spam';

/** Something a person did. `name`: of the event, or the product's id; null = any product. */
export interface Deed {
  deed: 'event' | 'purchase';
  name: string | null;
}

export type Scalar = string | number | boolean;

/** A member of an object; or every element of the array that stands here. Whatever else stands here is missing. */
export type PathStep = { member: string } | 'each';

/** A comparison that needs no time. Several values (`[]` in a path): see `isNegative`. */
export type UntimedTest =
  | { comparison: 'exists' | 'does_not_exist' }
  | { comparison: 'equals' | 'not_equal' | 'includes_value' | 'does_not_include_value'; value: Scalar }
  | { comparison: NumberComparison; value: number }
  | { comparison: 'matches_regex' | 'does_not_match_regex'; pattern: Pattern };

export type TimeTest =
  | { comparison: DayComparison; days: number }
  /** `at`: milliseconds since 1970. */
  | { comparison: 'after' | 'before'; at: number };

export type ValueTest = UntimedTest | TimeTest;
export type ListTest = { comparison: 'is_any_of' | 'is_none_of'; values: readonly string[] };
export type NumberTest = { comparison: 'equals' | 'not_equal' | NumberComparison; value: number };

/** Both forms mean the same: whether a text contains a match, in any case. */
export interface Pattern {
  given: string;
  /** How many characters it is once repetitions are written out. */
  size: number;
  forRe2: string;
  forPostgres: string;
}

/** Of several values every one must pass a negative comparison, any one a positive. */
export function isNegative(comparison: UntimedTest['comparison']): boolean {
  return comparison.startsWith('does_not') || comparison === 'not_equal';
}

export const numberComparisons = [
  'greater_than',
  'greater_than_or_equal_to',
  'less_than',
  'less_than_or_equal_to',
] as const;
export type NumberComparison = (typeof numberComparisons)[number];

export const dayComparisons = [
  'less_than_x_days_ago',
  'greater_than_x_days_ago',
  'less_than_x_days_in_the_future',
  'greater_than_x_days_in_the_future',
] as const;
export type DayComparison = (typeof dayComparisons)[number];

export const countComparisons = ['equals', 'greater_than', 'less_than'] as const;
export type CountComparison = (typeof countComparisons)[number];

/** Default attributes by what they hold. */
export const attributeTypes = {
  first_name: 'text',
  last_name: 'text',
  email: 'text',
  phone: 'text',
  country: 'text',
  language: 'text',
  gender: 'text',
  home_city: 'text',
  time_zone: 'text',
  external_id: 'text',
  dob: 'time',
  created_at: 'time',
  random_bucket: 'number',
} as const;
export type AttributeName = keyof typeof attributeTypes;

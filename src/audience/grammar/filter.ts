/** A parsed and checked audience: every value fits its comparison. Source: audience.md §1, §2 and §6.2. */
export type Filter = { kind: 'and' | 'or'; filters: readonly Filter[] } | { kind: 'not'; filter: Filter } | Leaf;

/** A single filter. `path` is its position in the input, such as `audience.AND[1].custom_attribute`. */
export type Leaf = { path: string } & (ConnectedLeaf | SegmentLeaf);

/** The filters that an audience in a request may use. `name` is literal: a dot is part of it. */
export type ConnectedLeaf =
  | ({ kind: 'custom_attribute'; name: string } & ValueTest)
  | { kind: 'state'; of: 'push' | 'email'; is: boolean; state: 'opted_in' | 'subscribed' | 'unsubscribed' }
  | { kind: 'last_used_app'; comparison: 'after' | 'before'; at: number };

/** The filters that only a saved segment may use. `has` or `is` false: the exact complement. */
export type SegmentLeaf =
  | ({ kind: 'attribute'; name: AttributeName } & ValueTest)
  | ({ kind: 'nested_custom_attribute'; name: string; steps: readonly PathStep[] } & ValueTest)
  | ({ kind: 'done'; has: boolean } & Deed)
  | ({ kind: 'done_first' | 'done_last' } & Deed & TimeTest)
  /** Counts occurrences since 00:00 UTC of the day `days` days ago. A purchase of three pieces counts as three. */
  | ({ kind: 'done_in_days'; comparison: CountComparison; count: number; days: number } & Deed)
  /** The total over all products. A person who bought nothing has 0. */
  | ({ kind: 'purchase_total'; of: 'count' | 'revenue' } & NumberTest)
  | ({ kind: 'session_count' } & NumberTest)
  /** Counts sessions since 00:00 UTC of the day `days` days ago. */
  | ({ kind: 'session_count_in_days'; days: number } & NumberTest)
  | { kind: 'subscription_group'; groupId: string; is: boolean; state: 'subscribed' | 'unsubscribed' | 'unknown' }
  | { kind: 'email_available'; is: boolean }
  | { kind: 'push_enabled'; platform: Platform | null; appId: string | null }
  | { kind: 'address_flag'; flag: AddressFlag; is: boolean }
  /** The latest message that a provider accepted. `channel` null: any channel. */
  | ({ kind: 'last_received'; channel: string | null } & TimeTest)
  | { kind: 'received_campaign'; campaignId: string; has: boolean }
  /** Uses the tags that the campaigns have now. */
  | { kind: 'received_tag'; tag: string; has: boolean }
  | { kind: 'segment'; segmentId: string; in: boolean };

export type Platform = 'ios' | 'android' | 'kindle' | 'web';
/** `hard_bounced` and `marked_spam` are flags of the email address, `phone_invalid` is one of the phone number. */
export type AddressFlag = 'phone_invalid' | 'hard_bounced' | 'marked_spam';

/** Something that a person did. */
export interface Deed {
  deed: 'event' | 'purchase';
  /** The event's name or the product's id. null: any product. */
  name: string | null;
}

export type Scalar = string | number | boolean;

/** A step to a member of an object, or to every element of an array. A value of another type counts as missing. */
export type PathStep = { member: string } | 'each';

/** A comparison that is not about time. For several values (`[]` in a path) see `isNegative`. */
export type UntimedTest =
  | { comparison: 'exists' | 'does_not_exist' }
  | { comparison: 'equals' | 'not_equal'; value: Scalar }
  /** Of several texts, the array includes at least one. */
  | { comparison: 'includes_value' | 'does_not_include_value'; value: Scalar | readonly string[] }
  /** A stored text is one of them; a stored array includes one of them. */
  | { comparison: 'is_any_of' | 'is_none_of'; values: readonly string[] }
  | { comparison: NumberComparison; value: number }
  | { comparison: 'matches_regex' | 'does_not_match_regex'; pattern: Pattern };

export type TimeTest =
  | { comparison: DayComparison; days: number }
  /** `at` is in milliseconds since 1970. */
  | { comparison: 'after' | 'before'; at: number };

export type ValueTest = UntimedTest | TimeTest;
export type NumberTest = { comparison: 'equals' | 'not_equal' | NumberComparison; value: number };

/** A regular expression, written for both engines. Both test whether a text contains a match, in any letter case. */
export interface Pattern {
  given: string;
  /** Length in characters when all repetitions are written out. */
  size: number;
  forRe2: string;
  forPostgres: string;
}

/** With several values, all must pass a negative comparison; one is enough for a positive one. */
export function isNegative(comparison: UntimedTest['comparison']): boolean {
  return comparison.startsWith('does_not') || comparison === 'not_equal' || comparison === 'is_none_of';
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

/** The type of each default attribute. */
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

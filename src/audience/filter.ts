/** A parsed audience: checked, so that every value fits its comparison. Source: audience.md 1 and 2. */
export type Filter =
  | { kind: 'and' | 'or'; filters: readonly Filter[] }
  | { kind: 'not'; filter: Filter }
  | CustomAttribute
  | { kind: 'state'; of: 'push' | 'email'; is: boolean; state: 'opted_in' | 'subscribed' | 'unsubscribed' }
  | { kind: 'last_used_app'; comparison: 'after' | 'before'; at: number };

export type Scalar = string | number | boolean;

/** `name` is literal. Times are milliseconds since 1970. */
export type CustomAttribute = { kind: 'custom_attribute'; name: string } & AttributeTest;

export type AttributeTest =
  | { comparison: 'exists' | 'does_not_exist' }
  | { comparison: 'equals' | 'not_equal' | 'includes_value' | 'does_not_include_value'; value: Scalar }
  | { comparison: NumberComparison; value: number }
  | { comparison: 'matches_regex' | 'does_not_match_regex'; pattern: string }
  | { comparison: DayComparison; days: number }
  | { comparison: 'after' | 'before'; at: number };

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

import { isObject, own } from '../../lib/raw/json.ts';
import { readStoredTime } from '../../lib/time/times.ts';
import { isNegative, type PathStep, type Scalar, type TimeTest, type UntimedTest } from '../grammar/filter.ts';
import type { Matches } from './matches.ts';

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** What comparisons depend on besides value and test. */
export interface Judgement {
  matches: Matches;
  /** Whether a missing number counts as 0: a setting of the workspace. */
  missingNumberIsZero: boolean;
}

/** Whether a stored value passes a test. `undefined` and null are missing values. Source: audience.md §2.1. */
export function valueHolds(value: unknown, test: UntimedTest, judgement: Judgement): boolean {
  switch (test.comparison) {
    case 'exists':
      return !isBlank(value);
    case 'does_not_exist':
      return isBlank(value);
    case 'equals':
      return isSame(value, test.value, judgement);
    case 'not_equal':
      return !answersToPresenceOnly(value) && !isSame(value, test.value, judgement);
    case 'includes_value':
      return includes(value, test.value);
    case 'does_not_include_value':
      return !answersToPresenceOnly(value) && !includes(value, test.value);
    case 'matches_regex':
      return isText(value) && judgement.matches(test.pattern, value);
    case 'does_not_match_regex':
      return isText(value) && !judgement.matches(test.pattern, value);
    case 'is_any_of':
      return isAnyOf(value, test.values);
    case 'is_none_of':
      return !answersToPresenceOnly(value) && !isAnyOf(value, test.values);
    case 'less_than':
      return isLess(value, judgement, (number) => number < test.value);
    case 'less_than_or_equal_to':
      return isLess(value, judgement, (number) => number <= test.value);
    case 'greater_than':
      return typeof value === 'number' && value > test.value;
    case 'greater_than_or_equal_to':
      return typeof value === 'number' && value >= test.value;
  }
}

function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isBlank(value: unknown): boolean {
  return isMissing(value) || value === '' || (Array.isArray(value) && value.length === 0);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function answersToPresenceOnly(value: unknown): boolean {
  return isObject(value) || (Array.isArray(value) && value.some(isObject));
}

function isSame(value: unknown, wanted: Scalar, { missingNumberIsZero }: Judgement): boolean {
  if (wanted === 0 && isMissing(value)) return missingNumberIsZero;
  return value === wanted;
}

function isAnyOf(value: unknown, texts: readonly string[]): boolean {
  return texts.some((text) => text === value) || includes(value, texts);
}

function includes(value: unknown, wanted: Scalar | readonly string[]): boolean {
  if (!Array.isArray(value) || answersToPresenceOnly(value)) return false;
  const list: readonly unknown[] = typeof wanted === 'object' ? wanted : [wanted];
  return value.some((element) => list.includes(element));
}

function isLess(value: unknown, judgement: Judgement, holds: (number: number) => boolean): boolean {
  if (isMissing(value)) return judgement.missingNumberIsZero && holds(0);
  return typeof value === 'number' && holds(value);
}

/** Whether a time, in milliseconds since 1970, passes a test. A missing time never passes. Source: audience.md §4. */
export function timeHolds(at: number | null | undefined, test: TimeTest, now: number): boolean {
  if (at === null || at === undefined) return false;
  if ('at' in test) return test.comparison === 'after' ? at > test.at : at < test.at;
  const distance = Math.round(test.days * MS_PER_DAY);
  switch (test.comparison) {
    case 'less_than_x_days_ago':
      return at <= now && at > now - distance;
    case 'greater_than_x_days_ago':
      return at < now - distance;
    case 'less_than_x_days_in_the_future':
      return at >= now && at < now + distance;
    case 'greater_than_x_days_in_the_future':
      return at > now + distance;
  }
}

/** Whether one of the values is a text that is wholly a time, and passes. */
export function timesHold(values: readonly unknown[], test: TimeTest, now: number): boolean {
  return values.some((value) => typeof value === 'string' && timeHolds(readStoredTime(value), test, now));
}

/** The values at the end of a path. There may be several if it goes through arrays. */
export function valuesAt(root: unknown, steps: readonly PathStep[]): unknown[] {
  let found = [root];
  for (const step of steps) {
    found = found.flatMap((value) => {
      if (step === 'each') return Array.isArray(value) ? value : [];
      return isObject(value) ? [own(value, step.member)] : [];
    });
  }
  return found.filter((value) => !isMissing(value));
}

/** With several values, one must pass a positive comparison and all a negative one. With none, the value is missing. */
export function valuesHold(values: readonly unknown[], test: UntimedTest, judgement: Judgement): boolean {
  if (values.length === 0) return valueHolds(undefined, test, judgement);
  const holds = (value: unknown) => valueHolds(value, test, judgement);
  return isNegative(test.comparison) ? values.every(holds) : values.some(holds);
}

import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { describe, own, shown } from '../../lib/raw/json.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { isStorable } from '../../lib/raw/storable.ts';
import { readIsoTime } from '../../lib/time/times.ts';

const equality = ['equals', 'is'];
const inequality = ['not_equal', 'is_not'];

/** What comparisons are called elsewhere → ours, of which a filter has one at most. */
const comparisons: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['eq', '=', '==', '===', 'is', 'equal', 'equals'].map((word) => [word, equality])),
  ...Object.fromEntries(
    ['ne', 'neq', '!=', '<>', 'is_not', 'not_equals', 'not_equal'].map((word) => [word, inequality]),
  ),
  ...{ gt: ['greater_than', 'after'], '>': ['greater_than', 'after'], lt: ['less_than', 'before'] },
  ...{ '<': ['less_than', 'before'], gte: ['greater_than_or_equal_to'], '>=': ['greater_than_or_equal_to'] },
  ...{ lte: ['less_than_or_equal_to'], '<=': ['less_than_or_equal_to'], in: ['is_any_of'], not_in: ['is_none_of'] },
  ...{ nin: ['is_none_of'], contains: ['includes_value'], includes: ['includes_value'], regex: ['matches_regex'] },
  ...{ matches: ['matches_regex'], like: ['matches_regex'], is_set: ['exists'], is_not_null: ['exists'] },
  ...{ is_null: ['does_not_exist'], is_not_set: ['does_not_exist'], is_blank: ['does_not_exist'] },
};

function comparisonMeantBy<Word extends string>(value: string, words: readonly Word[]): Word | null {
  const meant = own(comparisons, value.toLowerCase()) ?? [];
  return words.find((word) => meant.includes(word)) ?? null;
}

/** Strictly reads the object of a filter. For a wrong value, a reader adds a problem with its path and returns null. */
export class LeafBody extends ObjectReader {
  override refuse(key: string, reason: string): null {
    super.refuse(key, reason);
    return null;
  }

  /** Reads a non-empty text that PostgreSQL can store. */
  text(key: string): string | null {
    const value = this.get(key);
    if (typeof value !== 'string' || value === '') {
      return this.refuse(key, `expected a non-empty text, got ${value === '' ? 'an empty one' : describe(value)}`);
    }
    return isStorable(value) ? value : this.refuse(key, 'must not hold NUL or broken characters');
  }

  /** Reads the name of a custom attribute, without blanks around it: names are stored without them. */
  attributeName(): string | null {
    const key = 'custom_attribute_name';
    const name = this.text(key);
    if (name?.trim() === '') return this.refuse(key, 'expected a non-empty text, got blanks');
    return name === null ? null : name.trim();
  }

  oneOf<const Word extends string>(key: string, words: readonly Word[]): Word | null {
    const value = this.get(key);
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const came = typeof value === 'string' ? `"${shown(value)}"` : describe(value);
    const meant = typeof value === 'string' ? (comparisonMeantBy(value, words) ?? nearest(value, words)) : null;
    return this.refuse(key, `${came} is not one of ${words.join(', ')}${didYouMean(meant)}`);
  }

  /** Reads one of two words, such as `is` and `is_not`. true: the first. */
  either(key: string, yes: string, no: string): boolean | null {
    const word = this.oneOf(key, [yes, no]);
    return word === null ? null : word === yes;
  }

  number(key: string): number | null {
    const value = this.get(key);
    return isFiniteNumber(value) ? value : this.refuse(key, `expected a number, got ${describe(value)}`);
  }

  integer(key: string, { min, max }: { min: number; max: number }): number | null {
    const value = this.get(key);
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    return this.refuse(key, `expected an integer from ${min} to ${max}, got ${describe(value)}`);
  }

  /** Reads a time, in milliseconds since 1970. */
  time(key: string): number | null {
    const value = this.get(key);
    const at = typeof value === 'string' && value.length <= 40 ? readIsoTime(value) : null;
    if (at !== null) return at;
    const came = typeof value === 'string' ? 'another text' : describe(value);
    return this.refuse(key, `expected an ISO 8601 date or date-time, got ${came}`);
  }
}

/** JSON may hold `1e999`, which JavaScript reads as infinity. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

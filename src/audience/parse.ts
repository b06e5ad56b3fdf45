import { describe } from '../lib/lenient.ts';
import { Problems } from '../lib/problems.ts';
import { isStorable } from '../lib/storable.ts';
import { readIsoTime } from '../lib/times.ts';
import { type AttributeTest, dayComparisons, type Filter, numberComparisons, type Scalar } from './filter.ts';
import { PatternError, translatePattern } from './pattern.ts';

export interface ParseOptions {
  /** A saved segment's filter may also say NOT. */
  isSegment?: boolean;
}

const MAX_LEVELS = 10;
const MAX_FILTERS = 200;
const MAX_BYTES = 256 * 1024;

/**
 * A connected audience, or a segment's filter, checked through and through.
 * Throws RequestError with every problem and its path: an audience is never guessed. Source: audience.md 1 and 2.
 */
export function parseAudience(value: unknown, path: string, { isSegment = false }: ParseOptions = {}): Filter {
  const parser = new Parser(isSegment);
  const filter = parser.parse(value, path, 1);
  parser.checkSize(value, path);
  parser.problems.throwIfAny();
  if (filter === null) throw new Error('an audience without a problem gave no filter');
  return filter;
}

type Body = Record<string, unknown>;

class Parser {
  readonly problems = new Problems();
  readonly #isSegment: boolean;
  #filters = 0;

  constructor(isSegment: boolean) {
    this.#isSegment = isSegment;
  }

  checkSize(value: unknown, path: string): void {
    if (this.#filters > MAX_FILTERS)
      this.#refuse(path, `expected at most ${MAX_FILTERS} filters, got ${this.#filters}`);
    if (Buffer.byteLength(JSON.stringify(value) ?? '') > MAX_BYTES) this.#refuse(path, 'expected at most 256 KiB');
  }

  parse(value: unknown, path: string, level: number): Filter | null {
    if (!isObject(value)) return this.#refuse(path, `expected an object, got ${describe(value)}`);
    const keys = Object.keys(value);
    const [key = ''] = keys;
    if (keys.length !== 1) return this.#refuse(path, `expected exactly one member, got ${keys.length}`);
    if (level > MAX_LEVELS) return this.#refuse(path, `expected at most ${MAX_LEVELS} levels`);
    const at = `${path}.${shown(key)}`;
    const inner = value[key];
    switch (key) {
      case 'AND':
      case 'OR':
        return this.#group(key, inner, at, level);
      case 'NOT':
        return this.#isSegment ? this.#not(inner, at, level) : this.#unknown(path, key);
      case 'custom_attribute':
        return this.#leaf(inner, at, ['custom_attribute_name', 'comparison', 'value'], (body) =>
          this.#attribute(body, at),
        );
      case 'push_subscription_status':
        return this.#leaf(inner, at, ['comparison', 'value'], (body) => this.#state('push', body, at));
      case 'email_subscription_status':
        return this.#leaf(inner, at, ['comparison', 'value'], (body) => this.#state('email', body, at));
      case 'last_used_app':
        return this.#leaf(inner, at, ['comparison', 'value'], (body) => this.#lastUsed(body, at));
      default:
        return this.#unknown(path, key);
    }
  }

  #refuse(path: string, reason: string): null {
    this.problems.add('type', path, reason);
    return null;
  }

  #unknown(path: string, key: string): null {
    return this.#refuse(
      path,
      `"${shown(key)}" is not one of AND, OR, custom_attribute, push_subscription_status, email_subscription_status, last_used_app`,
    );
  }

  #group(operator: 'AND' | 'OR', value: unknown, path: string, level: number): Filter | null {
    if (!Array.isArray(value)) return this.#refuse(path, `expected an array, got ${describe(value)}`);
    if (value.length === 0) return this.#refuse(path, 'expected at least one filter');
    if (this.#filters > MAX_FILTERS) return null;
    const filters = value.map((one: unknown, index) => this.parse(one, `${path}[${index}]`, level + 1));
    return { kind: operator === 'AND' ? 'and' : 'or', filters: filters.filter((filter) => filter !== null) };
  }

  #not(value: unknown, path: string, level: number): Filter | null {
    const filter = this.parse(value, path, level + 1);
    return filter && { kind: 'not', filter };
  }

  #leaf(value: unknown, path: string, members: readonly string[], read: (body: Body) => Filter | null): Filter | null {
    this.#filters += 1;
    if (!isObject(value)) return this.#refuse(path, `expected an object, got ${describe(value)}`);
    for (const key of Object.keys(value)) {
      if (!members.includes(key))
        this.#refuse(`${path}.${shown(key)}`, `unknown member; ${members.join(', ')} are known`);
    }
    return read(value);
  }

  #attribute(body: Body, path: string): Filter | null {
    const name = own(body, 'custom_attribute_name');
    if (typeof name !== 'string' || name === '') {
      return this.#refuse(
        `${path}.custom_attribute_name`,
        `expected a non-empty text, got ${name === '' ? 'an empty one' : describe(name)}`,
      );
    }
    if (!isStorable(name))
      return this.#refuse(`${path}.custom_attribute_name`, 'must not hold NUL or broken characters');
    const test = this.#test(own(body, 'comparison'), own(body, 'value'), path);
    return test && { kind: 'custom_attribute', name, ...test };
  }

  #test(comparison: unknown, value: unknown, path: string): AttributeTest | null {
    const at = `${path}.value`;
    switch (comparison) {
      case 'exists':
      case 'does_not_exist':
        return { comparison };
      case 'equals':
      case 'includes_value':
      case 'does_not_include_value':
        return this.#scalar(value, at, (scalar) => ({ comparison, value: scalar }));
      case 'not_equal':
      case 'does_not_equal':
        return this.#scalar(value, at, (scalar) => ({ comparison: 'not_equal', value: scalar }));
      case 'matches_regex':
      case 'does_not_match_regex':
        return this.#pattern(value, at, (pattern) => ({ comparison, pattern }));
      case 'after':
      case 'before':
        return this.#time(value, at, (instant) => ({ comparison, at: instant }));
    }
    const numeric = numberComparisons.find((known) => known === comparison);
    if (numeric !== undefined) return this.#number(value, at, (number) => ({ comparison: numeric, value: number }));
    const daily = dayComparisons.find((known) => known === comparison);
    if (daily !== undefined) return this.#days(value, at, (days) => ({ comparison: daily, days }));
    const came = typeof comparison === 'string' ? `"${shown(comparison)}"` : describe(comparison);
    return this.#refuse(`${path}.comparison`, `${came} is not one of ${comparisons.join(', ')}`);
  }

  #scalar(value: unknown, path: string, make: (value: Scalar) => AttributeTest): AttributeTest | null {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return make(value);
    return this.#refuse(
      path,
      `expected a text, a number or a boolean, got ${value === undefined ? 'nothing' : describe(value)}`,
    );
  }

  #number(value: unknown, path: string, make: (value: number) => AttributeTest): AttributeTest | null {
    return typeof value === 'number' ? make(value) : this.#refuse(path, `expected a number, got ${describe(value)}`);
  }

  #days(value: unknown, path: string, make: (days: number) => AttributeTest): AttributeTest | null {
    if (typeof value === 'number' && value >= 0) return make(value);
    return this.#refuse(path, `expected a number of days, 0 or more, got ${describe(value)}`);
  }

  #pattern(value: unknown, path: string, make: (pattern: string) => AttributeTest): AttributeTest | null {
    if (typeof value !== 'string')
      return this.#refuse(path, `expected a regular expression as text, got ${describe(value)}`);
    try {
      return make(translatePattern(value));
    } catch (error) {
      if (error instanceof PatternError) return this.#refuse(path, error.message);
      throw error;
    }
  }

  #time<T>(value: unknown, path: string, make: (at: number) => T): T | null {
    const at = typeof value === 'string' && value.length <= 40 ? readIsoTime(value) : null;
    if (at !== null) return make(at);
    return this.#refuse(
      path,
      `expected an ISO 8601 date or date-time, got ${typeof value === 'string' ? 'another text' : describe(value)}`,
    );
  }

  #state(of: 'push' | 'email', body: Body, path: string): Filter | null {
    const comparison = own(body, 'comparison');
    const value = own(body, 'value');
    const state = states.find((known) => known === value);
    if (comparison !== 'is' && comparison !== 'is_not') this.#refuse(`${path}.comparison`, 'expected is or is_not');
    if (state === undefined) return this.#refuse(`${path}.value`, `expected one of ${states.join(', ')}`);
    return { kind: 'state', of, is: comparison === 'is', state };
  }

  #lastUsed(body: Body, path: string): Filter | null {
    const comparison = own(body, 'comparison');
    if (comparison !== 'after' && comparison !== 'before')
      return this.#refuse(`${path}.comparison`, 'expected after or before');
    return this.#time(own(body, 'value'), `${path}.value`, (at): Filter => ({ kind: 'last_used_app', comparison, at }));
  }
}

const states = ['opted_in', 'subscribed', 'unsubscribed'] as const;

const comparisons = [
  'equals',
  'not_equal',
  'does_not_equal',
  'matches_regex',
  'does_not_match_regex',
  'exists',
  'does_not_exist',
  ...numberComparisons,
  'includes_value',
  'does_not_include_value',
  ...dayComparisons,
  'after',
  'before',
];

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(body: Body, key: string): unknown {
  return Object.hasOwn(body, key) ? body[key] : undefined;
}

/** A caller's word in an answer: shortened and plain, whatever it holds. */
function shown(word: string): string {
  return word.replace(/[^\w .-]/g, '?').slice(0, 64);
}

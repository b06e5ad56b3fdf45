import { describe } from '../../lib/lenient.ts';
import type { Problems } from '../../lib/problems.ts';
import { isStorable } from '../../lib/storable.ts';
import { readIsoTime } from '../../lib/times.ts';

/** The object behind a filter's key, read member by member. What is wrong goes to `problems` with its path; null = wrong. */
export class LeafBody {
  readonly path: string;
  readonly #raw: Record<string, unknown>;
  readonly #problems: Problems;

  constructor(raw: Record<string, unknown>, path: string, problems: Problems) {
    this.#raw = raw;
    this.path = path;
    this.#problems = problems;
  }

  get(key: string): unknown {
    return Object.hasOwn(this.#raw, key) ? this.#raw[key] : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined && this.get(key) !== null;
  }

  refuse(key: string, reason: string): null {
    this.#problems.add('type', `${this.path}.${key}`, reason);
    return null;
  }

  refuseUnknown(members: readonly string[]): void {
    for (const key of Object.keys(this.#raw)) {
      if (!members.includes(key)) this.refuse(shown(key), `unknown member; ${members.join(', ')} are known`);
    }
  }

  /** A text that is not empty and that PostgreSQL can hold. */
  text(key: string): string | null {
    const value = this.get(key);
    if (typeof value !== 'string' || value === '') {
      return this.refuse(key, `expected a non-empty text, got ${value === '' ? 'an empty one' : got(value)}`);
    }
    return isStorable(value) ? value : this.refuse(key, 'must not hold NUL or broken characters');
  }

  oneOf<const Word extends string>(key: string, words: readonly Word[]): Word | null {
    const value = this.get(key);
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const came = typeof value === 'string' ? `"${shown(value)}"` : got(value);
    return this.refuse(key, `${came} is not one of ${words.join(', ')}`);
  }

  /** `is` and `is_not`, `has` and `has_not`, `in` and `not_in`: true for the first. */
  either(key: string, yes: string, no: string): boolean | null {
    const word = this.oneOf(key, [yes, no]);
    return word === null ? null : word === yes;
  }

  number(key: string): number | null {
    const value = this.get(key);
    return isFiniteNumber(value) ? value : this.refuse(key, `expected a number, got ${got(value)}`);
  }

  integer(key: string, { min, max }: { min: number; max: number }): number | null {
    const value = this.get(key);
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    return this.refuse(key, `expected an integer from ${min} to ${max}, got ${got(value)}`);
  }

  /** Milliseconds since 1970. */
  time(key: string): number | null {
    const value = this.get(key);
    const at = typeof value === 'string' && value.length <= 40 ? readIsoTime(value) : null;
    if (at !== null) return at;
    const came = typeof value === 'string' ? 'another text' : got(value);
    return this.refuse(key, `expected an ISO 8601 date or date-time, got ${came}`);
  }
}

/** What came, for an error message. */
export function got(value: unknown): string {
  return value === undefined ? 'nothing' : describe(value);
}

/** `1e999` is JSON too, and infinite here. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** A caller's word in an answer: shortened and plain, whatever it holds. */
export function shown(word: string): string {
  return word.replace(/[^\w .-]/g, '?').slice(0, 64);
}

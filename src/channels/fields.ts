import type { ErrorCode } from '../errors.ts';
import { describe, elementPath, isObject, type RawObject } from '../lib/raw/json.ts';
import { isGiven, type Reading, readDate, readFlag, readFloat, readInteger, readText } from '../lib/raw/lenient.ts';
import type { Problems } from '../lib/raw/problems.ts';
import { WatchedReader } from '../lib/raw/watched-reader.ts';
import { RenderStop } from '../templating/render-stop.ts';

/** A scalar, or a template that becomes one when the message is rendered for one person. */
export type Templated<T> = T | string;

interface Range {
  min?: number;
  max?: number;
}

/** What other services call a member, and members of other channels → our names, the likeliest first. */
const synonyms: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    body: ['alert'],
    click_action: ['custom_uri'],
    data: ['extra', 'extras'],
    deep_link: ['custom_uri', 'uri', 'ios_uri'],
    deeplink: ['custom_uri', 'uri', 'ios_uri'],
    expires_at: ['expire_at', 'expiry', 'time_to_live'],
    expiry: ['expire_at', 'time_to_live'],
    headers: ['request_headers'],
    html: ['body'],
    html_body: ['body'],
    image: ['image_url', 'asset_url', 'push_icon_image_url'],
    image_url: ['asset_url', 'push_icon_image_url'],
    link: ['custom_uri', 'uri', 'ios_uri'],
    loc_args: ['alert.loc_args'],
    loc_key: ['alert.loc_key'],
    message: ['alert', 'body', 'description'],
    method: ['request_method'],
    payload: ['extra', 'body'],
    plain_text: ['plaintext_body'],
    plaintext: ['plaintext_body'],
    subtitle: ['summary_text'],
    template: ['email_template_id', 'template_name'],
    template_id: ['email_template_id', 'template_name'],
    text: ['alert', 'plaintext_body', 'body'],
    title: ['alert.title'],
    title_loc_args: ['alert.title_loc_args'],
    title_loc_key: ['alert.title_loc_key'],
    ttl: ['time_to_live', 'expiry'],
    url: ['custom_uri', 'uri', 'ios_uri'],
    variation_id: ['message_variation_id'],
  }),
);

export function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && (value.includes('{{') || value.includes('{%'));
}

/** Most members of an unknown object that are looked at for what it was meant to be. */
const MOST_WITHIN = 20;
/** Most elements of any array in a message. The arrays have limits of their own, which are far lower. */
const MOST_ITEMS = 1_000;

/** Reads one raw object of a message leniently: a scalar may have any of its forms, or be a template. */
export class Fields extends WatchedReader {
  readonly #around: Fields | null;

  /** `around`: the object in which this one stands. null: it is a message. */
  constructor(raw: RawObject, path: string, problems: Problems, around: Fields | null = null) {
    super(raw, path, problems);
    this.#around = around;
  }

  /** Reports a required member as missing. The caller has seen that it is absent. */
  require(key: string, why = 'is required'): void {
    this.refuse(key, why, 'required');
  }

  /** A text. The empty text counts as absent. */
  text(key: string): string | undefined {
    const text = this.scalar(key, readText);
    return text === '' ? undefined : text;
  }

  /** The member under the first of its spellings that is given. All of them are known names. */
  spelt<T>(keys: readonly string[], read: (key: string) => T | undefined): T | undefined {
    return keys.map(read).find((value) => value !== undefined);
  }

  flag(key: string): Templated<boolean> | undefined {
    return this.#templated(key, readFlag);
  }

  integer(key: string, range: Range = {}): Templated<number> | undefined {
    return this.#inRange(key, this.#templated(key, readInteger), range);
  }

  float(key: string, range: Range = {}): Templated<number> | undefined {
    return this.#inRange(key, this.#templated(key, readFloat), range);
  }

  /** A date, as ISO text in UTC. */
  date(key: string): string | undefined {
    const date = this.#templated(key, readDate);
    return date instanceof Date ? date.toISOString() : date;
  }

  /** One of `values`, returned as listed. With `ignoreCase`, any letter case is accepted. */
  oneOf<T extends string>(key: string, values: readonly T[], { ignoreCase = false } = {}): Templated<T> | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if (isTemplate(text)) return text;
    const found = values.find((value) => value === text || (ignoreCase && value.toLowerCase() === text.toLowerCase()));
    if (found === undefined) this.refuse(key, `expected one of ${values.join(', ')}`, 'range');
    return found;
  }

  /** Like `oneOf`, of a member that must be given. Says that it is missing only if it is. */
  requiredOneOf<T extends string>(key: string, values: readonly T[], options = {}): Templated<T> | undefined {
    const found = this.oneOf(key, values, options);
    if (found === undefined && !isGiven(this.get(key))) this.require(key, `is required: one of ${values.join(', ')}`);
    return found;
  }

  /** An object with any members. `code`: the error's code when the value is not an object. */
  hash(key: string, code?: ErrorCode): RawObject | undefined {
    return this.rawObject(key, code);
  }

  object(key: string): Fields | undefined {
    const hash = this.hash(key);
    return hash && new Fields(hash, this.at(key), this.problems, this);
  }

  /** An array of objects. A single object is wrapped in an array. */
  objects(key: string): Fields[] | undefined {
    const value = this.get(key);
    if (!isGiven(value)) return undefined;
    const list = isObject(value) ? [value] : value;
    if (!Array.isArray(list)) {
      this.refuse(key, `expected an array of objects, got ${describe(value)}`);
      return undefined;
    }
    if (this.#isTooLong(key, list)) return undefined;
    return list.flatMap((item, index) => {
      const path = elementPath(this.at(key), index);
      if (isObject(item)) return [new Fields(item, path, this.problems, this)];
      this.problems.add('type', path, `expected an object, got ${describe(item)}`);
      return [];
    });
  }

  /** An array of texts. A single text is wrapped in an array. */
  texts(key: string): string[] | undefined {
    const value = this.get(key);
    if (!isGiven(value)) return undefined;
    if (isObject(value)) {
      this.refuse(key, 'expected an array of texts, got an object');
      return undefined;
    }
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (this.#isTooLong(key, list)) return undefined;
    return list.map((item, index) => {
      const reading = readText(item);
      if (reading.ok && reading.value !== undefined) return reading.value;
      this.problems.add('type', elementPath(this.at(key), index), `expected a text, got ${describe(item)}`);
      return '';
    });
  }

  /** Refuses a long array before it is read, because reading 300,000 wrong objects takes seconds and 250 MB. */
  #isTooLong(key: string, list: readonly unknown[]): boolean {
    if (list.length <= MOST_ITEMS) return false;
    this.refuse(key, `expected at most ${MOST_ITEMS} elements, got ${list.length}`);
    return true;
  }

  protected override meantBy(key: string, known: readonly string[]): string | null {
    // A member inside of another is known if that one is: `alert.title`.
    const isKnown = (name: string) => known.includes(name.split('.')[0] ?? name);
    return (
      synonyms.get(key.toLowerCase())?.find(isKnown) ??
      this.#membersWithin(key, known) ??
      super.meantBy(key, known) ??
      this.#memberAround(key)
    );
  }

  /** The members of an unknown object that belong here: those of `aps` in a push. null: there are none. */
  #membersWithin(key: string, known: readonly string[]): string | null {
    const value = this.get(key);
    if (!isObject(value)) return null;
    const names = Object.keys(value)
      .slice(0, MOST_WITHIN)
      .filter((name) => known.includes(name));
    return names.length === 0 ? null : `${names.join(', ')} directly in ${this.path}`;
  }

  /** The member of the object around this one. null: that has none of the name. */
  #memberAround(key: string): string | null {
    if (this.#around === null) return null;
    return this.#around.knows(key) ? this.#around.at(key) : this.#around.#memberAround(key);
  }

  #templated<T>(key: string, read: (value: unknown) => Reading<T>): Templated<T> | undefined {
    const value = this.get(key);
    return typeof value === 'string' && isTemplate(value) ? value : this.scalar(key, read);
  }

  #inRange(key: string, value: Templated<number> | undefined, { min = -Infinity, max = Infinity }: Range) {
    if (typeof value === 'number' && (value < min || value > max)) {
      this.refuse(key, `expected ${range(min, max)}, got ${value}`, 'range');
    }
    return value;
  }
}

function range(min: number, max: number): string {
  if (max === Infinity) return `at least ${min}`;
  if (min === -Infinity) return `at most ${max}`;
  return `${min} to ${max}`;
}

/**
 * A copy without absent members, so that a round trip through JSON does not change it. It is built up, because V8 writes
 * an object from which a member was deleted as JSON at a fifth of the speed.
 */
export function compact<T extends object>(message: T): T {
  const copy: Partial<T> = {};
  for (const key of Object.keys(message) as (keyof T)[]) if (message[key] !== undefined) copy[key] = message[key];
  return copy as T;
}

/** Converts a scalar after rendering, as the request's check does. Throws RenderStop when it does not convert. */
export function readRendered<T>(
  key: string,
  value: Templated<T> | undefined,
  read: (value: unknown) => Reading<T>,
): T | undefined {
  const reading = read(typeof value === 'string' ? value.trim() : value);
  if (reading.ok) return reading.value;
  throw new RenderStop('aborted', `${key}: expected ${reading.expected} after rendering`);
}

/** The same for a number with bounds. A number outside of them does not convert. */
export function readRenderedNumber(
  key: string,
  value: Templated<number> | undefined,
  read: (value: unknown) => Reading<number>,
  { min = -Infinity, max = Infinity }: Range,
): number | undefined {
  const number = readRendered(key, value, read);
  if (number !== undefined && (number < min || number > max))
    throw new RenderStop('aborted', `${key}: expected ${range(min, max)} after rendering`);
  return number;
}

/** A text that must not be blank after rendering. */
export function requireText(key: string, text: string | undefined): string {
  if (text === undefined || text.trim() === '') throw new RenderStop('aborted', `${key} is blank after rendering`);
  return text;
}

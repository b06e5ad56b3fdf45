import { createHash, createHmac } from 'node:crypto';
import { type FilterImplOptions, filters as standard } from 'liquidjs';
import { readStoredTime } from '../lib/times.ts';
import { readTimeZone } from '../lib/zone-names.ts';

/** The standard filters that are part of the dialect. Source: personalization.md §5. */
const kept = [
  'join',
  'first',
  'last',
  'compact',
  'concat',
  'map',
  'reverse',
  'size',
  'sort',
  'sort_natural',
  'uniq',
  'where',
  'abs',
  'at_most',
  'at_least',
  'ceil',
  'floor',
  'minus',
  'plus',
  'round',
  'times',
  'append',
  'capitalize',
  'downcase',
  'escape',
  'escape_once',
  'newline_to_br',
  'prepend',
  'remove',
  'remove_first',
  'replace',
  'replace_first',
  'slice',
  'split',
  'strip',
  'lstrip',
  'rstrip',
  'strip_html',
  'strip_newlines',
  'truncate',
  'truncatewords',
  'upcase',
  'base64_encode',
  'base64_decode',
  'url_encode',
  'url_decode',
];

/** An instant that is to be shown in a zone's wall clock. */
class ZonedTime {
  readonly at: Date;
  readonly zone: string;

  constructor(at: Date, zone: string) {
    this.at = at;
    this.zone = zone;
  }

  toString(): string {
    return this.at.toISOString();
  }
}

const own: Readonly<Record<string, FilterImplOptions>> = {
  default: (value: unknown, fallback: unknown) => (isDefaulted(value) ? fallback : value),
  divided_by: (value: unknown, by: unknown) => divide(number(value), number(by), false),
  divided_by_float: (value: unknown, by: unknown) => divide(number(value), number(by), true),
  modulo: (value: unknown, by: unknown) => modulo(number(value), number(by)),
  money: (value: unknown) => number(value).toFixed(2),
  number_with_delimiter: (value: unknown) =>
    text(value).replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ',')),
  md5: (value: unknown) => hash('md5', value),
  sha1: (value: unknown) => hash('sha1', value),
  sha2: (value: unknown) => hash('sha256', value),
  hmac_sha1: (value: unknown, key: unknown) => hmac('sha1', 'hex', value, key),
  hmac_sha1_hex: (value: unknown, key: unknown) => hmac('sha1', 'hex', value, key),
  hmac_sha1_base64: (value: unknown, key: unknown) => hmac('sha1', 'base64', value, key),
  hmac_sha256: (value: unknown, key: unknown) => hmac('sha256', 'hex', value, key),
  hmac_sha256_hex: (value: unknown, key: unknown) => hmac('sha256', 'hex', value, key),
  hmac_sha256_base64: (value: unknown, key: unknown) => hmac('sha256', 'base64', value, key),
  hmac_sha512: (value: unknown, key: unknown) => hmac('sha512', 'hex', value, key),
  url_escape: (value: unknown) => encodeURI(text(value).toWellFormed()),
  url_param_escape: (value: unknown) => encodeURIComponent(text(value).toWellFormed()),
  json_escape: (value: unknown) => JSON.stringify(text(value)).slice(1, -1),
  json_parse: (value: unknown) => parseJson(text(value)),
  as_json_string: (value: unknown) => JSON.stringify(value ?? null),
  property_accessor: (value: unknown, key: unknown) => ownMember(value, text(key)),
  time_zone: timeZone,
  date,
};

export const dialectFilters: ReadonlyMap<string, FilterImplOptions> = new Map([
  ...kept.map((name): [string, FilterImplOptions] => {
    const filter = (standard as Readonly<Record<string, FilterImplOptions>>)[name];
    if (filter === undefined) throw new Error(`liquidjs has no filter ${name}`);
    return [name, filter];
  }),
  ...Object.entries(own),
]);

/** Nil, false, and what is empty; not a text of blanks. */
function isDefaulted(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return (
    typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
  );
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' && !(value instanceof ZonedTime) ? JSON.stringify(value) : String(value);
}

function number(value: unknown): number {
  const read = typeof value === 'number' ? value : Number.parseFloat(text(value));
  return Number.isFinite(read) ? read : 0;
}

/** Whole numbers divide to a whole number, rounded down. */
function divide(value: number, by: number, isFloat: boolean): number {
  if (by === 0 && !isFloat) throw new Error('divided by 0');
  const quotient = value / by;
  return !isFloat && Number.isInteger(value) && Number.isInteger(by) ? Math.floor(quotient) : quotient;
}

function modulo(value: number, by: number): number {
  if (by === 0) throw new Error('divided by 0');
  return value - by * Math.floor(value / by);
}

function hash(algorithm: string, value: unknown): string {
  return createHash(algorithm).update(text(value)).digest('hex');
}

function hmac(algorithm: string, encoding: 'hex' | 'base64', value: unknown, key: unknown): string {
  return createHmac(algorithm, text(key)).update(text(value)).digest(encoding);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error('json_parse: not JSON'); // the parser's own message quotes the text
  }
}

function ownMember(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : null;
}

interface Here {
  context: { environments: unknown };
}

/** `now` is one instant per rendering. */
function instant(value: unknown, here: Here): Date | null {
  if (value === 'now' || value === 'today') return ownMember(here.context.environments, '_now') as Date;
  if (value instanceof ZonedTime) return value.at;
  if (value instanceof Date) return value;
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{1,12}$/.test(value)))
    return new Date(Number(value) * 1000);
  if (typeof value !== 'string') return null;
  const ms = readStoredTime(value.trim().replace(/ (UTC|GMT)$/, 'Z')) ?? readStoredTime(value.trim());
  return ms === null ? null : new Date(ms);
}

function timeZone(this: Here, value: unknown, name: unknown): unknown {
  const at = instant(value, this);
  return at === null ? value : new ZonedTime(at, readTimeZone(text(name)) ?? 'UTC');
}

const standardDate = standard.date;

function date(this: Here, value: unknown, format: unknown): unknown {
  const at = instant(value, this);
  if (at === null) return value;
  const zone = value instanceof ZonedTime ? value.zone : 'UTC';
  if (typeof standardDate !== 'function') throw new Error('liquidjs has no date filter');
  return standardDate.call(this as ThisParameterType<typeof standardDate>, at, text(format), zone);
}

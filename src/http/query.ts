import { isUtf8 } from 'node:buffer';
import { RequestError } from '../errors.ts';
import { bounded } from '../lib/raw/bounded-texts.ts';
import { nearest } from '../lib/raw/did-you-mean.ts';
import { shown } from '../lib/raw/json.ts';
import { readDate } from '../lib/raw/lenient.ts';
import { isStorable } from '../lib/raw/storable.ts';
import { readIsoTime } from '../lib/time/times.ts';

/** Most characters of a query that an error repeats. */
const MOST_SHOWN = 60;

/**
 * Refuses a query whose percent-encoded bytes are not UTF-8: U+FFFD would be looked for in the place of them. A lone `%` is
 * a character. Throws RequestError.
 */
export function checkEscapes(url: string): void {
  if (!url.includes('%')) return;
  const query = url.slice(url.indexOf('?') + 1);
  for (const [bytes] of query.matchAll(/(?:%[\da-f]{2})+/gi))
    if (!isUtf8(Buffer.from(bytes.replaceAll('%', ''), 'hex')))
      throw new RequestError('bad_request', [
        `query: expected percent-encoded UTF-8, got ${bytes.slice(0, MOST_SHOWN)}`,
      ]);
}

/**
 * Refuses parameters that are not among `known`, and known ones that are given twice. A known name that ends in `[]` is a
 * list, in any form that `readTexts` reads. Throws RequestError.
 */
export function checkQuery(query: URLSearchParams, known: readonly string[]): void {
  if (query.size === 0) return;
  const names = [...new Set(query.keys())];
  const problems = names.flatMap((name) => {
    if (known.includes(`${name.replace(/\[\d{0,9}\]$/, '')}[]`)) return [];
    if (!known.includes(name)) return `${shown(name)}: ${unknownParameter(name, known)}`;
    return query.getAll(name).length > 1 ? `${name}: is given more than once in the query` : [];
  });
  if (problems.length > 0) throw new RequestError('bad_request', bounded(problems));
}

function unknownParameter(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'unknown query parameter; this endpoint has none';
  const meant = nearest(name, known);
  const hint = meant === null ? '' : `; did you mean ${meant}?`;
  return `unknown query parameter; ${known.join(', ')} ${known.length === 1 ? 'is' : 'are'} known${hint}`;
}

/** Reads a text that the database may hold. null: the parameter is absent or empty. */
export function readStorable(query: URLSearchParams, name: string): string | null {
  const text = query.get(name) || null;
  if (text === null || isStorable(text)) return text;
  throw new RequestError('bad_request', [`${name}: expected Unicode text without NUL`]);
}

/** Reads one of `values`. null: the parameter is absent. */
export function readOneOf(query: URLSearchParams, name: string, values: readonly string[]): string | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  if (values.includes(value)) return value;
  throw new RequestError('bad_request', [`${name}: expected one of ${values.join(', ')}, got "${shown(value)}"`]);
}

/** Reads the size of a page, from 1 to `most`. `cuts`: more counts as `most`, as in the original's lists. */
export function readLimit(
  query: URLSearchParams,
  { usual, most, cuts = false }: { usual: number; most: number; cuts?: boolean },
): number {
  const value = query.get('limit');
  if (value === null || value === '') return usual;
  const limit = /^[1-9]\d{0,8}$/.test(value) ? Number(value) : Number.NaN;
  if (limit <= most) return limit;
  if (cuts && limit > most) return most;
  throw new RequestError('bad_request', [`limit: expected 1 to ${most}, got "${shown(value)}"`]);
}

/** Reads a time. null: the parameter is absent. */
export function readTime(query: URLSearchParams, name: string): Date | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  const reading = readDate(value);
  if (reading.ok && reading.value instanceof Date) return reading.value;
  throw new RequestError('bad_request', [
    `${name}: expected a time such as 2026-11-29T12:00:00Z, got "${shown(value)}"`,
  ]);
}

/** Reads how many entries to leave out. Default: none. */
export function readOffset(query: URLSearchParams): number {
  const value = query.get('offset');
  if (value === null || value === '') return 0;
  if (!/^\d{1,9}$/.test(value)) throw new RequestError('bad_request', ['offset: expected 0 or more']);
  return Number(value);
}

/** Reads a list that is written `key=a`, repeated, or as `key[]=a` or `key[0]=a`. Empty values count as absent. */
export function readTexts(query: URLSearchParams, name: string): string[] {
  const isOfList = (key: string) =>
    key === name || (key.startsWith(`${name}[`) && /^\[\d{0,9}\]$/.test(key.slice(name.length)));
  return [...query].flatMap(([key, value]) => (isOfList(key) && value !== '' ? [value] : []));
}

/** Reads a date. null: the parameter is absent. The `+` of an offset may have arrived as a blank. */
export function readDateTime(query: URLSearchParams, name: string): Date | null {
  const value = query.get(name)?.trim();
  if (value === undefined || value === '') return null;
  const ms = readIsoTime(value) ?? readIsoTime(value.replace(/ (?=\d{1,2}:?\d\d$)/, '+'));
  if (ms !== null) return new Date(ms);
  throw new RequestError('bad_request', [`${name}: expected an ISO 8601 date`]);
}

/** Writes the cursor of the next page, opaque to callers. Empty after the last page. */
export function nextCursor(place: object | null): { next_cursor?: string } {
  return place === null ? {} : { next_cursor: Buffer.from(JSON.stringify(place)).toString('base64url') };
}

export function readCursor<T>(query: URLSearchParams, isPlace: (value: unknown) => value is T): T | null {
  const text = query.get('cursor');
  if (text === null || text === '') return null;
  const place = parse(Buffer.from(text, 'base64url').toString('utf8'));
  if (isPlace(place)) return place;
  throw new RequestError('bad_request', ['cursor: expected the next_cursor of the page before']);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // null is no list's place
  }
}

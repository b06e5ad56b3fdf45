import { RequestError } from '../../errors.ts';
import { elementPath, own, type RawObject } from '../../lib/raw/json.ts';
import { isEmpty } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { ListFilter } from '../../people/consent/address-lists.ts';
import { readDateTime, readLimit, readOffset } from '../query.ts';

export const MOST_ADDRESSES = 50;

/** Reads the addresses of a body: a text or an array of at most 50. Throws RequestError. */
export function readAddresses(
  body: RawObject,
  keys: readonly string[],
  read: (value: unknown, path: string) => string,
): string[] {
  const key = keys.find((name) => !isEmpty(own(body, name)));
  if (key === undefined) throw new ObjectProblem(`${keys.join(' or ')}: expected a text or an array of texts`);
  const value = own(body, key);
  const list: unknown[] = Array.isArray(value) ? value : [value];
  refuseCount(key, list.length);
  return list.map((item, index) => read(item, Array.isArray(value) ? elementPath(key, index) : key));
}

export function refuseCount(key: string, count: number): void {
  if (count > MOST_ADDRESSES)
    throw new RequestError('too_many_ids', [`${key}: expected at most ${MOST_ADDRESSES}, got ${count}`]);
}

/** The parameters of every list; those that name addresses come on top. */
export const periodParameters = ['start_date', 'end_date', 'limit', 'offset'] as const;

/** Reads what a list is asked for. `named`: the addresses that the query names, which win over the period. */
export function readListFilter(query: URLSearchParams, named: readonly string[], namedBy: string): ListFilter {
  if (named.length > 0) return { kind: 'named', addresses: named };
  const [from, to] = [readDateTime(query, 'start_date'), readDateTime(query, 'end_date')];
  if (from === null) throw new RequestError('bad_request', [`start_date: is required without ${namedBy}`]);
  if (to === null) throw new RequestError('bad_request', ['end_date: is required']);
  if (from > to) throw new RequestError('bad_request', ['start_date: expected a date that is not after end_date']);
  return {
    kind: 'period',
    from,
    to,
    limit: readLimit(query, { usual: 100, most: 500, cuts: true }),
    offset: readOffset(query),
  };
}

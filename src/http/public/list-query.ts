import { RequestError } from '../../errors.ts';
import { shown } from '../../lib/raw/json.ts';
import type { ListPage } from '../../workspace/list-page.ts';
import { readDateTime, readOneOf } from '../query.ts';

const PAGE_SIZE = 100;
const EDITED = 'last_edit.time[gt]';

/** The parameters of lists of campaigns, segments and Canvases. */
export const listParameters = ['page', 'include_archived', 'sort_direction', EDITED] as const;

/** Reads which page of 100 is asked for. Throws RequestError. Source: adjacent-endpoints.md §5.2. */
export function readListPage(query: URLSearchParams): ListPage {
  return {
    includesArchived: readFlag(query, 'include_archived'),
    editedAfter: readDateTime(query, EDITED),
    ascending: readOneOf(query, 'sort_direction', ['asc', 'desc']) !== 'desc',
    limit: PAGE_SIZE,
    offset: readPage(query) * PAGE_SIZE,
  };
}

/** Reads the number of a page, from 0. */
export function readPage(query: URLSearchParams): number {
  const value = query.get('page');
  if (value === null || value === '') return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new RequestError('bad_request', [`page: expected 0 or more, got "${shown(value)}"`]);
}

/** Reads `true` or `false`, also as Python and PHP (`1`, `0`) write them. Default: false. Throws RequestError. */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name) ?? '';
  const flag = flagOf(value);
  if (flag === undefined)
    throw new RequestError('bad_request', [`${name}: expected true or false, got "${shown(value)}"`]);
  return flag;
}

/** What a flag of a query says: false if it is empty, undefined if it is none. */
export function flagOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === '' || word === 'false' || word === '0' ? false : undefined;
}

import { RequestError } from '../../../errors.ts';

/** A page of a list whose pages name each other. */
export interface CursorPage {
  offset: number;
  limit: number;
}

/** Reads the place of a page from `cursor`. Throws RequestError. Source: more-endpoints.md §5.5. */
export function readCursorPage(query: URLSearchParams, limit: number): CursorPage {
  const cursor = query.get('cursor');
  if (cursor === null || cursor === '') return { offset: 0, limit };
  const [, skip] = /^skip:(\d{1,9})$/.exec(Buffer.from(cursor, 'base64').toString('latin1')) ?? [];
  if (skip === undefined) throw new RequestError('invalid_cursor');
  return { offset: Number(skip), limit };
}

/**
 * The header `Link` with the pages before and after. `address`: full address of the list, because a client demands one of
 * the same origin. Absent on a single page.
 */
export function linkHeaders(address: string, { offset, limit }: CursorPage, hasNext: boolean): { link?: string } {
  const links = [
    ...(offset > 0 ? [linkTo(address, Math.max(0, offset - limit), 'prev')] : []),
    ...(hasNext ? [linkTo(address, offset + limit, 'next')] : []),
  ];
  return links.length === 0 ? {} : { link: links.join(',') };
}

function linkTo(address: string, offset: number, rel: 'prev' | 'next'): string {
  const cursor = encodeURIComponent(Buffer.from(`skip:${offset}`).toString('base64'));
  return `<${address}?cursor=${cursor}>; rel="${rel}"`;
}

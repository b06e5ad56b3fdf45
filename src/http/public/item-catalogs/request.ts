import { refusal } from '../../../item-catalogs/problems.ts';

const place = /^skip:(\d{1,15})$/;

/** Reads the ordinal after which a page begins. Throws CatalogRefusal. */
export function readCursor(query: URLSearchParams): number {
  const text = query.get('cursor');
  if (text === null || text === '') return 0;
  const after = place.exec(Buffer.from(text, 'base64').toString('latin1'))?.[1];
  if (after === undefined) throw refusal('invalid-cursor', { parameter: 'cursor', values: [text] });
  return Number(after);
}

/** Writes a cursor in the form of the original: Base64 of `skip:<n>`. */
export function cursorOf(after: number): string {
  return Buffer.from(`skip:${after}`).toString('base64');
}

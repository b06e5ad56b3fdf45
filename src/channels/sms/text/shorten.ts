import { RenderStop } from '../../../templating/render-stop.ts';
import type { Shortener } from '../../tracking.ts';

/** Most links of a text that are shortened; further ones stay. Source: messaging-objects.md §7.3. */
const MOST_LINKS = 25;
const MOST_URL = 4_000;
/** A web address up to the next blank or quote. What has no scheme, such as example.com, is text. */
const link = /https?:\/\/[^\s<>"']+/gi;
/** What ends a sentence or closes a bracket is no part of an address. */
const tail = new Set('.,;:!?)]}');

/** The text with its web addresses shortened. Throws RenderStop for an address that is too long. */
export function withShortLinks(body: string, shortener: Shortener): string {
  let count = 0;
  return body.replace(link, (found) => {
    if (count === MOST_LINKS) return found;
    const url = withoutTail(found);
    if (url.length > MOST_URL)
      throw new RenderStop('payload_too_large', `body: a link of more than ${MOST_URL} characters`);
    const target = URL.parse(url);
    if (target === null) return found;
    count += 1;
    return shortener.shorten(target.href) + found.slice(url.length);
  });
}

function withoutTail(found: string): string {
  let end = found.length;
  while (tail.has(found[end - 1] ?? '')) end -= 1;
  // A bracket that was opened within the address belongs to it.
  return found[end] === ')' && found.slice(0, end).includes('(') ? found.slice(0, end + 1) : found.slice(0, end);
}

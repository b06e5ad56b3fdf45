import { remember } from '../lib/remember.ts';
import { checked, integer, type Shape, text } from '../lib/shape.ts';

/** Where to find a provider other than at its usual address: a simulator, mostly. */
export const baseUrl = checked(text({ max: 2_048 }), (value) => {
  const good = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  return good ? null : 'expected a URL that starts with http:// or https://';
});

/** Keys whose check is not repeated each time the catalog is read: OpenSSL takes half a millisecond for one. */
const MOST_KEYS = 10_000;

/** The text of a key file that `problemOf` finds nothing wrong with. */
export function keyText(problemOf: (value: string) => string | null): Shape<string> {
  return checked(text({ max: 20_000, multiline: true }), remember(MOST_KEYS, problemOf));
}

/** Given where the provider's quota is not the published one. */
export const callsPerMinute = integer(1, 100_000_000);

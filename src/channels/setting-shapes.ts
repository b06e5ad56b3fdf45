import { encodingProblem } from '../lib/encoding/url-encoding.ts';
import { checked, integer, type Shape, text } from '../lib/raw/shape.ts';
import { remember } from '../lib/remember.ts';

/** A provider's URL when it is not the usual one; mostly a simulator. */
export const baseUrl = checked(text({ max: 2_048 }), (value) => {
  const encoding = encodingProblem(value);
  if (encoding !== null) return encoding;
  const good = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  return good ? null : 'expected a URL that starts with http:// or https://';
});

/** The results of checks are kept, about 10,000 of them, because OpenSSL takes half a millisecond for each key. */
const MOST_REMEMBERED_BYTES = 2 * 1_048_576;

/** The text of a key file. `problemOf` checks it. */
export function keyText(problemOf: (value: string) => string | null): Shape<string> {
  return checked(text({ max: 20_000, multiline: true }), remember(MOST_REMEMBERED_BYTES, problemOf));
}

/** The account's quota, if it differs from the published one. */
export const callsPerMinute = integer(1, 100_000_000);

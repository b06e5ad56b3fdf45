/**
 * Writes an array in PostgreSQL's text form. The driver writes the same text six times slower, and every chunk of a
 * broadcast consists of long arrays.
 */
export function intArray(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

const PLAIN = /^[\w/.:%-]+$/;
const MARKS = /["\\]/;
/** What a text of JSON writes in another way than a text of PostgreSQL's arrays. */
const CONTROL = /\p{Cc}/u;

/** Writes an array of texts. null is an element that is null. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: string | null): string {
  if (value === null) return 'null';
  if (PLAIN.test(value) && (value.length !== 4 || value.toLowerCase() !== 'null')) return value;
  if (!MARKS.test(value)) return `"${value}"`;
  // The runtime quotes a text as JSON many times faster than a replacement does, and mostly it comes to the same.
  if (value.isWellFormed() && !CONTROL.test(value)) return JSON.stringify(value);
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

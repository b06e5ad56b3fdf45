/**
 * Writes an array in PostgreSQL's text form. The driver writes the same text six times slower, and every chunk of a
 * broadcast consists of long arrays.
 */
export function intArray(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

const PLAIN = /^[\w/.:%-]+$/;

/** Writes an array of texts. null is an element that is null. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: string | null): string {
  if (value === null) return 'null';
  if (PLAIN.test(value) && !/^null$/i.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

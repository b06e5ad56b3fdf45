/**
 * Arrays in PostgreSQL's own text form. The driver builds the same, six times slower, and long arrays are what every
 * chunk of a broadcast consists of.
 */
export function intArray(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

const PLAIN = /^[\w/.:%-]+$/;

/** Null for an absent element. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: string | null): string {
  if (value === null) return 'null';
  if (PLAIN.test(value) && !/^null$/i.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

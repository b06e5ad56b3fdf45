/** Any value of JSON. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** An object as it came: nothing inside is checked, and `__proto__` may be a member of its own. */
export type RawObject = Readonly<Record<string, unknown>>;

/** Neither an array nor null; nor bytes, which YAML can hold. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The member as it came; members of the prototype are none. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** What came, for an error message: its kind, never a text that may be personal. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'a text';
  return String(value);
}

const LONGEST_KEY = 64;

/** A caller's word in an answer: shortened and plain, whatever it holds. */
export function shown(word: string): string {
  return word.slice(0, LONGEST_KEY).replace(/[^\w.$ -]/g, '?');
}

/** `messages.email`. The path of the root is empty. */
export function memberPath(path: string, key: string): string {
  return path === '' ? shown(key) : `${path}.${shown(key)}`;
}

/** The same in a file of the operator's, where a strange key must be found again: it is quoted, as in `apps["a b"]`. */
export function quotedMemberPath(path: string, key: string): string {
  if (!/^[\w:/.-]{1,64}$/.test(key)) return `${path}[${JSON.stringify(key.slice(0, LONGEST_KEY))}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** `buttons[0]`. */
export function elementPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

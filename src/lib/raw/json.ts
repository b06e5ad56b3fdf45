/** Any value of JSON. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** An object as received. Nothing in it is checked, and `__proto__` may be one of its own members. */
export type RawObject = Readonly<Record<string, unknown>>;

/** Whether the value is an object, and not an array, null or bytes (which YAML can hold). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The object's own member. Members of the prototype do not count. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Describes a value for an error message by its kind, never by its text, which may be personal. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'a text';
  return String(value);
}

const LONGEST_KEY = 64;
const PLAIN_WORD = /^[\w.:$ -]{0,64}$/;

/** Makes a caller's word fit for an answer: short, and of plain characters. */
export function shown(word: string): string {
  if (PLAIN_WORD.test(word)) return word;
  return word.slice(0, LONGEST_KEY).replace(/[^\w.:$ -]/g, '?');
}

/** Says that an id names nothing, and which id came. `thing`: such as `an app`. */
export function namesNo(thing: string, value: unknown): string {
  const came = typeof value === 'string' ? `"${shown(value)}"` : describe(value);
  return `does not name ${thing} of this workspace, got ${came}`;
}

/** Makes a path such as `messages.email`. The path of the root is empty. */
export function memberPath(path: string, key: string): string {
  return path === '' ? shown(key) : `${path}.${shown(key)}`;
}

/** Like `memberPath`, but quotes a strange key, as in `apps["a b"]`, so that operators find it in their file. */
export function quotedMemberPath(path: string, key: string): string {
  if (!/^[\w:/.-]{1,64}$/.test(key)) return `${path}[${JSON.stringify(key.slice(0, LONGEST_KEY))}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Makes a path such as `buttons[0]`. */
export function elementPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

import { isStorable } from '../lib/storable.ts';

/** What is wrong with one object of a request; the others are applied all the same. Holds no value of the caller's. */
export class ObjectProblem extends Error {}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type RawObject = Readonly<Record<string, unknown>>;

/** The member as it came; members of the prototype are none. */
export function own(raw: RawObject, key: string): unknown {
  return Object.hasOwn(raw, key) ? raw[key] : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text, or the decimal text of an integer, that PostgreSQL can hold and an index can carry. */
export function readName(value: unknown, path: string, maxBytes = 997): string {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text.trim() === '') throw new ObjectProblem(`${path}: expected a non-empty text`);
  if (!isStorable(text)) throw new ObjectProblem(`${path}: expected Unicode text without NUL`);
  if (Buffer.byteLength(text) > maxBytes) throw new ObjectProblem(`${path}: expected at most ${maxBytes} bytes`);
  return text;
}

/** Text of at most `maxLength` characters. */
export function readShortText(value: unknown, path: string, maxLength = 255): string {
  if (typeof value !== 'string') throw new ObjectProblem(`${path}: expected a text`);
  if (!isStorable(value)) throw new ObjectProblem(`${path}: expected Unicode text without NUL`);
  // Code points are counted only when code units do not settle it.
  if (value.length > maxLength && (value.length > 2 * maxLength || [...value].length > maxLength)) {
    throw new ObjectProblem(`${path}: expected at most ${maxLength} characters`);
  }
  return value;
}

/** A caller's key in an answer: shortened and plain, whatever it holds. */
export function shown(key: string): string {
  return key.replace(/[^\w.$ -]/g, '?').slice(0, 64);
}

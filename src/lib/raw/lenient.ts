import { readIsoTime } from '../time/times.ts';

/**
 * A scalar, read from any of the forms that published samples and older clients send. `undefined`: absent.
 * Source: messaging-objects.md §1.3.
 */
export type Reading<T> = { ok: true; value: T | undefined } | { ok: false; expected: string };

const absent = { ok: true, value: undefined } as const;

/** Whether a member counts as given: null and the empty text count as absent. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Whether a member holds nothing: it is not given, or it is `[]` or `{}`. PHP writes an empty object as `[]`. */
export function isEmpty(value: unknown): boolean {
  return !isGiven(value) || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

/** Reads `true`, `false`, these words as text in any letter case, 1 or 0. */
export function readFlag(value: unknown): Reading<boolean> {
  if (!isGiven(value)) return absent;
  if (typeof value === 'boolean') return { ok: true, value };
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === '') return absent;
  if (word === 'true' || word === 1) return { ok: true, value: true };
  if (word === 'false' || word === 0) return { ok: true, value: false };
  return { ok: false, expected: 'a boolean' };
}

export function readInteger(value: unknown): Reading<number> {
  if (!isGiven(value)) return absent;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return { ok: true, value: number };
  return { ok: false, expected: 'an integer' };
}

export function readFloat(value: unknown): Reading<number> {
  if (!isGiven(value)) return absent;
  const number =
    typeof value === 'string' && /^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return { ok: true, value: number };
  return { ok: false, expected: 'a number' };
}

/** Reads a text, a number or a boolean as text. The empty text counts as given; callers may treat it as absent. */
export function readText(value: unknown): Reading<string> {
  if (value === undefined || value === null) return absent;
  if (typeof value === 'string') return { ok: true, value };
  if (typeof value === 'number' || typeof value === 'boolean') return { ok: true, value: String(value) };
  return { ok: false, expected: 'a text' };
}

/** Reads a date that begins with the year, such as ISO 8601. Without an offset the time is UTC. */
export function readDate(value: unknown): Reading<Date> {
  if (!isGiven(value)) return absent;
  const ms = typeof value === 'string' ? readIsoTime(value.trim()) : null;
  if (ms !== null) return { ok: true, value: new Date(ms) };
  return { ok: false, expected: 'an ISO 8601 date such as 2026-03-15T12:00:00Z' };
}

import { isObject } from '../lib/raw/json.ts';
import { isDeeperThan } from '../lib/raw/json-depth.ts';
import { isStorable } from '../lib/raw/storable.ts';
import { readIsoTime } from '../lib/time/times.ts';
import type { FieldType } from './definition.ts';
import { MOST_ARRAY_ELEMENTS, MOST_LEVELS, MOST_VALUE_CHARACTERS } from './limits.ts';
import type { ProblemKind } from './problems.ts';

/** A value in the form in which it is stored, or the reason why it is none. */
export type ValueReading = { ok: true; value: unknown } | { ok: false; problem: ProblemKind };

const good = (value: unknown): ValueReading => ({ ok: true, value });
const bad = (problem: ProblemKind): ValueReading => ({ ok: false, problem });
const notOfType = bad('unable-to-coerce-value');
const tooLarge = bad('items-too-large');

/** Converts a caller's value, which is not null, to a field's type. Source: catalogs.md §1. */
export function readValue(type: FieldType, value: unknown): ValueReading {
  return readers[type](value);
}

const readers: Record<FieldType, (value: unknown) => ValueReading> = {
  string: readString,
  number: readNumber,
  boolean: readBoolean,
  time: readTimeValue,
  object: readObject,
  array: readArray,
  geo: readGeo,
};

function readString(value: unknown): ValueReading {
  if (typeof value === 'number' || typeof value === 'boolean') return good(JSON.stringify(value));
  if (typeof value !== 'string' || !isStorable(value)) return notOfType;
  return value.length > MOST_VALUE_CHARACTERS ? tooLarge : good(value);
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function readNumber(value: unknown): ValueReading {
  const number = typeof value === 'string' && isShort(value) && jsonNumber.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? good(number) : notOfType;
}

function isShort(text: string): boolean {
  return text.length <= MOST_VALUE_CHARACTERS;
}

function readBoolean(value: unknown): ValueReading {
  if (typeof value === 'boolean') return good(value);
  if (typeof value !== 'string' || !/^(?:true|false)$/i.test(value)) return notOfType;
  return good(value.toLowerCase() === 'true');
}

const EARLIEST_MS = Date.parse('0000-01-01T00:00:00Z');
const LATEST_MS = Date.parse('3001-01-01T00:00:00Z');

/** Reads an ISO 8601 text or Unix seconds, also as a text. Stores the instant as ISO 8601 with milliseconds, in UTC. */
function readTimeValue(value: unknown): ValueReading {
  const ms = millisecondsOf(value);
  if (ms === null || !(ms >= EARLIEST_MS && ms < LATEST_MS)) return notOfType;
  return good(new Date(ms).toISOString());
}

function millisecondsOf(value: unknown): number | null {
  if (typeof value === 'number') return Math.round(value * 1_000);
  if (typeof value !== 'string') return null;
  return /^-?\d{1,15}$/.test(value) ? Number(value) * 1_000 : readIsoTime(value.trim());
}

function readObject(value: unknown): ValueReading {
  const object = typeof value === 'string' ? parsed(value) : value;
  if (!isObject(object)) return notOfType;
  const problem = problemWithin(object, 1);
  if (problem !== null) return bad(problem);
  return JSON.stringify(object).length > MOST_VALUE_CHARACTERS ? tooLarge : good(object);
}

function parsed(text: string): unknown {
  if (!isShort(text) || isDeeperThan(MOST_LEVELS + 1, text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `level`: that of the value, from 1. */
function problemWithin(value: unknown, level: number): ProblemKind | null {
  if (typeof value === 'string') return isStorable(value) ? null : 'unable-to-coerce-value';
  if (typeof value !== 'object' || value === null) return null;
  if (level > MOST_LEVELS) return 'too-deep-nesting-in-value-object';
  if (Array.isArray(value)) return firstProblem(value, level);
  const keys = Object.keys(value);
  if (keys.some((key) => /[.$]/.test(key))) return 'invalid-keys-in-value-object';
  return keys.every(isStorable) ? firstProblem(Object.values(value), level) : 'unable-to-coerce-value';
}

function firstProblem(values: readonly unknown[], level: number): ProblemKind | null {
  for (const value of values) {
    const problem = problemWithin(value, level + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function readArray(value: unknown): ValueReading {
  if (!Array.isArray(value)) return notOfType;
  const texts = textsOf(value);
  if (texts === null) return notOfType;
  return isArrayTooLarge(texts) ? tooLarge : good(texts);
}

/** The elements as texts. null: there is one that has no text. */
export function textsOf(elements: readonly unknown[]): string[] | null {
  const texts = elements.map((element) => {
    if (typeof element === 'number' || typeof element === 'boolean') return JSON.stringify(element);
    return typeof element === 'string' && isStorable(element) ? element : null;
  });
  return texts.every((text) => text !== null) ? texts : null;
}

export function isArrayTooLarge(texts: readonly string[]): boolean {
  return texts.length > MOST_ARRAY_ELEMENTS || JSON.stringify(texts).length > MOST_VALUE_CHARACTERS;
}

function readGeo(value: unknown): ValueReading {
  if (!Array.isArray(value) || value.length !== 2) return notOfType;
  const [longitude, latitude] = value;
  return isDegrees(longitude, 180) && isDegrees(latitude, 90) ? good([longitude, latitude]) : notOfType;
}

export function isDegrees(value: unknown, most: number): value is number {
  return typeof value === 'number' && value >= -most && value <= most;
}

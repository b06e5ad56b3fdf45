import { elementPath, isObject, type Json, memberPath, own, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { readStoredTime } from '../../../lib/time/times.ts';
import { readShortText } from '../../stored-text.ts';

export type JsonObject = { [key: string]: Json };

const maxNestedDepth = 40;

/** JSON may hold `1e999`, which JavaScript reads as infinity. */
export function readNumber(value: number, path: string): number {
  if (!Number.isFinite(value)) throw new ObjectProblem(`${path}: expected a number that fits into 64 bits`);
  return value;
}

export function readJson(value: unknown, path: string, depth: number): Json {
  if (depth > maxNestedDepth) throw new ObjectProblem('custom attribute: nested too deeply');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return readNumber(value, path);
  if (Array.isArray(value))
    return value.map((element, index) => readJson(element, elementPath(path, index), depth + 1));
  if (!isObject(value)) return readShortText(value, path);
  return isTime(value) ? readTime(value, path) : readObject(value, path, depth);
}

export function readObject(value: RawObject, path: string, depth: number): JsonObject {
  // fromEntries, because an assignment to the key "__proto__" would not make a member.
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      readShortText(key, `${path}: a key`);
      if (key === '' || /[.$]/.test(key)) throw new ObjectProblem(`${path}: a key is empty or holds "." or "$"`);
      return [key, readJson(member, memberPath(path, key), depth + 1)];
    }),
  );
}

export function isTime(value: RawObject): boolean {
  return Object.hasOwn(value, '$time') && Object.keys(value).length === 1;
}

export function readTime(value: RawObject, path: string): string {
  const text = own(value, '$time');
  if (typeof text === 'string' && readStoredTime(text) !== null) return text;
  throw new ObjectProblem(`${path}.$time: expected an ISO 8601 date`);
}

export function withoutNulls(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([key, member]) => [key, isObject(member) ? withoutNulls(member) : member]));
}

/** Merges at every level. null removes a member; an array replaces the stored value. */
export function mergedObject(stored: JsonObject, change: JsonObject): JsonObject {
  const members = new Map(Object.entries(stored));
  for (const [key, value] of Object.entries(change)) {
    const known = members.get(key);
    if (value === null) members.delete(key);
    else if (isObject(value)) members.set(key, mergedObject(isObject(known) ? known : {}, value));
    else members.set(key, value);
  }
  return Object.fromEntries(members);
}

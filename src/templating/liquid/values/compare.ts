// Whether values are equal, which comes first, and what contains what.

import { Needle } from '../../../lib/needle.ts';
import type { Budget } from '../budget.ts';
import { LiquidError, MAX_DEPTH } from '../errors.ts';
import { toText } from './show.ts';
import { compareTexts } from './text.ts';
import {
  Float,
  floatValue,
  isFloat,
  isHash,
  isInteger,
  isNil,
  isNumber,
  isTruthy,
  Range,
  type Value,
} from './values.ts';

/** 1 equals 1.0; lists and records are equal when their members are. */
export function areEqual(one: Value, other: Value, budget: Budget, depth = 0): boolean {
  if (typeof one === 'string') return typeof other === 'string' && equalTexts(one, other, budget);
  if (isNil(one)) return isNil(other);
  if (isNumber(one)) return isNumber(other) && orderOfNumbers(plain(one), plain(other)) === 0;
  if (typeof one !== 'object') return one === other;
  if (one instanceof Range)
    return other instanceof Range && areEqual(one.first, other.first, budget) && areEqual(one.last, other.last, budget);
  if (depth > MAX_DEPTH) throw new LiquidError('values are nested too deeply to compare');
  if (Array.isArray(one)) return Array.isArray(other) && equalLists(one, other, budget, depth);
  return one === other || (isHash(one) && isHash(other) && equalHashes(one, other, budget, depth));
}

function equalTexts(one: string, other: string, budget: Budget): boolean {
  if (one.length !== other.length) return false;
  budget.work(one.length);
  return one === other;
}

function equalLists(one: readonly Value[], other: readonly Value[], budget: Budget, depth: number): boolean {
  budget.work(16 * one.length);
  return one.length === other.length && one.every((item, index) => areEqual(item, other[index], budget, depth + 1));
}

function equalHashes(one: object, other: object, budget: Budget, depth: number): boolean {
  const keys = Object.keys(one);
  budget.work(32 * keys.length);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(
      (key) => Object.hasOwn(other, key) && areEqual(Reflect.get(one, key), Reflect.get(other, key), budget, depth + 1),
    )
  );
}

function plain(value: number | bigint | Float): number | bigint {
  return value instanceof Float ? value.value : value;
}

/** Negative, 0 or positive; null where there is no order between the two. */
export function order(one: Value, other: Value, budget: Budget): number | null {
  if (isNumber(one)) return isNumber(other) ? orderOfNumbers(plain(one), plain(other)) : null;
  if (typeof one === 'string' && typeof other === 'string') {
    budget.work(Math.min(one.length, other.length));
    return compareTexts(one, other);
  }
  if (Array.isArray(one) && Array.isArray(other)) return orderOfLists(one, other, budget);
  return areEqual(one, other, budget) ? 0 : null;
}

/** Null beside NaN. An integer may be a bigint on one side only. */
function orderOfNumbers(one: number | bigint, other: number | bigint): number | null {
  if (one < other) return -1;
  if (one > other) return 1;
  return one >= other ? 0 : null;
}

function orderOfLists(one: readonly Value[], other: readonly Value[], budget: Budget): number | null {
  for (let index = 0; index < Math.min(one.length, other.length); index += 1) {
    const found = order(one[index], other[index], budget);
    if (found !== 0) return found;
  }
  return one.length - other.length;
}

/** A text in a text, a member of a list, a name in a record, a number in a range. */
export function contains(whole: Value, part: Value, budget: Budget): boolean {
  if (!isTruthy(whole) || !isTruthy(part)) return false;
  if (typeof whole === 'string') return containsText(whole, toText(part, budget), budget);
  if (Array.isArray(whole)) return whole.some((item) => areEqual(item, part, budget));
  if (whole instanceof Range) return isNumber(part) && isBetween(whole, part);
  return isHash(whole) && typeof part === 'string' && Object.hasOwn(whole, part);
}

function containsText(whole: string, part: string, budget: Budget): boolean {
  budget.work(whole.length + part.length);
  return new Needle(part).indexIn(whole) !== -1;
}

function isBetween({ first, last }: Range, value: number | bigint | Float): boolean {
  const number = plain(value);
  return number >= first && number <= last;
}

/**
 * A text that two values share exactly if they are the same to a set: 1 and 1.0 are two.
 * Lists and records go by their members.
 */
export function identityOf(value: Value, budget: Budget): string {
  if (typeof value === 'string') {
    budget.text(value.length);
    return `s${value}`;
  }
  if (isInteger(value)) return `i${BigInt(value)}`;
  if (isFloat(value)) return `f${floatValue(value) + 0}`;
  if (isNil(value) || typeof value === 'boolean') return `${value ?? null}`;
  return `o${toText(sortedKeys(value, 0), budget)}`;
}

/** The order of its keys does not matter to a record. */
function sortedKeys(value: Value, depth: number): Value {
  if (depth > MAX_DEPTH) throw new LiquidError('a value is nested too deeply');
  if (Array.isArray(value)) return value.map((item) => sortedKeys(item, depth + 1));
  if (!isHash(value)) return value;
  const entries = Object.entries(value).map(([key, member]): [string, Value] => [key, sortedKeys(member, depth + 1)]);
  return ['a record', ...entries.sort(([one], [other]) => (one < other ? -1 : 1))];
}

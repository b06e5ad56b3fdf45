import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { countCharacters } from './text.ts';
import { Drop, isHash, isInteger, Range, showInteger, type Value } from './values.ts';

/** `.name`: a member of that name, else what the words `size`, `first` and `last` ask for. */
export function named(value: Value, name: string, budget: Budget): Value {
  if (isHash(value) && Object.hasOwn(value, name)) return value[name];
  if (value instanceof Drop) return value.get(name);
  if (name === 'size') return sizeOf(value, budget);
  if (name === 'first') return firstOf(value);
  return name === 'last' ? lastOf(value) : null;
}

/** `[key]` */
export function member(value: Value, key: Value): Value {
  if (Array.isArray(value)) return isInteger(key) ? itemAt(value, key) : null;
  if (typeof key !== 'string') return null;
  if (value instanceof Drop) return value.get(key);
  return isHash(value) && Object.hasOwn(value, key) ? value[key] : null;
}

function itemAt(list: readonly Value[], index: number | bigint): Value {
  if (Math.abs(Number(index)) >= 2 ** 63) throw new LiquidError('integer too big');
  return list.at(Number(index));
}

/** Null for what has no size. Integers have one, of bytes. */
export function sizeOf(value: Value, budget: Budget): Value {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Range) return value.size;
  if (isInteger(value)) return bytesOf(value);
  if (typeof value === 'string') {
    budget.work(value.length);
    return countCharacters(value);
  }
  if (!isHash(value)) return null;
  const { length } = Object.keys(value);
  budget.work(32 * length);
  return length;
}

function bytesOf(value: number | bigint): number {
  return Math.max(8, Math.ceil(BigInt(showInteger(value).replace('-', '')).toString(16).length / 2));
}

export function firstOf(value: Value): Value {
  if (Array.isArray(value)) return value[0];
  if (value instanceof Range) return value.first;
  if (!isHash(value)) return null;
  for (const key in value) return [key, value[key]];
  return null;
}

export function lastOf(value: Value): Value {
  if (Array.isArray(value)) return value.at(-1);
  return value instanceof Range ? value.last : null;
}

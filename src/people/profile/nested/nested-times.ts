import { isObject, type Json } from '../../../lib/raw/json.ts';
import { readStoredTime } from '../../../lib/time/times.ts';

/**
 * The times inside an object or an array, in Unix milliseconds: the same shape, so that the same path leads to them, but
 * without everything else. Arrays keep the order of their times, not the positions. Source: audience.md §6.5.
 */
export type NestedTimes = number | readonly NestedTimes[] | { readonly [member: string]: NestedTimes };

/** The times inside a stored attribute. null: there are none, or the value is neither an object nor an array. */
export function timesInside(value: Json): NestedTimes | null {
  return typeof value === 'object' ? timesIn(value) : null;
}

function timesIn(value: Json): NestedTimes | null {
  if (typeof value === 'string') return readStoredTime(value);
  if (Array.isArray(value)) {
    const times = value.map(timesIn).filter((time) => time !== null);
    return times.length === 0 ? null : times;
  }
  if (!isObject(value)) return null;
  const times = Object.entries(value).flatMap(([member, inner]) => {
    const time = timesIn(inner);
    return time === null ? [] : [[member, time] as const];
  });
  // fromEntries, because an assignment to the key "__proto__" would not make a member.
  return times.length === 0 ? null : Object.fromEntries(times);
}

import { Needle } from '../../../lib/needle.ts';
import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { toText } from '../values/show.ts';
import { characters } from '../values/text.ts';
import { Drop, floatValue, isFloat, isHash, isInteger, isNumber, type Value } from '../values/values.ts';

/** What can be asked for a property: also texts, for a part of them, and integers, for one of their bits. */
export function canBeAsked(value: Value): boolean {
  return typeof value === 'string' || isInteger(value) || isHash(value) || value instanceof Drop;
}

/** Nil for what cannot be asked. Throws LiquidError for a property that makes no sense there. */
export function propertyOf(value: Value, property: Value, budget: Budget): Value {
  budget.work(50);
  if (isHash(value)) return typeof property === 'string' && Object.hasOwn(value, property) ? value[property] : null;
  if (typeof value === 'string') return partOf(value, property, budget);
  if (isInteger(value)) return bitOf(value, property);
  return value instanceof Drop ? value.get(toText(property, budget)) : null;
}

/** The text itself where it is found, or the character at a place. */
function partOf(text: string, property: Value, budget: Budget): Value {
  budget.work(text.length);
  if (typeof property === 'string') return new Needle(property).indexIn(text) === -1 ? null : property;
  const place = placeOf(property);
  if (place === null) throw new LiquidError('a property that makes no sense of a text or number');
  budget.list(text.length);
  return characters(text).at(place);
}

function bitOf(value: number | bigint, property: Value): Value {
  const place = placeOf(property);
  if (place === null) throw new LiquidError('a property that makes no sense of a text or number');
  return place < 0 ? 0 : Number((BigInt(value) >> BigInt(place)) & 1n);
}

/** Without what stands behind the point. */
function placeOf(property: Value): number | null {
  return isNumber(property) ? Math.trunc(isFloat(property) ? floatValue(property) : Number(property)) : null;
}

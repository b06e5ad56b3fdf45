import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { type Filters, takes, takesUpTo } from '../filter.ts';
import { areEqual, identityOf, order } from '../values/compare.ts';
import { firstOf, lastOf, sizeOf } from '../values/members.ts';
import { joinList, toText } from '../values/show.ts';
import { compareTexts } from '../values/text.ts';
import { isNil, isTruthy, Range, type Value } from '../values/values.ts';
import { mergeSort } from './merge-sort.ts';
import { canBeAsked, propertyOf } from './property.ts';

/** What a filter for lists works on: a list without lists in it; anything but nil and lists is the only item. */
function listOf(value: Value, budget: Budget): Value[] {
  if (isNil(value)) return [];
  if (value instanceof Range) return listOfRange(value, budget);
  if (!Array.isArray(value)) return [value];
  budget.list(value.length);
  return value.some(Array.isArray) ? flattened(value, budget) : value.slice();
}

function listOfRange(range: Range, budget: Budget): Value[] {
  budget.list(range.size);
  return Array.from({ length: range.size }, (_, index) => range.at(index));
}

function flattened(list: readonly Value[], budget: Budget): Value[] {
  const flat: Value[] = list.flat(Number.POSITIVE_INFINITY);
  budget.list(flat.length);
  return flat;
}

type OnList = (list: Value[], args: readonly Value[], budget: Budget) => Value;

function listFilter(least: number, most: number, apply: OnList) {
  return takesUpTo(least, most, (input, args, { budget }) => apply(listOf(input, budget), args, budget));
}

export const listFilters: Filters = new Map([
  ['first', takes(0, (input) => firstOf(input))],
  ['last', takes(0, (input) => lastOf(input))],
  ['size', takes(0, (input, _args, { budget }) => sizeOf(input, budget) ?? 0)],
  ['join', listFilter(0, 1, (list, [glue = ' '], budget) => joinList(list, toText(glue, budget), budget))],
  ['reverse', listFilter(0, 0, (list) => list.reverse())],
  ['concat', listFilter(1, 1, concat)],
  ['compact', listFilter(0, 1, compact)],
  ['map', listFilter(1, 1, (list, [property], budget) => list.map((item) => propertyOf(item, property, budget)))],
  ['sort', listFilter(0, 1, (list, args, budget) => sorted(list, args, budget, compareValues))],
  ['sort_natural', listFilter(0, 1, (list, args, budget) => sorted(list, args, budget, compareNaturally))],
  ['uniq', listFilter(0, 1, uniq)],
  ['where', listFilter(1, 2, where)],
]);

function concat(list: Value[], [other]: readonly Value[], budget: Budget): Value {
  if (!Array.isArray(other)) throw new LiquidError('concat: expected a list');
  budget.list(list.length + other.length);
  return list.concat(other);
}

/** The items whose property is kept. Nil as soon as one of them cannot be asked for it. */
function selected(list: Value[], property: Value, budget: Budget, isKept: (value: Value) => boolean): Value {
  const kept: Value[] = [];
  for (const item of list) {
    if (!canBeAsked(item)) return null;
    if (isKept(propertyOf(item, property, budget))) kept.push(item);
  }
  return kept;
}

function compact(list: Value[], [property]: readonly Value[], budget: Budget): Value {
  if (isNil(property)) return list.filter((item) => !isNil(item));
  return selected(list, property, budget, (value) => !isNil(value));
}

function where(list: Value[], [property, wanted]: readonly Value[], budget: Budget): Value {
  return selected(list, property, budget, (value) =>
    isNil(wanted) ? isTruthy(value) : areEqual(value, wanted, budget),
  );
}

function uniq(list: Value[], [property]: readonly Value[], budget: Budget): Value {
  const seen = new Set<string>();
  const isNew = (value: Value): boolean => {
    budget.work(200);
    return seen.size < seen.add(identityOf(value, budget)).size;
  };
  if (list.length <= 1) return list;
  return isNil(property) ? list.filter(isNew) : selected(list, property, budget, isNew);
}

type Compare = (one: Value, other: Value, budget: Budget) => number;

/** Nil where the items cannot be asked for the property. */
function sorted(list: Value[], [property]: readonly Value[], budget: Budget, compare: Compare): Value {
  if (isNil(property)) return mergeSort(list, (one, other) => compare(one, other, budget));
  if (!list.every(canBeAsked)) return null;
  const value = (item: Value): Value => propertyOf(item, property, budget);
  return mergeSort(list, (one, other) => compare(value(one), value(other), budget));
}

/** Nil comes last. */
function compareValues(one: Value, other: Value, budget: Budget): number {
  budget.work(50);
  const found = order(one, other, budget);
  if (found !== null) return found;
  if (isNil(one)) return 1;
  if (isNil(other)) return -1;
  throw new LiquidError('cannot sort values of incompatible types');
}

/** As texts, whether letters are large or small. Nil comes last. */
function compareNaturally(one: Value, other: Value, budget: Budget): number {
  budget.work(50);
  if (isNil(one)) return 1;
  if (isNil(other)) return -1;
  const [left, right] = [toText(one, budget), toText(other, budget)];
  budget.text(left.length + right.length);
  return compareTexts(lower(left), lower(right));
}

/** A to Z only. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

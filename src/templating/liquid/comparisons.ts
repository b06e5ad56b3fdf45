import type { Frame } from './frame.ts';
import { Question } from './question.ts';
import { areEqual, contains, order } from './values/compare.ts';
import { isNumber, type Value } from './values/values.ts';

export type Comparison = (left: Value, right: Value, frame: Frame) => boolean;

export function equal(left: Value, right: Value, frame: Frame): boolean {
  frame.budget.work(typeof left === 'string' ? left.length : 100);
  if (left instanceof Question) return !(right instanceof Question) && left.answer(right);
  if (right instanceof Question) return right.answer(left);
  return areEqual(left, right, frame.budget);
}

/** By their signs. */
export const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ['==', equal],
  ['!=', (left, right, frame) => !equal(left, right, frame)],
  ['<>', (left, right, frame) => !equal(left, right, frame)],
  ['<', ordered((found) => found < 0)],
  ['>', ordered((found) => found > 0)],
  ['<=', ordered((found) => found <= 0)],
  ['>=', ordered((found) => found >= 0)],
  ['contains', (left, right, { budget }) => contains(left, right, budget)],
]);

/** There is no order between a number and a text, nor between things that are neither. Source: personalization.md §4. */
function ordered(fits: (found: number) => boolean): Comparison {
  return (left, right, { budget }) => {
    const areLike = (isNumber(left) && isNumber(right)) || (typeof left === 'string' && typeof right === 'string');
    const found = areLike ? order(left, right, budget) : null;
    return found !== null && fits(found);
  };
}

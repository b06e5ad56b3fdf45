import type { Expression } from './expression.ts';
import { isEmpty, isNil, LiquidObject, type Value } from './values/values.ts';

/** The words `blank` and `empty` in a comparison: not values but questions. */
export class Question extends LiquidObject implements Expression {
  readonly answer: (value: Value) => boolean;

  constructor(answer: (value: Value) => boolean) {
    super();
    this.answer = answer;
  }

  evaluate(): Value {
    return this;
  }

  toString(): string {
    return '';
  }
}

/** By their words. */
export const questions: ReadonlyMap<string, Question> = new Map([
  ['blank', new Question(isBlank)],
  ['empty', new Question(isEmpty)],
]);

const blanks = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

/** As in Ruby on Rails: nil, false, blanks, and what has no members. */
function isBlank(value: Value): boolean {
  if (typeof value === 'string') return blanks.test(value);
  return isNil(value) || value === false || isEmpty(value);
}

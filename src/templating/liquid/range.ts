import { TemplateSyntaxError } from './errors.ts';
import { type Expression, Literal } from './expression.ts';
import type { Frame } from './frame.ts';
import { readInteger, toInteger } from './values/numbers.ts';
import { isInteger, isNil, Range, type Value } from './values/values.ts';

/** `(first..last)`, evaluated now if both are literals. Throws TemplateSyntaxError for literals that are no ends. */
export function rangeOf(first: Expression, last: Expression): Expression {
  if (first instanceof Literal && last instanceof Literal)
    return new Literal(new Range(literalEnd(first.value), literalEnd(last.value)));
  return new RangeExpression(first, last);
}

export function noRange(): TemplateSyntaxError {
  return new TemplateSyntaxError('a range goes from number to number');
}

function literalEnd(value: Value): number | bigint {
  if (isInteger(value)) return value;
  if (isNil(value)) return 0;
  if (typeof value === 'string') return readInteger(value);
  if (typeof value === 'boolean') throw noRange();
  return readInteger(String(value));
}

class RangeExpression implements Expression {
  readonly #first: Expression;
  readonly #last: Expression;

  constructor(first: Expression, last: Expression) {
    this.#first = first;
    this.#last = last;
  }

  evaluate(frame: Frame): Value {
    return new Range(rangeEnd(this.#first, frame), rangeEnd(this.#last, frame));
  }
}

function rangeEnd(expression: Expression, frame: Frame): number | bigint {
  const value = expression.evaluate(frame);
  if (isNil(value)) return 0;
  return typeof value === 'string' ? readInteger(value) : toInteger(value, frame.budget);
}

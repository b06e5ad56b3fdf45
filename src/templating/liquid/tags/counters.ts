import { LiquidError } from '../errors.ts';
import type { Frame } from '../frame.ts';
import type { TagParser } from '../reading/parser.ts';
import { calculate } from '../values/arithmetic.ts';
import { toText } from '../values/show.ts';
import { strip } from '../values/text.ts';
import { isNumber, isTruthy, type Value } from '../values/values.ts';

/** Prints a counter, then adds 1. */
export const increment: TagParser = ({ markup }) => {
  const name = strip(markup);
  return {
    isSilent: false,
    render: (frame) => {
      const value = currentOf(name, frame);
      frame.setCounter(name, calculate('plus', value, 1, frame.budget));
      frame.write(toText(value, frame.budget));
    },
  };
};

/** Takes 1 from a counter, then prints it. */
export const decrement: TagParser = ({ markup }) => {
  const name = strip(markup);
  return {
    isSilent: false,
    render: (frame) => {
      const value = calculate('minus', currentOf(name, frame), 1, frame.budget);
      frame.setCounter(name, value);
      frame.write(toText(value, frame.budget));
    },
  };
};

function currentOf(name: string, frame: Frame): Value {
  const value = frame.counter(name);
  if (!isTruthy(value)) return 0;
  if (!isNumber(value)) throw new LiquidError('increment, decrement: expected a number');
  return value;
}

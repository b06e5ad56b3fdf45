import { type Budget, MAX_DIGITS } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { type Filter, type Filters, takes, takesUpTo } from '../filter.ts';
import {
  calculate,
  compareOperands,
  fromOperand,
  type Operand,
  type Operation,
  toDecimal,
  toOperand,
} from '../values/arithmetic.ts';
import { Decimal } from '../values/decimal.ts';
import { float, integer, type Value } from '../values/values.ts';

function arithmetic(operation: Operation): Filter {
  return takes(1, (input, [operand], { budget }) => calculate(operation, input, operand, budget));
}

/** A decimal → a whole number. */
function whole(round: (value: Decimal) => bigint): Filter {
  return takes(0, (input, _args, { budget }) => {
    const operand = finite(toOperand(input, budget));
    return fromOperand(operand instanceof Decimal ? round(operand) : operand, budget);
  });
}

/** The second of two where `prefers` says so of how they compare. */
function oneOf(prefers: (compared: number) => boolean): Filter {
  return takes(1, (input, [other], { budget }) => {
    const [one, two] = [toOperand(input, budget), toOperand(other, budget)];
    return fromOperand(prefers(compareOperands(two, one)) ? two : one, budget);
  });
}

export const numberFilters: Filters = new Map<string, Filter>([
  ['plus', arithmetic('plus')],
  ['minus', arithmetic('minus')],
  ['times', arithmetic('times')],
  ['divided_by', arithmetic('dividedBy')],
  ['modulo', arithmetic('modulo')],
  ['abs', takes(0, (input, _args, { budget }) => fromOperand(abs(toOperand(input, budget)), budget))],
  ['at_least', oneOf((compared) => compared > 0)],
  ['at_most', oneOf((compared) => compared < 0)],
  ['ceil', whole((value) => value.ceil())],
  ['floor', whole((value) => value.floor())],
  ['round', takesUpTo(0, 1, (input, [places = 0], { budget }) => round(input, places, budget))],
]);

function abs(operand: Operand): Operand {
  if (operand instanceof Decimal) return operand.abs();
  if (typeof operand === 'number') return Math.abs(operand);
  return operand < 0n ? -operand : operand;
}

function finite(operand: Operand): bigint | Decimal {
  if (typeof operand === 'number') throw new LiquidError('a number that is not finite');
  return operand;
}

/** To a whole number unless places behind the point are asked for. */
function round(input: Value, places: Value, budget: Budget): Value {
  const value = finite(toOperand(input, budget));
  const digits = Math.trunc(toDecimal(finite(toOperand(places, budget))).toNumber());
  if (Math.abs(digits) >= 2 ** 31) throw new LiquidError('round: too many places');
  if (digits < -MAX_DIGITS) return 0;
  if (value instanceof Decimal) return rounded(value, digits);
  return integer(digits < 0 ? toDecimal(value).round(digits).floor() : value);
}

function rounded(value: Decimal, digits: number): Value {
  const result = value.round(digits);
  return digits > 0 ? float(result.toNumber()) : integer(result.floor());
}

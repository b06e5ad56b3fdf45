// Arithmetic: whole numbers of any size, and decimals that are never binary on the way.
import { type Budget, MAX_DIGITS } from '../budget.ts';
import { LimitReached, LiquidError } from '../errors.ts';
import { Decimal, floorDivide, moduloOf } from './decimal.ts';
import { isDecimal, readInteger } from './numbers.ts';
import { strip } from './text.ts';
import { float, floatValue, integer, isFloat, isInteger, type Value } from './values.ts';

/** An integer, a decimal, or one of the floats that are none: NaN and the infinities. */
export type Operand = bigint | Decimal | number;

/** What arithmetic makes of a value: texts are read as far as they are numbers; what is none is 0. */
export function toOperand(value: Value, budget: Budget): Operand {
  if (typeof value === 'string') return readNumber(value, budget);
  if (isInteger(value)) return BigInt(value);
  if (!isFloat(value)) return 0n;
  const number = floatValue(value);
  return Number.isFinite(number) ? Decimal.ofFloat(number) : number;
}

function readNumber(text: string, budget: Budget): bigint | Decimal {
  budget.work(text.length);
  const stripped = strip(text);
  return isDecimal(stripped) ? Decimal.read(stripped) : BigInt(readInteger(text));
}

/** The result of arithmetic as a value. */
export function fromOperand(operand: Operand, budget: Budget): Value {
  if (typeof operand === 'number') return float(operand);
  if (operand instanceof Decimal) return float(operand.toNumber());
  return charged(operand, budget);
}

const limit = 10n ** BigInt(MAX_DIGITS);

function charged(value: bigint, budget: Budget): number | bigint {
  const small = integer(value);
  if (typeof small === 'number') return small;
  if (value >= limit || value <= -limit) throw new LimitReached(`a number of more than ${MAX_DIGITS} digits`);
  budget.text(String(value).length);
  return value;
}

export type Operation = 'plus' | 'minus' | 'times' | 'dividedBy' | 'modulo';

export function calculate(operation: Operation, left: Value, right: Value, budget: Budget): Value {
  const quick = ofSmallIntegers(operation, left, right);
  if (quick !== null) return quick;
  budget.work(1_000);
  const [one, other] = [toOperand(left, budget), toOperand(right, budget)];
  if ((operation === 'dividedBy' || operation === 'modulo') && isZero(other)) throw new LiquidError('divided by 0');
  return fromOperand(apply(operation, one, other), budget);
}

/** Most arithmetic is on small integers, which needs nothing big. */
function ofSmallIntegers(operation: Operation, left: Value, right: Value): number | null {
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  if (!Number.isSafeInteger(left) || !Number.isSafeInteger(right)) return null;
  if (operation === 'dividedBy' || operation === 'modulo') return null;
  const result = operation === 'plus' ? left + right : operation === 'minus' ? left - right : left * right;
  return Number.isSafeInteger(result) ? result + 0 : null;
}

function isZero(operand: Operand): boolean {
  return operand instanceof Decimal ? operand.digits === 0n : operand === 0n;
}

function apply(operation: Operation, one: Operand, other: Operand): Operand {
  if (typeof one === 'number' || typeof other === 'number') return ofFloats[operation](toFloat(one), toFloat(other));
  if (typeof one === 'bigint' && typeof other === 'bigint') return ofIntegers[operation](one, other);
  return toDecimal(one)[operation](toDecimal(other));
}

const ofIntegers: Readonly<Record<Operation, (one: bigint, other: bigint) => bigint>> = {
  plus: (one, other) => one + other,
  minus: (one, other) => one - other,
  times: (one, other) => one * other,
  dividedBy: floorDivide,
  modulo: moduloOf,
};

/** With an infinity or NaN on either side. */
const ofFloats: Readonly<Record<Operation, (one: number, other: number) => number>> = {
  plus: (one, other) => one + other,
  minus: (one, other) => one - other,
  times: (one, other) => one * other,
  dividedBy: (one, other) => one / other,
  modulo: (one, other) => one % other,
};

export function toFloat(operand: Operand): number {
  return operand instanceof Decimal ? operand.toNumber() : Number(operand);
}

export function toDecimal(operand: bigint | Decimal): Decimal {
  return operand instanceof Decimal ? operand : Decimal.ofInteger(operand);
}

/** Negative, 0 or positive; NaN beside NaN. */
export function compareOperands(one: Operand, other: Operand): number {
  if (typeof one === 'number' || typeof other === 'number') return toFloat(one) - toFloat(other);
  return toDecimal(one).compare(toDecimal(other));
}

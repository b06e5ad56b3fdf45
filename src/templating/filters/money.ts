import type { Budget } from '../liquid/budget.ts';
import { LiquidError } from '../liquid/errors.ts';
import { toDecimal, toOperand } from '../liquid/values/arithmetic.ts';
import { Decimal } from '../liquid/values/decimal.ts';
import { isDigit } from '../liquid/values/numbers.ts';
import { toText } from '../liquid/values/show.ts';
import { strip } from '../liquid/values/text.ts';
import { isNil, isNumber, type Value } from '../liquid/values/values.ts';

/** Two places, no sign of a currency. Of nil, nil. A text must be a number. */
export function money(value: Value, budget: Budget): Value {
  if (isNil(value)) return null;
  if (!isNumber(value) && !(typeof value === 'string' && isNumeric(value)))
    throw new LiquidError('money: expected a number');
  const operand = toOperand(value, budget);
  if (typeof operand === 'number') throw new LiquidError('money: expected a finite number');
  const rounded = toDecimal(operand).round(2);
  return new Decimal(rounded.digits * 10n ** BigInt(2 - rounded.scale), 2).toString();
}

function isNumeric(text: string): boolean {
  return /^[+-]?\d+(\.\d+)?$/.test(strip(text));
}

/** A comma between each three digits of the number at the start. */
export function numberWithDelimiter(value: Value, budget: Budget): string {
  const text = toText(value, budget);
  const start = text.startsWith('-') ? 1 : 0;
  let end = start;
  while (isDigit(text.charCodeAt(end))) end += 1;
  budget.text(2 * text.length);
  const groups: string[] = [];
  for (let last = end; last > start; last -= 3) groups.push(text.slice(Math.max(start, last - 3), last));
  return text.slice(0, start) + groups.reverse().join(',') + text.slice(end);
}

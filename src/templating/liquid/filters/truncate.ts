import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { toIndex, toInteger } from '../values/numbers.ts';
import { toText } from '../values/show.ts';
import { countCharacters, sliceCharacters } from '../values/text.ts';
import { isNil, isTruthy, type Value } from '../values/values.ts';
import { words } from './split.ts';

/** Of a list, a list. Counts from the end if negative; what begins outside is empty. */
export function sliceOf(input: Value, start: Value, length: Value, budget: Budget): Value {
  const offset = toIndex(start, budget);
  const count = isTruthy(length) ? toIndex(length, budget) : 1;
  const whole = Array.isArray(input) ? input : toText(input, budget);
  budget.work(whole.length);
  const size = typeof whole === 'string' ? countCharacters(whole) : whole.length;
  const from = offset < 0 ? offset + size : offset;
  const taken = from < 0 || from > size || count < 0 ? 0 : Math.min(count, size - from);
  if (typeof whole !== 'string') {
    budget.list(taken);
    return taken === 0 ? [] : whole.slice(from, from + taken);
  }
  budget.text(taken);
  return taken === 0 ? '' : sliceCharacters(whole, from, taken);
}

export function truncate(input: Value, length: Value = 50, ending: Value = '...', budget: Budget): Value {
  if (isNil(input)) return null;
  const text = toText(input, budget);
  const most = Number(toInteger(length, budget));
  const end = toText(ending, budget);
  budget.text(text.length + end.length);
  if (countCharacters(text) <= most) return text;
  return sliceCharacters(text, 0, Math.max(0, most - countCharacters(end))) + end;
}

const MAX_WORDS = 2 ** 31 - 2;

export function truncateWords(input: Value, count: Value = 15, ending: Value = '...', budget: Budget): Value {
  if (isNil(input)) return null;
  const text = toText(input, budget);
  const most = Math.max(1, toIndex(count, budget));
  if (most > MAX_WORDS) throw new LiquidError('truncatewords: integer too big');
  const list = words(text, budget, most + 1);
  if (list.length <= most) return text;
  const end = toText(ending, budget);
  budget.text(text.length + end.length);
  return list.slice(0, most).join(' ') + end;
}

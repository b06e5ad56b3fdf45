// Numbers in texts, as Ruby reads them.
import { type Budget, MAX_DIGITS } from '../budget.ts';
import { LimitReached, LiquidError } from '../errors.ts';
import { toText } from './show.ts';
import { isSpace, strip } from './text.ts';
import { integer, isInteger, type Value } from './values.ts';

/** `-?digits.digits` and nothing else. */
export function isDecimal(text: string): boolean {
  const start = text.startsWith('-') ? 1 : 0;
  const point = endOfDigits(text, start);
  return (
    point > start && text[point] === '.' && point + 1 < text.length && endOfDigits(text, point + 1) === text.length
  );
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The integer that a text begins with, or 0. Single underscores between digits are skipped. */
export function readInteger(text: string): number | bigint {
  let at = 0;
  while (isSpace(text.charCodeAt(at))) at += 1;
  const start = at;
  if (text[at] === '-' || text[at] === '+') at += 1;
  const first = at;
  while (isDigit(text.charCodeAt(at)) || (at > first && text[at] === '_' && isDigit(text.charCodeAt(at + 1)))) at += 1;
  if (at === first) return 0;
  if (at - first > MAX_DIGITS) throw new LimitReached(`a number of more than ${MAX_DIGITS} digits`);
  const digits = text.slice(first, at).replaceAll('_', '');
  return integer(BigInt(text[start] === '-' ? `-${digits}` : digits));
}

const wholeInteger =
  /^([+-]?)(?:0x([\da-f]+(?:_[\da-f]+)*)|0b([01]+(?:_[01]+)*)|0o?_?([0-7]+(?:_[0-7]+)*)|(?:0d)?(\d+(?:_\d+)*))$/i;

/** An argument that must be a whole number, such as a limit. A text may hold one, in any way that Ruby writes it. */
export function toInteger(value: Value, budget: Budget): number | bigint {
  if (isInteger(value)) return value;
  const text = strip(toText(value, budget));
  const match = text.length > 100 ? null : wholeInteger.exec(text);
  if (match === null) throw new LiquidError('invalid integer');
  const [, sign, hexadecimal, binary, octal, decimal = '0'] = match;
  const digits = prefixed('0x', hexadecimal) ?? prefixed('0b', binary) ?? prefixed('0o', octal) ?? decimal;
  const size = BigInt(digits.replaceAll('_', ''));
  return integer(sign === '-' ? -size : size);
}

function prefixed(prefix: string, digits: string | undefined): string | undefined {
  return digits === undefined ? undefined : prefix + digits;
}

const MAX_INDEX = 2 ** 63;

/** As `toInteger`, for a place in a text or list. */
export function toIndex(value: Value, budget: Budget): number {
  const read = Number(toInteger(value, budget));
  if (Math.abs(read) >= MAX_INDEX) throw new LiquidError('integer too big');
  return read;
}

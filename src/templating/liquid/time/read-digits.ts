import { integerOf, type Parts } from './parts.ts';

const FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

/** Digits without anything between them; how many there are tells what they mean. */
export function readDigits(
  [, sign, digits = '', time, fraction, zone]: readonly (string | undefined)[],
  parts: Parts,
): void {
  const saysNothing = digits.length > 8 && digits.length % 2 === 1;
  if (time === undefined && fraction !== undefined && !saysNothing) readFromEnd(digits, sign, parts);
  else if (!saysNothing) readFromStart(digits, sign, parts);
  if (time !== undefined) readTimeDigits(time, fraction !== undefined, parts);
  if (fraction !== undefined) parts.fraction = fraction;
  if (zone !== undefined) parts.zone = zone.startsWith('[') ? nameInBrackets(zone) : zone;
}

function readFromStart(digits: string, sign: string | undefined, parts: Parts): void {
  const widths: Readonly<Record<number, readonly number[]>> = {
    2: [2],
    3: [3],
    4: [2, 2],
    5: [2, 3],
    6: [2, 2, 2],
    7: [4, 3],
  };
  const pieces = cut(digits, widths[digits.length] ?? [4, 2, 2, 2, 2, 2]);
  const hasDayOfYear = digits.length === 3 || digits.length === 5 || digits.length === 7;
  if (hasDayOfYear) parts.dayOfYear = pieces.pop() ?? 0;
  const fields = digits.length === 2 ? (['day'] as const) : digits.length === 4 ? (['month', 'day'] as const) : FIELDS;
  for (const [index, piece] of pieces.entries()) {
    const field = fields[index];
    if (field !== undefined && digits.length % 2 === 0) parts[field] = piece;
    else if (index === 0) parts.year = piece;
  }
  if (sign === '-' && parts.year !== undefined) parts.year = -parts.year;
  if (digits.length >= 8) parts.isFullYear = true;
}

/** With a fraction behind them the last digits are the seconds. */
function readFromEnd(digits: string, sign: string | undefined, parts: Parts): void {
  const fields = [...FIELDS].reverse();
  let end = digits.length;
  for (const field of fields) {
    if (end <= 0) break;
    const width = field === 'year' && digits.length === 14 ? 4 : Math.min(2, end);
    if (field === 'year' && digits.length < 12) break;
    parts[field] = integerOf(digits.slice(end - width, end));
    end -= width;
  }
  if (sign === '-' && parts.year !== undefined) parts.year = -parts.year;
  if (digits.length === 14) parts.isFullYear = true;
}

function readTimeDigits(time: string, endsInSeconds: boolean, parts: Parts): void {
  if (time.length % 2 === 1) return;
  const pieces = cut(time, [2, 2, 2]);
  const fields = ['hour', 'minute', 'second'] as const;
  const shift = endsInSeconds ? 3 - pieces.length : 0;
  for (const [index, piece] of pieces.entries()) {
    const field = fields[index + shift];
    if (field !== undefined) parts[field] = piece;
  }
}

function cut(digits: string, widths: readonly number[]): number[] {
  const pieces: number[] = [];
  let from = 0;
  for (const width of widths) {
    if (from >= digits.length) break;
    pieces.push(integerOf(digits.slice(from, from + width)));
    from += width;
  }
  return pieces;
}

/** `[-5:EST]` */
function nameInBrackets(zone: string): string {
  const inner = zone.slice(1, -1);
  const colon = inner.indexOf(':');
  return colon === -1 ? inner : inner.slice(colon + 1);
}

import { integerOf, type Parts } from './parts.ts';

/**
 * Year, month and day, which stand in another order than it seemed if one of them has an apostrophe or too many digits.
 * With two of the three they are month and day.
 */
export function readDate(parts: Parts, first?: string, second?: string, third?: string, era?: string): void {
  let [year, month, day] = [first, second, third];
  if (year !== undefined && month !== undefined && day === undefined) [year, month, day] = [day, year, month];
  if (year === undefined && day !== undefined && (day.length > 2 || day.startsWith("'")))
    [year, day] = [day, undefined];
  const ordinal = year === undefined ? null : /^[^-+\d]*([-+]?\d+)(?=\D)/.exec(year);
  if (ordinal !== null) [year, day] = [day, ordinal[1]];
  if (month !== undefined && isYear(month)) [year, month, day] = [month, day, year];
  if (day !== undefined && isYear(day)) [year, day] = [day, year];
  setYear(parts, year);
  if (era?.startsWith('b')) parts.isBeforeChrist = true;
  const [monthDigits, dayDigits] = [digitsIn(month), digitsIn(day)];
  if (monthDigits !== undefined) parts.month = integerOf(monthDigits);
  if (dayDigits !== undefined) parts.day = integerOf(dayDigits);
}

function isYear(text: string): boolean {
  return text.startsWith("'") || text.length > 2;
}

function digitsIn(text: string | undefined): string | undefined {
  return text === undefined ? undefined : /\d+/.exec(text)?.[0];
}

function setYear(parts: Parts, text: string | undefined): void {
  const match = text === undefined ? null : /([-+]?)(\d+)/.exec(text);
  if (match === null) return;
  const [whole, sign = '', digits = ''] = match;
  parts.year = integerOf(whole);
  if (sign !== '' || digits.length > 2) parts.isFullYear = true;
}

import { beforeChrist, clock, dates, type Form, leftOver, weekday } from './forms.ts';
import type { Parts } from './parts.ts';

/**
 * Guesses what a text says about a time, as Ruby does: any text that has something of a date or a clock in it.
 * The text is in small letters..
 */
export function recognize(text: string): Parts {
  const parts: Parts = {};
  // `_` for letters that are in no word of a date.
  let rest = text.replace(/[^-+',./:@\p{L}\p{N}[\]]+/gu, ' ').replace(/[^ -~]/g, '_');
  const find = (form: Form): boolean => {
    const match = form.unless?.test(rest) === true ? null : form.pattern.exec(rest);
    if (match === null) return false;
    rest = `${rest.slice(0, match.index)} ${rest.slice(match.index + match[0].length)}`;
    form.read(match, parts);
    return true;
  };
  find(weekday);
  find(clock);
  dates.some(find);
  find(beforeChrist);
  find(leftOver);
  if (parts.year !== undefined) parts.year = completeYear(parts.year, parts);
  return parts;
}

function completeYear(written: number, { isBeforeChrist, isFullYear }: Parts): number {
  const year = isBeforeChrist ? 1 - written : written;
  if (isFullYear || year < 0 || year > 99) return year;
  return year + (year >= 69 ? 1900 : 2000);
}

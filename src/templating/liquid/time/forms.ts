import { integerOf, type Parts } from './parts.ts';
import { readDate } from './read-date.ts';
import { readDigits } from './read-digits.ts';

type Groups = readonly (string | undefined)[];

/** A way to write a time, or a part of one. What it finds is not looked at by those that come after it. */
export interface Form {
  pattern: RegExp;
  /** Another pattern that must not be there. */
  unless?: RegExp;
  read(groups: Groups, parts: Parts): void;
}

const MONTHS = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const monthNames = MONTHS.split('|');

function monthNumber(name: string | undefined): string {
  return String(monthNames.indexOf(name?.slice(0, 3) ?? '') + 1);
}

export const weekday: Form = { pattern: /\b(sun|mon|tue|wed|thu|fri|sat)[^-/\d\s]*/, read: () => undefined };

const CLOCK =
  '(?:\\d+\\s*:\\s*\\d+(?:\\s*:\\s*\\d+(?:[,.]\\d*)?)?|\\d+\\s*h(?:\\s*\\d+m?(?:\\s*\\d+s?)?)?)(?:\\s*[ap](?:m\\b|\\.m\\.))?|\\d+\\s*[ap](?:m\\b|\\.m\\.)';
const ZONE =
  '(?:gmt|utc?)?[-+]\\d+(?:[,.:]\\d+(?::\\d+)?)?|[a-z.\\s]+(?:standard|daylight)\\stime\\b|[a-z]+(?:\\sdst)?\\b';

export const clock: Form = {
  pattern: new RegExp(`(${CLOCK})(?:\\s*(${ZONE}))?`),
  read: ([, time = '', zone], parts) => {
    if (zone !== undefined) parts.zone = zone;
    readClock(time, parts);
  },
};

function readClock(time: string, parts: Parts): void {
  const match = /^(\d+)h?(?:\s*:?\s*(\d+)m?(?:\s*:?\s*(\d+)(?:[,.](\d+))?s?)?)?(?:\s*([ap])(?:m\b|\.m\.))?/.exec(time);
  if (match === null) return;
  const [, hour, minute, second, fraction, half] = match;
  parts.hour = half === undefined ? integerOf(hour) : (integerOf(hour) % 12) + (half === 'p' ? 12 : 0);
  if (minute !== undefined) parts.minute = integerOf(minute);
  if (second !== undefined) parts.second = integerOf(second);
  if (fraction !== undefined) parts.fraction = fraction;
}

const ERA = 'c(?:e|\\.e\\.)|b(?:ce|\\.c\\.e\\.)|a(?:d|\\.d\\.)|b(?:c|\\.c\\.)';

/** The forms of a date. The first that is found is the date. */
export const dates: readonly Form[] = [
  {
    // 3rd Feb 2001
    pattern: new RegExp(
      `('?\\d+)[^-\\d\\s]*\\s*(${MONTHS})[^-\\d\\s']*(?:\\s*(${ERA})?\\s*('?-?\\d+(?:(?:st|nd|rd|th)\\b)?))?`,
    ),
    read: ([, day, month, era, year], parts) => readDate(parts, year, monthNumber(month), day, era),
  },
  {
    // Feb 3rd, 2001
    pattern: new RegExp(`\\b(${MONTHS})[^-\\d\\s']*\\s*('?\\d+)[^-\\d\\s']*(?:\\s*,?\\s*(${ERA})?\\s*('?-?\\d+))?`),
    read: ([, month, day, era, year], parts) => readDate(parts, year, monthNumber(month), day, era),
  },
  {
    // 2001-02-03
    pattern: /('?[-+]?\d+)-(\d+)-('?-?\d+)/,
    read: ([, year, month, day], parts) => readDate(parts, year, month, day),
  },
  {
    // H13.02.03: years of a Japanese era
    pattern: /\b([mtsh])(\d+)\.(\d+)\.(\d+)/,
    read: ([, era = '', year, month, day], parts) => {
      const before: Readonly<Record<string, number>> = { m: 1867, t: 1911, s: 1925, h: 1988 };
      Object.assign(parts, {
        year: integerOf(year) + (before[era] ?? 0),
        month: integerOf(month),
        day: integerOf(day),
      });
    },
  },
  {
    // 3-Feb-2001
    pattern: new RegExp(`('?-?\\d+)-(${MONTHS})[^-/.]*-('?-?\\d+)`),
    read: ([, day, month, year], parts) => readDate(parts, year, monthNumber(month), day),
  },
  {
    // Feb-3-2001
    pattern: new RegExp(`\\b(${MONTHS})[^-/.]*-('?-?\\d+)(?:-('?-?\\d+))?`),
    read: ([, month, day, year], parts) => readDate(parts, year, monthNumber(month), day),
  },
  {
    // 2001/02/03, and 03/02/2001 for the 3rd of February
    pattern: /('?-?\d+)\/\s*('?\d+)(?:\D\s*('?-?\d+))?/,
    read: ([, year, month, day], parts) => readDate(parts, year, month, day),
  },
  {
    // 2001.02.03
    pattern: /('?-?\d+)\.\s*('?\d+)\.\s*('?-?\d+)/,
    read: ([, year, month, day], parts) => readDate(parts, year, month, day),
  },
  // Weeks of ISO 8601 are recognized, but say nothing that is used.
  { pattern: /\b(\d{2}|\d{4})?-?w(\d{2})(?:-?(\d))?\b/, read: () => undefined },
  { pattern: /-w-(\d)\b/, read: () => undefined },
  {
    // --02-03
    pattern: /--(\d{2})?-(\d{2})\b/,
    read: ([, month, day], parts) => {
      if (month !== undefined) parts.month = integerOf(month);
      parts.day = integerOf(day);
    },
  },
  {
    // --0203
    pattern: /--(\d{2})(\d{2})?\b/,
    read: ([, month, day], parts) => {
      parts.month = integerOf(month);
      if (day !== undefined) parts.day = integerOf(day);
    },
  },
  {
    // 2001-034
    pattern: /\b(\d{2}|\d{4})-(\d{3})\b/,
    unless: /[,.](\d{2}|\d{4})-\d{3}\b/,
    read: ([, year, day], parts) => Object.assign(parts, { year: integerOf(year), dayOfYear: integerOf(day) }),
  },
  {
    // -034
    pattern: /\b-(\d{3})\b/,
    unless: /\d-\d{3}\b/,
    read: ([, day], parts) => Object.assign(parts, { dayOfYear: integerOf(day) }),
  },
  { pattern: /'(\d+)\b/, read: ([, year], parts) => Object.assign(parts, { year: integerOf(year) }) },
  {
    pattern: new RegExp(`\\b(${MONTHS})\\S*`),
    read: ([, month], parts) => Object.assign(parts, { month: integerOf(monthNumber(month)) }),
  },
  { pattern: /(\d+)(st|nd|rd|th)\b/, read: ([, day], parts) => Object.assign(parts, { day: integerOf(day) }) },
  {
    // 20010203T040506.7Z
    pattern: /([-+]?)(\d{2,14})(?:\s*t?\s*(\d{2,6})?(?:[,.](\d*))?)?(?:\s*(z\b|[-+]\d{1,4}\b|\[[-+]?\d[^\]]*\]))?/,
    read: readDigits,
  },
];

export const beforeChrist: Form = {
  pattern: /\b(bc\b|bce\b|b\.c\.|b\.c\.e\.)/,
  read: (_groups, parts) => {
    parts.isBeforeChrist = true;
  },
};

/** A number that is left over is the day or the hour, whichever was not said. */
export const leftOver: Form = {
  pattern: /^\s*(\d{1,2})\s*$/,
  read: ([, digits], parts) => {
    const number = integerOf(digits);
    if (parts.hour !== undefined && parts.day === undefined && number >= 1 && number <= 31) parts.day = number;
    if (parts.day !== undefined && parts.hour === undefined && number <= 24) parts.hour = number;
  },
};

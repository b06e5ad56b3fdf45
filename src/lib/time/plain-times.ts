const DAY = 10;
const SECOND = 19;
/** Years outside are read by patterns: `Date.UTC` takes those below 100 for years of the last century. */
const [FIRST_YEAR, LAST_YEAR] = [1000, 3000];

/**
 * Reads the two forms that nearly all dates in files have: `2026-03-15` and `2026-03-15T12:00:00`, the latter with or without
 * `.000` and `Z`. Returns Unix milliseconds. null: another form, or an impossible date. Takes a tenth of a pattern's time.
 */
export function readPlainTime(text: string): number | null {
  const { length } = text;
  if (length !== DAY && !hasTimeOfDay(text)) return null;
  if (text[4] !== '-' || text[7] !== '-') return null;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)];
  const isDay = year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!isDay || (day > 28 && day > daysIn(year, month))) return null;
  if (length === DAY) return Date.UTC(year, month - 1, day);
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)];
  const ms = text[SECOND] === '.' ? digits(text, SECOND + 1, 3) : 0;
  if (!(hour <= 23 && minute <= 59 && second <= 59 && ms >= 0)) return null;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

/** Whether the marks between the digits are those of a time of day, and nothing follows that needs a pattern. */
function hasTimeOfDay(text: string): boolean {
  if (text.length < SECOND || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return false;
  const end = text[SECOND] === '.' ? SECOND + 4 : SECOND;
  return text.length === end || (text.length === end + 1 && text[end] === 'Z');
}

/** A number of `count` digits. NaN: other characters. */
function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let place = from; place < from + count; place += 1) {
    const digit = text.charCodeAt(place) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

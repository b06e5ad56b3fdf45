// Reads dates from texts. Source: audience.md §3 and §4 (stored values).
const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.:](\d{1,9}))?)?(?:(Z)|([+-])(\d{1,2}):(\d\d)|([+-])(\d\d)(\d\d)?)?)?$/;
const american = /^(\d\d)\/(\d\d)\/(\d{4})$/;
const spelled =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d)[. ](UTC|GMT|Z|[+-]\d\d:?\d\d) (\d{4})$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const latestYear = 3000;
const minuteMs = 60_000;

/**
 * Reads a text that is as a whole a date in a known form. Returns Unix milliseconds. null: not such a text, or an
 * impossible date. Without a zone the time is UTC.
 */
export function readStoredTime(text: string): number | null {
  if (text.length > 40) return null;
  return readIsoTime(text) ?? readAmerican(text) ?? readSpelled(text);
}

/** Like `readStoredTime`, but reads only the forms of ISO 8601. */
export function readIsoTime(text: string): number | null {
  const match = iso.exec(text);
  if (match === null) return null;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = '',
    ,
    sign,
    hours,
    minutes,
    shortSign,
    shortHours,
    shortMinutes,
  ] = match;
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const local = instant(year, month, day, hour, minute, second, ms);
  return local === null ? null : atOffset(local, sign ?? shortSign, hours ?? shortHours, minutes ?? shortMinutes);
}

function readAmerican(text: string): number | null {
  const [, month, day, year] = american.exec(text) ?? [];
  return year === undefined ? null : instant(year, month, day);
}

function readSpelled(text: string): number | null {
  const [, month = '', day, hour, minute, second, zone = '', year] = spelled.exec(text) ?? [];
  const local = instant(year, String(months.indexOf(month) + 1), day, hour, minute, second);
  if (local === null) return null;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return atOffset(local, sign, hours, minutes);
}

type Part = string | undefined;

function instant(
  year: Part,
  month: Part,
  day: Part,
  hour: Part = '0',
  minute: Part = '0',
  second: Part = '0',
  ms = 0,
): number | null {
  if (year === undefined || Number(year) > latestYear) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // Date turns 31 February into a day of March.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  return date.setUTCHours(Number(hour), Number(minute), Number(second), ms);
}

function atOffset(localMs: number, sign: Part, hours: Part = '0', minutes: Part = '0'): number | null {
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * minuteMs;
  return sign === '-' ? localMs + offsetMs : localMs - offsetMs;
}

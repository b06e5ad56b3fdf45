import { readPlainTime } from './plain-times.ts';

/*
 * Reads dates from texts, for every route: lenient in form, strict in meaning. Sources: audience.md §4, and how Ruby,
 * Python, Go and JavaScript print times.
 */
const clock = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,:](\d{1,9}))?)?`;
const offset = String.raw`[+-]\d{1,2}:\d\d|[+-]\d\d(?:\d\d)?`;
const zone = `[Zz]|UTC|GMT|${offset}`;
/** What Go prints after the offset: the zone's name, and the reading of a stopwatch. */
const goTail = String.raw`(?: (?:[A-Z]{1,5}|[+-]\d\d(?:\d\d)?))?(?: m=[+-]\d{1,12}\.\d{1,9})?`;
const weekday = '(Sun|Mon|Tue|Wed|Thu|Fri|Sat)';
const comment = String.raw`(?: \([\w +-]{1,40}\))?`;

const iso = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]${clock}(?: ?(${zone})${goTail})?)?$`);
const american = /^(\d\d)\/(\d\d)\/(\d{4})$/;
const spelled = new RegExp(
  String.raw`^${weekday} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d)[. ](UTC|GMT|Z|${offset}) (\d{4})$`,
);
/** RFC 5322 §3.3 and RFC 9110 §5.6.7: `Fri, 15 Feb 2019 00:00:00 GMT`. */
const mailed = new RegExp(
  String.raw`^${weekday}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (UTC|GMT|[+-]\d{4})${comment}$`,
);
/** JavaScript's `Date`: `Fri Feb 15 2019 00:00:00 GMT-0500 (Eastern Standard Time)`. */
const scripted = new RegExp(
  String.raw`^${weekday} ([A-Z][a-z]{2}) (\d\d) (\d{4}) (\d\d):(\d\d):(\d\d) GMT([+-]\d{4})${comment}$`,
);
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** How every known form begins. Most texts are no dates, and need not be compared with all of them. */
const BEGINNING = /^(?:\d\d|(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)[ ,])/;

const longestText = 90;
const latestYear = 3000;
const minuteMs = 60_000;

/**
 * Reads a text that is as a whole a date in a known form. Returns Unix milliseconds. null: not such a text, or an
 * impossible date. Without a zone the time is UTC.
 */
export function readStoredTime(text: string): number | null {
  if (!BEGINNING.test(text)) return null;
  return readIsoTime(text) ?? readAmerican(text) ?? readSpelled(text) ?? readMailed(text) ?? readScripted(text);
}

/** Like `readStoredTime`, but reads only dates that begin with the year: ISO 8601, and what Ruby, Python and Go print. */
export function readIsoTime(text: string): number | null {
  return readPlainTime(text) ?? readPatternTime(text);
}

function readPatternTime(text: string): number | null {
  if (text.length > longestText) return null;
  const [, year, month, day, hour, minute, second, fraction, zoned] = iso.exec(text) ?? [];
  return at({ year, month, day, hour, minute, second, fraction, zone: zoned });
}

function readAmerican(text: string): number | null {
  const [, month, day, year] = american.exec(text) ?? [];
  return at({ year, month, day });
}

function readSpelled(text: string): number | null {
  if (text.length > longestText) return null;
  const [, name, month, day, hour, minute, second, zoned, year] = spelled.exec(text) ?? [];
  return at({ year, month: monthOf(month), day, hour, minute, second, zone: zoned, weekday: name });
}

function readMailed(text: string): number | null {
  if (text.length > longestText) return null;
  const [, name, day, month, year, hour, minute, second, zoned] = mailed.exec(text) ?? [];
  return at({ year, month: monthOf(month), day, hour, minute, second, zone: zoned, weekday: name });
}

function readScripted(text: string): number | null {
  if (text.length > longestText) return null;
  const [, name, month, day, year, hour, minute, second, zoned] = scripted.exec(text) ?? [];
  return at({ year, month: monthOf(month), day, hour, minute, second, zone: zoned, weekday: name });
}

function monthOf(name = ''): string {
  return String(months.indexOf(name) + 1);
}

type Part = string | undefined;

interface Parts {
  year: Part;
  month: Part;
  day: Part;
  hour?: Part;
  minute?: Part;
  second?: Part;
  fraction?: Part;
  zone?: Part;
  weekday?: Part;
}

function at(parts: Parts): number | null {
  const local = localInstant(parts);
  const aheadMs = offsetOf(parts.zone);
  return local === null || aheadMs === null ? null : local - aheadMs;
}

/** The instant if the zone were UTC. null: no such day or time of day, or another day of the week. */
function localInstant({ year, month, day, hour = '0', minute = '0', second = '0', fraction, weekday }: Parts) {
  if (year === undefined || Number(year) > latestYear) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // Date turns 31 February into a day of March.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  if (weekday !== undefined && weekdays.indexOf(weekday) !== date.getUTCDay()) return null;
  const ms = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  return date.setUTCHours(Number(hour), Number(minute), Number(second), ms);
}

/** A zone's offset from UTC in milliseconds. Positive: ahead of UTC. null: no such offset. */
function offsetOf(zoned: Part): number | null {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{1,2}):?(\d\d)?$/.exec(zoned ?? '') ?? [];
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  const ms = (Number(hours) * 60 + Number(minutes)) * minuteMs;
  return sign === '-' ? -ms : ms;
}

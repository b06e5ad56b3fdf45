import { offsetMs } from '../../lib/time/time-zone.ts';
import { readTimeZone } from '../../lib/time/zone-names.ts';
import { type Budget, WORK_BETWEEN_READINGS } from '../liquid/budget.ts';
import { toMoment } from '../liquid/filters/dates.ts';
import { type Clock, type Moment, utcClock } from '../liquid/time/moment.ts';
import { toText } from '../liquid/values/show.ts';
import type { Value } from '../liquid/values/values.ts';

/** A time as clocks in a zone show it; UTC for a zone that is not known. What is no time stays as it is. */
export function inZone(value: Value, zone: Value, now: Date, budget: Budget): Value {
  const moment = toMoment(value, now, budget);
  if (moment === null) return value;
  // A zone that was not used before costs a table: the clock is read.
  budget.work(WORK_BETWEEN_READINGS);
  const name = readTimeZone(toText(zone, budget).slice(0, 100)) ?? 'UTC';
  return moment.on(clockOf(name, moment));
}

const LATEST_SECONDS = 8.64e12;

function clockOf(zone: string, moment: Moment): Clock {
  if (zone === 'UTC' || Math.abs(moment.seconds) > LATEST_SECONDS) return utcClock;
  const at = new Date(moment.seconds * 1000);
  const offset = offsetMs(at, zone) / 1000;
  return { offset, name: shortName(at, zone) ?? numericName(offset), isUtc: false };
}

/** English as it is spoken where clocks of that name are. */
const languages = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA'];

/** `CEST`; null where there is no such name. */
function shortName(at: Date, zone: string): string | null {
  for (const language of languages) {
    const name =
      namesOf(language, zone)
        .formatToParts(at)
        .find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  return null;
}

/** `+03`, as the database of zones names what has no name. */
function numericName(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${minutes % 60 === 0 ? '' : two(minutes % 60)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const MAX_FORMATS = 1_000;

function namesOf(language: string, timeZone: string): Intl.DateTimeFormat {
  const key = `${language} ${timeZone}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  if (formats.size >= MAX_FORMATS) formats.clear();
  const made = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: 'short' });
  formats.set(key, made);
  return made;
}

import { dayOfYear, daysOf, daysOfMonth } from './calendar.ts';
import { type Clock, Moment, utcClock } from './moment.ts';
import type { Parts } from './parts.ts';
import { recognize } from './recognize.ts';
import { clockOf } from './zones.ts';

/** A longer text is no time. */
export const MAX_TIME_LENGTH = 128;

/**
 * The moment that a text in small letters describes; null if it describes none. What it does not say is taken from
 * `now`, down to the first thing that it does say; what it says without a zone is UTC. As Ruby's Time.parse does.
 */
export function readTime(text: string, now: Date): Moment | null {
  const parts = recognize(text);
  const { year, month, day, hour, minute, second, fraction } = parts;
  const said = [year, month, day, parts.dayOfYear, hour, minute, second, fraction];
  const isSaid = said.some((part) => part !== undefined);
  return isSaid ? momentOf(parts, Moment.of(now)) : null;
}

function momentOf(parts: Parts, now: Moment): Moment | null {
  const clock = clockOf(parts.zone);
  const shown = now.on(clock ?? utcClock);
  if (Math.abs(clock?.offset ?? 0) >= DAY_SECONDS) return null;
  return parts.dayOfYear === undefined
    ? momentAt(fill(parts, shown), clock)
    : ofDayOfYear(parts, parts.dayOfYear, shown, clock);
}

/** Null if there is no such time. */
function momentAt(filled: Filled, clock: Clock | null): Moment | null {
  const { year, month, day, hour, minute, second, nanos } = toUtc(filled, clock?.offset ?? 0);
  if (!isPossible({ year, month, day, hour, minute, second })) return null;
  const seconds = daysOf({ year, month, day }) * DAY_SECONDS + hour * 3_600 + minute * 60 + second;
  return new Moment(seconds, nanos, clock ?? { ...utcClock, isUtc: false });
}

const DAY_SECONDS = 86_400;

interface Filled {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanos: number;
}

/**
 * Shifts a time to UTC field by field, as Ruby does: what the offset does not touch stays as it was written, also where
 * it is impossible, and a day that leaves its month is the first of the next or the last of the one before.
 */
function toUtc(filled: Filled, offset: number): Filled {
  const shifted = { ...filled };
  const direction = offset < 0 ? 1 : -1;
  let carried = Math.abs(offset);
  for (const [field, size] of clockFields) {
    const part = carried % size;
    carried = Math.floor(carried / size);
    if (part === 0) continue;
    const sum = shifted[field] + direction * part;
    shifted[field] = ((sum % size) + size) % size;
    carried += direction * Math.floor(sum / size);
  }
  return carried === 0 ? shifted : shiftDay(shifted, direction * carried);
}

const clockFields = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
] as const;

function shiftDay(filled: Filled, days: number): Filled {
  const day = filled.day + days;
  const hasMonth = filled.month >= 1 && filled.month <= 12;
  if (days > 0 && hasMonth && day > daysOfMonth(filled.year, filled.month)) {
    const isLast = filled.month === 12;
    return { ...filled, year: filled.year + (isLast ? 1 : 0), month: isLast ? 1 : filled.month + 1, day: 1 };
  }
  if (day >= 1) return { ...filled, day };
  const isFirst = filled.month <= 1;
  const [year, month] = isFirst ? [filled.year - 1, 12] : [filled.year, filled.month - 1];
  return { ...filled, year, month, day: daysOfMonth(year, month) };
}

const fields = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

function fill(parts: Parts, now: Moment): Filled {
  const { date, hour, minute, second } = now;
  const filled: Filled = {
    year: 1970,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: nanosOf(parts.fraction),
  };
  const current = { ...date, hour, minute, second };
  const firstSaid = fields.findIndex((field) => parts[field] !== undefined);
  for (const [index, field] of fields.entries()) {
    const isBefore = firstSaid === -1 || index < firstSaid;
    filled[field] = parts[field] ?? (isBefore ? current[field] : filled[field]);
  }
  return filled;
}

function nanosOf(fraction: string | undefined): number {
  return Number((fraction ?? '').slice(0, 9).padEnd(9, '0'));
}

/** Later seconds would not be whole numbers. */
const LATEST_YEAR = 280_000_000;

/** Days go to 31 in every month; an hour of 24 and a second of 60 are the start of what comes next. */
function isPossible({ year, month, day, hour, minute, second }: Omit<Filled, 'nanos'>): boolean {
  return (
    Math.abs(year) <= LATEST_YEAR &&
    isWithin(month, 1, 12) &&
    isWithin(day, 1, 31) &&
    isWithin(minute, 0, 59) &&
    isWithin(second, 0, 60) &&
    (isWithin(hour, 0, 23) || (hour === 24 && minute === 0 && second === 0))
  );
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** `2001-034`: guessed with months of 31 days, then put right once. */
function ofDayOfYear(parts: Parts, wanted: number, now: Moment, clock: Clock | null): Moment | null {
  if (!isWithin(wanted, 1, 366)) return null;
  const at = (month: number, day: number): Moment | null => momentAt(fill({ ...parts, month, day }, now), clock);
  const month = Math.floor((wanted - 1) / 31) + 1;
  const guessed = ((wanted - 1) % 31) + 1;
  const guess = at(month, guessed);
  if (guess === null) return null;
  const day = guessed + wanted - dayOfYear(guess.days);
  const last = daysOfMonth(parts.year ?? now.date.year, month);
  if (day === guessed) return guess;
  if (day <= 28 || day <= last) return at(month, day);
  return month === 12 ? null : at(month + 1, day - last);
}

import type { Budget } from '../budget.ts';
import { type Filters, takes } from '../filter.ts';
import { Moment, utcClock } from '../time/moment.ts';
import { MAX_TIME_LENGTH, readTime } from '../time/read-time.ts';
import { strftime } from '../time/strftime.ts';
import { toText } from '../values/show.ts';
import { isInteger, type Value } from '../values/values.ts';

export const dateFilters: Filters = new Map([
  ['date', takes(1, (input, [format], { now, budget }) => date(input, format, now, budget))],
]);

/** What is no time stays as it is. */
function date(input: Value, format: Value, now: Date, budget: Budget): Value {
  const pattern = toText(format, budget);
  if (pattern === '') return input;
  const moment = toMoment(input, now, budget);
  return moment === null ? input : strftime(moment, pattern, budget);
}

/** `now`, seconds since 1970, or a text that has something of a time in it. `now` is one instant in a rendering. */
export function toMoment(value: Value, now: Date, budget: Budget): Moment | null {
  if (value instanceof Moment) return value;
  if (isInteger(value)) return ofSeconds(Number(value));
  if (typeof value !== 'string' || value === '' || value.length > MAX_TIME_LENGTH) return null;
  // The forms of a date look at a text from each of its places.
  budget.work(15 * value.length ** 2);
  const text = value.toLowerCase();
  if (text === 'now' || text === 'today') return Moment.of(now);
  return /^\d+$/.test(text) ? ofSeconds(Number(text)) : readTime(text, now);
}

function ofSeconds(seconds: number): Moment | null {
  return Number.isSafeInteger(seconds) ? new Moment(seconds, 0, { ...utcClock, isUtc: false }) : null;
}

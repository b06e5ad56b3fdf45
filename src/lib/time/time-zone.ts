import { BoundedCache } from '../bounded-cache.ts';

/** A formatter's own data and that of ICU; an estimate. */
const FORMATTER_BYTES = 32_768;

/** The cache is bounded, because callers choose the names, which have many spellings: case does not matter. */
const formatters = new BoundedCache<string, Intl.DateTimeFormat>({ mostBytes: 640 * FORMATTER_BYTES });

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  // The Swedish format of dates is that of ISO 8601.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made, FORMATTER_BYTES);
  return made;
}

/** A zone's local time as `[year, month 1–12, day, hour, minute, second]`. Throws RangeError for an unknown zone. */
export function wallClock(at: Date, timeZone: string): number[] {
  return formatter(timeZone).format(at).split(/[- :]/).map(Number);
}

/** Whether this process knows a zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    formatter(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A zone's offset from UTC at an instant, in milliseconds. Positive: ahead of UTC. */
export function offsetMs(at: Date, timeZone: string): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = wallClock(at, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at.getTime() / 1000) * 1000;
}

const DAY_MS = 86_400_000;

/**
 * The instant at which the local time of a zone is what `wall` is in UTC. A local time that clocks show twice stands for
 * the first of the two. One that they skip is read with the offset before the gap, so that it comes as much later as the
 * gap is long: 02:30 becomes 03:30. Source: RFC 5545 §3.3.5.
 */
export function zonedTime(wall: Date, timeZone: string): Date {
  const at = (near: number) => wall.getTime() - offsetMs(new Date(near), timeZone);
  const before = at(wall.getTime() - DAY_MS);
  const after = at(wall.getTime() + DAY_MS);
  const shown = [before, after].filter((instant) => instant + offsetMs(new Date(instant), timeZone) === wall.getTime());
  return new Date(shown.length === 0 ? before : Math.min(...shown));
}

/** A time during which a zone has one offset. It ends before `until`. */
export interface OffsetPeriod {
  from: Date;
  until: Date;
  /** Positive: ahead of UTC. */
  aheadMs: number;
}

/** The offsets of a zone between two instants, in order. Two changes of clocks within a day may be missed. */
export function offsetPeriods(timeZone: string, from: Date, until: Date): OffsetPeriod[] {
  const periods: OffsetPeriod[] = [];
  let [start, aheadMs] = [from, offsetMs(from, timeZone)];
  for (let ms = from.getTime() + DAY_MS; ms < until.getTime() + DAY_MS; ms += DAY_MS) {
    const near = new Date(Math.min(ms, until.getTime()));
    if (offsetMs(near, timeZone) === aheadMs) continue;
    const change = changeBefore(near, timeZone);
    periods.push({ from: start, until: change, aheadMs });
    [start, aheadMs] = [change, offsetMs(near, timeZone)];
  }
  return [...periods, { from: start, until, aheadMs }];
}

/** The second in which a zone took the offset that it has at `at`, which was within the day before. */
function changeBefore(at: Date, timeZone: string): Date {
  const aheadMs = offsetMs(at, timeZone);
  let [before, after] = [at.getTime() - DAY_MS, at.getTime()];
  while (after - before > 1_000) {
    const middle = Math.floor((before + after) / 2_000) * 1_000;
    if (middle <= before) break;
    if (offsetMs(new Date(middle), timeZone) === aheadMs) after = middle;
    else before = middle;
  }
  return new Date(after);
}

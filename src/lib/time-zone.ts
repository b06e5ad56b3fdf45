import { BoundedCache } from './bounded-cache.ts';

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

/** A zone's offset from UTC at an instant, in milliseconds. Positive: ahead of UTC. */
export function offsetMs(at: Date, timeZone: string): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = wallClock(at, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at.getTime() / 1000) * 1000;
}

/** The instant at which the local time of a zone is what `wall` is in UTC. */
export function zonedTime(wall: Date, timeZone: string): Date {
  // The offset is taken twice, because clocks may change between the first guess and the instant.
  const near = wall.getTime() - offsetMs(wall, timeZone);
  return new Date(wall.getTime() - offsetMs(new Date(near), timeZone));
}

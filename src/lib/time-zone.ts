const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  // Swedish writes dates as ISO 8601 does.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made);
  return made;
}

/** The wall clock of a zone: `[year, month 1–12, day, hour, minute, second]`. Throws RangeError for an unknown zone. */
export function wallClock(at: Date, timeZone: string): number[] {
  return formatter(timeZone).format(at).split(/[- :]/).map(Number);
}

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds. */
export function offsetMs(at: Date, timeZone: string): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = wallClock(at, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at.getTime() / 1000) * 1000;
}

/** The instant at which a zone's clocks show what `wall` reads in UTC. */
export function zonedTime(wall: Date, timeZone: string): Date {
  // Twice: once near the time, once at it, for a change of clocks in between.
  const near = wall.getTime() - offsetMs(wall, timeZone);
  return new Date(wall.getTime() - offsetMs(new Date(near), timeZone));
}

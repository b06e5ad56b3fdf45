/** Number of days of a month, as the original counts monthly active users. */
export const MONTH_DAYS = 30;
/** How many days ago something may have happened that is still counted. */
export const LATE_DAYS = 30;
/** Number of days that are remembered of a person: those that may be counted, and the month before each. */
const KEPT_DAYS = LATE_DAYS + MONTH_DAYS;
const ALL_BITS = (1n << BigInt(KEPT_DAYS)) - 1n;

/** The days on which a person was active. Days are numbered since 1970, in UTC. */
export interface ActiveDays {
  lastDay: number;
  /** Bit n: active n days before `lastDay`. */
  bits: bigint;
}

/** What changes in the numbers of a day. */
export interface DayChange {
  /** People who were active on that day. */
  people: number;
  /** The difference between the month that ends on that day and the month of the day before. */
  month: number;
}

/** The number of the day in UTC. */
export function dayNumber(at: Date): number {
  return Math.floor(at.getTime() / 86_400_000);
}

/**
 * Adds days to those of a person, and adds what that changes to `changes`, by day. A person is in the months that end on
 * the day of an activity or on one of the 29 days after it, once in each. So a new day adds the person to those of its
 * months that neither the activity before nor the one after it is in.
 */
export function addActiveDays(
  known: ActiveDays | null,
  added: Iterable<number>,
  changes: Map<number, DayChange>,
): ActiveDays | null {
  const active = new Set(known === null ? [] : daysOf(known));
  for (const day of added) {
    if (active.has(day)) continue;
    const before = Math.max(...[...active].filter((other) => other < day));
    const after = Math.min(...[...active].filter((other) => other > day));
    const first = Math.max(day, before + MONTH_DAYS);
    const last = Math.min(day + MONTH_DAYS, after);
    changeOf(changes, day).people += 1;
    if (first < last) {
      changeOf(changes, first).month += 1;
      changeOf(changes, last).month -= 1;
    }
    active.add(day);
  }
  return active.size === 0 ? null : activeDaysOf(active);
}

function changeOf(changes: Map<number, DayChange>, day: number): DayChange {
  const change = changes.get(day) ?? { people: 0, month: 0 };
  changes.set(day, change);
  return change;
}

function daysOf({ lastDay, bits }: ActiveDays): number[] {
  return Array.from({ length: KEPT_DAYS }, (_, back) => back).flatMap((back) =>
    (bits >> BigInt(back)) & 1n ? [lastDay - back] : [],
  );
}

function activeDaysOf(days: ReadonlySet<number>): ActiveDays {
  const lastDay = Math.max(...days);
  let bits = 0n;
  for (const day of days) bits |= 1n << BigInt(lastDay - day);
  return { lastDay, bits: bits & ALL_BITS };
}

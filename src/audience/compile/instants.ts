import { joinSql, type Sql, sql } from '../../db/sql.ts';
import type { TimeTest } from '../grammar/filter.ts';

const DAY_MS = 86_400_000;

/** A bound in milliseconds since 1970. */
export type Bound = ['>' | '>=' | '<' | '<=', number];

/** The bounds that a time must keep to. A day is exactly 24 hours, to the millisecond. Source: audience.md §4. */
export function boundsOf(test: TimeTest, now: number): Bound[] {
  switch (test.comparison) {
    case 'after':
      return [['>', test.at]];
    case 'before':
      return [['<', test.at]];
    case 'less_than_x_days_ago':
      return [
        ['>', now - spanOf(test.days)],
        ['<=', now],
      ];
    case 'greater_than_x_days_ago':
      return [['<', now - spanOf(test.days)]];
    case 'less_than_x_days_in_the_future':
      return [
        ['>=', now],
        ['<', now + spanOf(test.days)],
      ];
    case 'greater_than_x_days_in_the_future':
      return [['>', now + spanOf(test.days)]];
  }
}

/** 00:00 UTC of the day `days` days ago, in milliseconds since 1970: where the filters that count by days begin. */
export function startOfDays(days: number, now: Date): number {
  return (Math.floor(now.getTime() / DAY_MS) - days) * DAY_MS;
}

function spanOf(days: number): number {
  return Math.round(days * DAY_MS);
}

export const operators = { '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` };

function holds(time: Sql, bounds: Bound[], literal: (ms: number) => Sql): Sql {
  const conditions = bounds.map(([operator, ms]) => sql`${time} ${operators[operator]} ${literal(ms)}`);
  return sql`coalesce(${joinSql(conditions, ' and ')}, false)`;
}

/** Whether `time`, a float8 of milliseconds since 1970, passes. A null time never passes. */
export function millisecondsHold(time: Sql, test: TimeTest, now: Date): Sql {
  return holds(time, boundsOf(test, now.getTime()), (ms) => sql`${ms}::float8`);
}

/** Whether `time`, a timestamptz, passes. A null time never passes. */
export function timestampHolds(time: Sql, test: TimeTest, now: Date): Sql {
  return holds(time, boundsOf(test, now.getTime()), timestamp);
}

const EARLIEST_MS = -210_000_000_000_000; // PostgreSQL's first year is 4713 BC
const LATEST_MS = 8_000_000_000_000_000; // the year 255,479; JavaScript's last year comes before PostgreSQL's

/** A timestamptz literal, written in UTC so that the database's time zone does not matter. */
export function timestamp(ms: number): Sql {
  if (ms < EARLIEST_MS) return sql`'-infinity'::timestamptz`;
  if (ms > LATEST_MS) return sql`'infinity'::timestamptz`;
  const at = new Date(ms);
  const year = at.getUTCFullYear();
  const text = `${String(year < 1 ? 1 - year : year).padStart(4, '0')}${at.toISOString().slice(-20)}${year < 1 ? ' BC' : ''}`;
  return sql`${text}::timestamptz`;
}

import { joinSql, type Sql, sql } from '../../db/sql.ts';
import type { TimeTest } from '../grammar/filter.ts';
import { type Bound, boundsOf, operators, timestamp } from './instants.ts';

type Operator = Bound[0];

const opposites: Readonly<Record<Operator, Operator>> = { '>': '<=', '>=': '<', '<': '>=', '<=': '>' };

/** Several times of one person. */
export interface Times {
  /** The column with the time. */
  time: Sql;
  /** `from … where …` of the person's rows. Further conditions may follow with `and`. */
  from: Sql;
}

/** Whether the latest time passes the test. */
export function latestHolds(times: Times, test: TimeTest, now: Date): Sql {
  return extremeHolds(times, boundsOf(test, now.getTime()), ['>', '>=']);
}

/** Whether the first time passes the test. */
export function firstHolds(times: Times, test: TimeTest, now: Date): Sql {
  return extremeHolds(times, boundsOf(test, now.getTime()), ['<', '<=']);
}

/**
 * Asks with `exists` instead of a maximum or minimum, because the planner can turn `exists` into joins. The latest time
 * is after a bound if any time is; it is before a bound if there is a time and none is after. The first time works
 * likewise. `sufficient`: the operators for which one time that passes decides.
 */
function extremeHolds({ time, from }: Times, bounds: readonly Bound[], sufficient: readonly Operator[]): Sql {
  const conditions = bounds.map(([operator, ms]) =>
    sufficient.includes(operator)
      ? sql`exists (select ${from} and ${time} ${operators[operator]} ${timestamp(ms)})`
      : sql`not exists (select ${from} and ${time} ${operators[opposites[operator]]} ${timestamp(ms)})`,
  );
  const isAnswered = bounds.some(([operator]) => sufficient.includes(operator));
  return sql`(${joinSql(isAnswered ? conditions : [sql`exists (select ${from})`, ...conditions], ' and ')})`;
}

import { joinSql, type Sql, sql } from '../../db/sql.ts';
import type { TimeTest } from '../grammar/filter.ts';
import { type Bound, boundsOf, operators, timestamp } from './instants.ts';

type Operator = Bound[0];

const opposites: Readonly<Record<Operator, Operator>> = { '>': '<=', '>=': '<', '<': '>=', '<=': '>' };

/** Several times of one person: the column, and the rows that hold it, up to an open end of their conditions. */
export interface Times {
  time: Sql;
  from: Sql;
}

/** Whether the latest of them passes. */
export function latestHolds(times: Times, test: TimeTest, now: Date): Sql {
  return extremeHolds(times, boundsOf(test, now.getTime()), ['>', '>=']);
}

/** Whether the first of them passes. */
export function firstHolds(times: Times, test: TimeTest, now: Date): Sql {
  return extremeHolds(times, boundsOf(test, now.getTime()), ['<', '<=']);
}

/**
 * As questions that the planner can turn into joins, which it cannot do with a maximum: the latest is after a bound when one
 * of them is, and before it when none is otherwise. Without any there is no latest.
 */
function extremeHolds({ time, from }: Times, bounds: readonly Bound[], enough: readonly Operator[]): Sql {
  const conditions = bounds.map(([operator, ms]) =>
    enough.includes(operator)
      ? sql`exists (select ${from} and ${time} ${operators[operator]} ${timestamp(ms)})`
      : sql`not exists (select ${from} and ${time} ${operators[opposites[operator]]} ${timestamp(ms)})`,
  );
  const isAnswered = bounds.some(([operator]) => enough.includes(operator));
  return sql`(${joinSql(isAnswered ? conditions : [sql`exists (select ${from})`, ...conditions], ' and ')})`;
}

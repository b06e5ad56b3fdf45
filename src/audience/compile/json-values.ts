import { type Sql, sql } from '../../db/sql.ts';
import { isStorable } from '../../lib/storable.ts';
import type { NumberComparison, Scalar, UntimedTest } from '../grammar/filter.ts';

/** What a missing number counts as; from the workspace's settings. */
export interface MissingNumbers {
  missingNumberIsZero: boolean;
}

/** Whether a jsonb value, null when it is missing, passes; never null. Source: audience.md §2.1, table "per profile". */
export function jsonHolds(value: Sql, test: UntimedTest, rules: MissingNumbers): Sql {
  switch (test.comparison) {
    case 'exists':
      return exists(value);
    case 'does_not_exist':
      return sql`(not ${exists(value)})`;
    case 'equals':
      return equals(value, test.value, rules);
    case 'not_equal':
      return differs(value, equals(value, test.value, rules));
    case 'includes_value':
      return includes(value, test.value);
    case 'does_not_include_value':
      return differs(value, includes(value, test.value));
    case 'matches_regex':
      return sql`(${isText(value)} and (${value} #>> '{}') ~ ${test.pattern.forPostgres})`;
    case 'does_not_match_regex':
      return sql`(${isText(value)} and (${value} #>> '{}') !~ ${test.pattern.forPostgres})`;
    default:
      return compares(value, test.comparison, test.value, rules);
  }
}

/** The exact complement, but for objects and arrays that hold one: they answer to presence only. */
export function differs(value: Sql, same: Sql): Sql {
  return sql`(not ${same} and not ${isNested(value)})`;
}

/** Blank texts and empty arrays are no values; `false`, 0 and `{}` are. */
function exists(value: Sql): Sql {
  return sql`coalesce(${value} not in ('null'::jsonb, '""'::jsonb, '[]'::jsonb), false)`;
}

/** Objects, and arrays that hold one. */
export function isNested(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) = 'object'
    or (jsonb_typeof(${value}) = 'array' and jsonb_path_exists(${value}, '$[*] ? (@.type() == "object")')), false)`;
}

/** Same JSON type, same value. A missing value may be the number 0. */
function equals(value: Sql, wanted: Scalar, rules: MissingNumbers): Sql {
  if (wanted === 0) return equalsZero(value, rules);
  return isPossible(wanted) ? sql`coalesce(${value} = ${JSON.stringify(wanted)}::jsonb, false)` : sql`false`;
}

export function equalsZero(value: Sql, { missingNumberIsZero }: MissingNumbers): Sql {
  return sql`coalesce(nullif(${value}, 'null'::jsonb) = '0'::jsonb, ${missingNumberIsZero}::boolean)`;
}

/** A text that PostgreSQL cannot hold equals nothing. */
export function isPossible(value: Scalar): boolean {
  return typeof value !== 'string' || isStorable(value);
}

function includes(value: Sql, wanted: Scalar): Sql {
  if (!isPossible(wanted)) return sql`false`;
  const isIn = sql`jsonb_typeof(${value}) = 'array' and ${value} @> ${JSON.stringify(wanted)}::jsonb`;
  return sql`(coalesce(${isIn}, false) and not ${isNested(value)})`;
}

function isText(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) = 'string' and ${value} <> '""'::jsonb, false)`;
}

const holdsForZero: Readonly<Record<NumberComparison, (wanted: number) => boolean>> = {
  greater_than: () => false,
  greater_than_or_equal_to: () => false,
  less_than: (wanted) => wanted > 0,
  less_than_or_equal_to: (wanted) => wanted >= 0,
};

const operators = {
  greater_than: sql`>`,
  greater_than_or_equal_to: sql`>=`,
  less_than: sql`<`,
  less_than_or_equal_to: sql`<=`,
};

/** A missing value may count as 0 where "less" is asked, and is never more than anything. */
function compares(
  value: Sql,
  comparison: NumberComparison,
  wanted: number,
  { missingNumberIsZero }: MissingNumbers,
): Sql {
  const whenMissing = missingNumberIsZero && holdsForZero[comparison](wanted);
  return sql`case coalesce(jsonb_typeof(${value}), 'null')
    when 'number' then ${value} ${operators[comparison]} ${JSON.stringify(wanted)}::jsonb
    when 'null' then ${whenMissing}::boolean else false end`;
}

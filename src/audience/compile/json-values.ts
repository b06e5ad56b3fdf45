import { type Sql, sql } from '../../db/sql.ts';
import { isStorable } from '../../lib/raw/storable.ts';
import type { NumberComparison, Scalar, UntimedTest } from '../grammar/filter.ts';

export interface MissingNumbers {
  /** Whether a missing number counts as 0: a setting of the workspace. */
  missingNumberIsZero: boolean;
}

/** Whether a jsonb value passes; never null. A null value is missing. Source: audience.md §2.1, table "per profile". */
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
    case 'is_any_of':
      return isAnyOf(value, test.values);
    case 'is_none_of':
      return differs(value, isAnyOf(value, test.values));
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

/** The complement of `same`, except for objects and arrays with objects: only tests of presence apply to them. */
export function differs(value: Sql, same: Sql): Sql {
  return sql`(not ${same} and not ${isNested(value)})`;
}

/** Whether there is a value. Empty texts and empty arrays count as none; `false`, 0 and `{}` count as values. */
function exists(value: Sql): Sql {
  return sql`coalesce(${value} not in ('null'::jsonb, '""'::jsonb, '[]'::jsonb), false)`;
}

/** Whether the value is an object, or an array with an object in it. */
export function isNested(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) = 'object'
    or (jsonb_typeof(${value}) = 'array' and jsonb_path_exists(${value}, '$[*] ? (@.type() == "object")')), false)`;
}

/** Whether JSON type and value are the same. A missing value may count as the number 0. */
function equals(value: Sql, wanted: Scalar, rules: MissingNumbers): Sql {
  if (wanted === 0) return equalsZero(value, rules);
  return isPossible(wanted) ? sql`coalesce(${value} = ${JSON.stringify(wanted)}::jsonb, false)` : sql`false`;
}

export function equalsZero(value: Sql, { missingNumberIsZero }: MissingNumbers): Sql {
  return sql`coalesce(nullif(${value}, 'null'::jsonb) = '0'::jsonb, ${missingNumberIsZero}::boolean)`;
}

/** Whether a stored value can equal this one: PostgreSQL cannot store every text. */
export function isPossible(value: Scalar): boolean {
  return typeof value !== 'string' || isStorable(value);
}

/** Whether the value is one of the texts, or an array that includes one of them. */
export function isAnyOf(value: Sql, texts: readonly string[]): Sql {
  // `?|` asks a text whether it is one of them, and an array whether it has one of them.
  return sql`(coalesce(${value} ?| ${texts.filter(isStorable)}::text[], false) and not ${isNested(value)})`;
}

/** Whether the value is an array that includes the wanted value, or one of the wanted texts. */
export function includes(value: Sql, wanted: Scalar | readonly string[]): Sql {
  if (typeof wanted === 'object') {
    return sql`(coalesce(jsonb_typeof(${value}) = 'array', false) and ${isAnyOf(value, wanted)})`;
  }
  if (!isPossible(wanted)) return sql`false`;
  const isIn = sql`jsonb_typeof(${value}) = 'array' and ${value} @> ${JSON.stringify(wanted)}::jsonb`;
  return sql`(coalesce(${isIn}, false) and not ${isNested(value)})`;
}

function isText(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) = 'string' and ${value} <> '""'::jsonb, false)`;
}

/** Whether a missing number that counts as 0 passes. It never passes a "greater" comparison. */
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

/** A missing value may count as 0 in "less" comparisons. It never passes a "greater" comparison. */
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

import { joinSql, type Sql, sql } from '../db/sql.ts';
import { isStorable } from '../lib/storable.ts';
import type { CustomAttribute, DayComparison, Filter, NumberComparison, Scalar } from './filter.ts';

export interface CompileContext {
  /** One instant for all filters of a dispatch. */
  now: Date;
}

const DAY_MS = 86_400_000;

/**
 * Parsed filter → boolean SQL over `profiles p`, never null. Values and attribute names are parameters.
 * Source: audience.md 2.1, table "per profile".
 */
export function compile(filter: Filter, context: CompileContext): Sql {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return sql`(${joinSql(
        filter.filters.map((one) => compile(one, context)),
        filter.kind === 'and' ? ' and ' : ' or ',
      )})`;
    case 'not':
      return sql`(not ${compile(filter.filter, context)})`;
    case 'custom_attribute':
      return attribute(filter, context);
    case 'state': {
      const column = filter.of === 'push' ? sql`p.push_state` : sql`p.email_state`;
      return filter.is ? sql`(${column} = ${filter.state})` : sql`(${column} <> ${filter.state})`;
    }
    case 'last_used_app': {
      const at = sql`${new Date(filter.at)}::timestamptz`;
      const holds = filter.comparison === 'after' ? sql`p.last_session_at > ${at}` : sql`p.last_session_at < ${at}`;
      return sql`coalesce(${holds}, false)`;
    }
  }
}

function attribute(filter: CustomAttribute, { now }: CompileContext): Sql {
  const value = sql`(p.custom -> ${filter.name}::text)`;
  switch (filter.comparison) {
    case 'exists':
      return exists(value);
    case 'does_not_exist':
      return sql`(not ${exists(value)})`;
    case 'equals':
      return equals(value, filter.value);
    case 'not_equal':
      return sql`(not ${equals(value, filter.value)} and not ${isNested(value)})`;
    case 'includes_value':
      return includes(value, filter.value);
    case 'does_not_include_value':
      return sql`(not ${includes(value, filter.value)} and not ${isNested(value)})`;
    case 'matches_regex':
      return sql`(${isText(value)} and ${textOf(value)} ~* ${filter.pattern})`;
    case 'does_not_match_regex':
      return sql`(${isText(value)} and ${textOf(value)} !~* ${filter.pattern})`;
    case 'greater_than':
    case 'greater_than_or_equal_to':
    case 'less_than':
    case 'less_than_or_equal_to':
      return compares(value, filter.comparison, filter.value);
    case 'after':
      return timed(filter.name, (time) => sql`${time} > ${filter.at}::float8`);
    case 'before':
      return timed(filter.name, (time) => sql`${time} < ${filter.at}::float8`);
    default:
      return timed(filter.name, (time) => within(time, filter.comparison, now.getTime(), filter.days * DAY_MS));
  }
}

/** Blank texts and empty arrays are no values; `false`, 0 and `{}` are. */
function exists(value: Sql): Sql {
  return sql`coalesce(${value} not in ('null'::jsonb, '""'::jsonb, '[]'::jsonb), false)`;
}

/** Objects, and arrays that hold one, answer to presence only. */
function isNested(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) = 'object'
    or (jsonb_typeof(${value}) = 'array' and jsonb_path_exists(${value}, '$[*] ? (@.type() == "object")')), false)`;
}

/** Same JSON type, same value. A missing value is the number 0. */
function equals(value: Sql, wanted: Scalar): Sql {
  const json = jsonOf(wanted);
  if (json === null) return sql`false`;
  return wanted === 0 ? sql`coalesce(${value} = ${json}, true)` : sql`coalesce(${value} = ${json}, false)`;
}

/** Null for a text that cannot be stored, and so equals nothing. */
function jsonOf(value: Scalar): Sql | null {
  return typeof value === 'string' && !isStorable(value) ? null : sql`${JSON.stringify(value)}::jsonb`;
}

function includes(value: Sql, wanted: Scalar): Sql {
  const json = jsonOf(wanted);
  if (json === null) return sql`false`;
  return sql`(coalesce(jsonb_typeof(${value}) = 'array' and ${value} @> ${json}, false) and not ${isNested(value)})`;
}

function isText(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) = 'string' and ${value} <> '""'::jsonb, false)`;
}

function textOf(value: Sql): Sql {
  return sql`(${value} #>> '{}')`;
}

const holdsForZero: Readonly<Record<NumberComparison, (wanted: number) => boolean>> = {
  greater_than: () => false,
  greater_than_or_equal_to: () => false,
  less_than: (wanted) => wanted > 0,
  less_than_or_equal_to: (wanted) => wanted >= 0,
};

/** A missing value counts as 0 where "less" is asked, and never as more than anything. */
function compares(value: Sql, comparison: NumberComparison, wanted: number): Sql {
  const json = sql`${JSON.stringify(wanted)}::jsonb`;
  const holds = {
    greater_than: sql`${value} > ${json}`,
    greater_than_or_equal_to: sql`${value} >= ${json}`,
    less_than: sql`${value} < ${json}`,
    less_than_or_equal_to: sql`${value} <= ${json}`,
  }[comparison];
  return sql`case coalesce(jsonb_typeof(${value}), 'null')
    when 'number' then ${holds} when 'null' then ${holdsForZero[comparison](wanted)}::boolean else false end`;
}

function timed(name: string, holds: (time: Sql) => Sql): Sql {
  return sql`coalesce(${holds(sql`(p.custom_times ->> ${name}::text)::float8`)}, false)`;
}

function within(time: Sql, comparison: DayComparison, now: number, span: number): Sql {
  switch (comparison) {
    case 'less_than_x_days_ago':
      return sql`(${time} > ${now - span}::float8 and ${time} <= ${now}::float8)`;
    case 'greater_than_x_days_ago':
      return sql`${time} < ${now - span}::float8`;
    case 'less_than_x_days_in_the_future':
      return sql`(${time} >= ${now}::float8 and ${time} < ${now + span}::float8)`;
    case 'greater_than_x_days_in_the_future':
      return sql`${time} > ${now + span}::float8`;
  }
}

import { type Sql, sql } from '../../db/sql.ts';
import { isStorable } from '../../lib/raw/storable.ts';
import type { AudienceContext } from '../context.ts';
import {
  type AttributeName,
  attributeTypes,
  type Leaf,
  type NumberTest,
  type UntimedTest,
  type ValueTest,
} from '../grammar/filter.ts';
import { timestamp, timestampHolds } from './instants.ts';

const columns: Readonly<Record<AttributeName, Sql>> = {
  first_name: sql`p.first_name`,
  last_name: sql`p.last_name`,
  email: sql`p.email`,
  phone: sql`p.phone`,
  country: sql`p.country`,
  language: sql`p.language`,
  gender: sql`p.gender`,
  home_city: sql`p.home_city`,
  time_zone: sql`p.time_zone`,
  external_id: sql`p.external_id`,
  dob: sql`(p.dob::timestamp at time zone 'UTC')`,
  created_at: sql`p.created_at`,
  random_bucket: sql`p.random_bucket`,
};

export function defaultAttribute(leaf: Extract<Leaf, { kind: 'attribute' }>, { now }: AudienceContext): Sql {
  const column = columns[leaf.name];
  if ('days' in leaf || 'at' in leaf) return timestampHolds(column, leaf, now);
  switch (attributeTypes[leaf.name]) {
    case 'text':
      return textHolds(column, leaf);
    case 'number':
      return storedNumberHolds(column, leaf);
    case 'time':
      return leaf.comparison === 'exists' ? sql`(${column} is not null)` : sql`(${column} is null)`;
  }
}

/** The parser allows only comparisons that apply to texts. */
function textHolds(column: Sql, test: ValueTest): Sql {
  switch (test.comparison) {
    case 'exists':
      return sql`coalesce(${column} <> '', false)`;
    case 'does_not_exist':
      return sql`coalesce(${column} = '', true)`;
    case 'equals':
      return isOneOf(column, [String(test.value)]);
    case 'not_equal':
      return sql`(not ${isOneOf(column, [String(test.value)])})`;
    case 'is_any_of':
      return isOneOf(column, test.values);
    case 'is_none_of':
      return sql`(not ${isOneOf(column, test.values)})`;
    case 'matches_regex':
      return sql`coalesce(${column} <> '' and ${column} ~ ${test.pattern.forPostgres}, false)`;
    case 'does_not_match_regex':
      return sql`coalesce(${column} <> '' and ${column} !~ ${test.pattern.forPostgres}, false)`;
    default:
      throw new Error(`${test.comparison} does not apply to a text`);
  }
}

/** A text that PostgreSQL cannot store equals nothing. */
function isOneOf(column: Sql, values: readonly string[]): Sql {
  return sql`coalesce(${column} = any(${values.filter(isStorable)}::text[]), false)`;
}

const operators = {
  equals: sql`=`,
  not_equal: sql`<>`,
  greater_than: sql`>`,
  greater_than_or_equal_to: sql`>=`,
  less_than: sql`<`,
  less_than_or_equal_to: sql`<=`,
};

/** `number` must not be null; something never counted is 0. */
export function numberHolds(number: Sql, test: NumberTest): Sql {
  return sql`(${number}::float8 ${operators[test.comparison]} ${test.value}::float8)`;
}

function storedNumberHolds(column: Sql, test: UntimedTest): Sql {
  if (test.comparison === 'exists') return sql`true`;
  if (test.comparison === 'does_not_exist') return sql`false`;
  if ('value' in test && typeof test.value === 'number' && isNumberTest(test)) return numberHolds(column, test);
  throw new Error(`${test.comparison} does not apply to a number`);
}

function isNumberTest(test: { comparison: string }): test is NumberTest {
  return Object.hasOwn(operators, test.comparison);
}

/** Tests the exact state: "subscribed" does not include people who opted in. */
export function state(leaf: Extract<Leaf, { kind: 'state' }>): Sql {
  const column = leaf.of === 'push' ? sql`p.push_state` : sql`p.email_state`;
  return leaf.is ? sql`(${column} = ${leaf.state})` : sql`(${column} <> ${leaf.state})`;
}

export function lastUsedApp(leaf: Extract<Leaf, { kind: 'last_used_app' }>): Sql {
  const operator = leaf.comparison === 'after' ? sql`>` : sql`<`;
  return sql`coalesce(p.last_session_at ${operator} ${timestamp(leaf.at)}, false)`;
}

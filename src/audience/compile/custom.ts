import { type Sql, sql } from '../../db/sql.ts';
import { isStorable } from '../../lib/raw/storable.ts';
import { type AudienceContext, readableName } from '../context.ts';
import {
  isNegative,
  type Leaf,
  type PathStep,
  type Scalar,
  type TimeTest,
  type UntimedTest,
} from '../grammar/filter.ts';
import { millisecondsHold } from './instants.ts';
import { differs, equalsZero, includes, isNested, isPossible, jsonHolds, type MissingNumbers } from './json-values.ts';

type CustomAttribute = Extract<Leaf, { kind: 'custom_attribute' }>;
type Nested = Extract<Leaf, { kind: 'nested_custom_attribute' }>;

/**
 * An attribute that equals or includes a value contains it, so the index on profiles (custom jsonb_path_ops) finds the
 * people when the filter is alone or under AND. A missing number may equal 0; the index cannot find that.
 */
export function customAttribute(leaf: CustomAttribute, context: AudienceContext): Sql {
  const rules = context.workspace.settings.audience;
  const name = readableName(leaf.name, context);
  const value = sql`(p.custom -> ${name}::text)`;
  switch (leaf.comparison) {
    case 'equals':
    case 'not_equal': {
      const same = leaf.value === 0 ? equalsZero(value, rules) : contains(name, leaf.value, leaf.value);
      return leaf.comparison === 'equals' ? same : differs(value, same);
    }
    case 'includes_value':
    case 'does_not_include_value': {
      const isIn = includesIndexed(value, name, leaf.value);
      return leaf.comparison === 'includes_value' ? isIn : differs(value, isIn);
    }
    case 'is_any_of':
      return sql`(${mayHold(name, leaf.values)} and ${jsonHolds(value, leaf, rules)})`;
    default:
      if ('days' in leaf || 'at' in leaf) {
        return millisecondsHold(sql`(p.custom_times ->> ${name}::text)::float8`, leaf, context.now);
      }
      return jsonHolds(value, leaf, rules);
  }
}

function includesIndexed(value: Sql, name: string, wanted: Scalar | readonly string[]): Sql {
  if (typeof wanted === 'object') return sql`(${mayHold(name, wanted)} and ${includes(value, wanted)})`;
  return sql`(${contains(name, wanted, [wanted])} and not ${isNested(value)})`;
}

/** Most texts that are looked up in the index. With 256, the index takes longer than reading 30,000 profiles. */
const MOST_INDEXED = 16;

/** Whether the attribute is or includes one of the texts, in a form that the index answers. It may hold for others. */
function mayHold(name: string, texts: readonly string[]): Sql {
  if (texts.length > MOST_INDEXED) return sql`true`;
  const found = texts.filter(isStorable).map((text) => `@ == ${JSON.stringify(text)}`);
  return found.length === 0
    ? sql`false`
    : sql`(p.custom @? ${`$.${JSON.stringify(name)} ? (${found.join(' || ')})`}::jsonpath)`;
}

function contains(name: string, wanted: Scalar, shape: Scalar | Scalar[]): Sql {
  return isPossible(wanted) ? sql`(p.custom @> ${JSON.stringify({ [name]: shape })}::jsonb)` : sql`false`;
}

/** With several values, one must pass a positive comparison and all a negative one. With none, the value is missing. */
export function nestedAttribute(leaf: Nested, context: AudienceContext): Sql {
  const rules = context.workspace.settings.audience;
  const name = readableName(leaf.name, context);
  const path = pathOf(leaf.steps);
  if ('days' in leaf || 'at' in leaf) return nestedTimeHolds({ ...leaf, name }, path, context.now);
  if (!leaf.steps.includes('each')) {
    return jsonHolds(sql`jsonb_path_query_first(p.custom -> ${name}::text, ${path}::jsonpath)`, leaf, rules);
  }
  return sql`(select coalesce(${overAll(leaf, rules)}, ${jsonHolds(sql`null::jsonb`, leaf, rules)})
    from jsonb_path_query(p.custom -> ${name}::text, ${path}::jsonpath) as found(value))`;
}

/** Whether one of the times at the path passes. `nested_times` has the shape of `custom`, so the path is the same. */
function nestedTimeHolds(leaf: Nested & TimeTest, path: string, now: Date): Sql {
  const ms = sql`case when jsonb_typeof(found.value) = 'number' then found.value::float8 end`;
  return sql`exists (
    select from jsonb_path_query(p.nested_times -> ${leaf.name}::text, ${path}::jsonpath) as found(value)
     where ${millisecondsHold(ms, leaf, now)})`;
}

function overAll(test: UntimedTest, rules: MissingNumbers): Sql {
  const passes = jsonHolds(sql`found.value`, test, rules);
  return isNegative(test.comparison) ? sql`bool_and(${passes})` : sql`bool_or(${passes})`;
}

/** A strict JSON path that never fails: it skips null, and every value whose type does not fit a step. */
function pathOf(steps: readonly PathStep[]): string {
  const parts = steps.map((step) => {
    if (step === 'each') return ' ? (@.type() == "array")[*]';
    const member = JSON.stringify(step.member);
    return ` ? (@.type() == "object") ? (exists(@.${member})).${member}`;
  });
  return `strict $${parts.join('')} ? (@.type() != "null")`;
}

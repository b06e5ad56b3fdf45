import { type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';
import { isNegative, type Leaf, type PathStep, type Scalar, type UntimedTest } from '../grammar/filter.ts';
import { millisecondsHold } from './instants.ts';
import { differs, equalsZero, isNested, isPossible, jsonHolds, type MissingNumbers } from './json-values.ts';

type CustomAttribute = Extract<Leaf, { kind: 'custom_attribute' }>;
type Nested = Extract<Leaf, { kind: 'nested_custom_attribute' }>;

/**
 * An attribute that equals or includes a value contains it, so the index on profiles (custom jsonb_path_ops) finds the
 * people when the filter is alone or under AND. A missing number may equal 0; the index cannot find that.
 */
export function customAttribute(leaf: CustomAttribute, { now, workspace }: AudienceContext): Sql {
  const rules = workspace.settings.audience;
  const value = sql`(p.custom -> ${leaf.name}::text)`;
  switch (leaf.comparison) {
    case 'equals':
    case 'not_equal': {
      const same = leaf.value === 0 ? equalsZero(value, rules) : contains(leaf.name, leaf.value, leaf.value);
      return leaf.comparison === 'equals' ? same : differs(value, same);
    }
    case 'includes_value':
    case 'does_not_include_value': {
      const includes = sql`(${contains(leaf.name, leaf.value, [leaf.value])} and not ${isNested(value)})`;
      return leaf.comparison === 'includes_value' ? includes : differs(value, includes);
    }
    default:
      if ('days' in leaf || 'at' in leaf) {
        return millisecondsHold(sql`(p.custom_times ->> ${leaf.name}::text)::float8`, leaf, now);
      }
      return jsonHolds(value, leaf, rules);
  }
}

function contains(name: string, wanted: Scalar, shape: Scalar | Scalar[]): Sql {
  return isPossible(wanted) ? sql`(p.custom @> ${JSON.stringify({ [name]: shape })}::jsonb)` : sql`false`;
}

/** With several values, one must pass a positive comparison and all a negative one. With none, the value is missing. */
export function nestedAttribute(leaf: Nested, { workspace }: AudienceContext): Sql {
  const rules = workspace.settings.audience;
  const path = pathOf(leaf.steps);
  if (!leaf.steps.includes('each')) {
    return jsonHolds(sql`jsonb_path_query_first(p.custom -> ${leaf.name}::text, ${path}::jsonpath)`, leaf, rules);
  }
  return sql`(select coalesce(${overAll(leaf, rules)}, ${jsonHolds(sql`null::jsonb`, leaf, rules)})
    from jsonb_path_query(p.custom -> ${leaf.name}::text, ${path}::jsonpath) as found(value))`;
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

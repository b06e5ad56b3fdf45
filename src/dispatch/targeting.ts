import { compile } from '../audience/compile/compile.ts';
import { type AudienceContext, filterOf, hasPattern } from '../audience/context.ts';
import type { Filter } from '../audience/filter.ts';
import { parseAudience } from '../audience/parse.ts';
import { type Sql, sql } from '../db/sql.ts';
import type { LoadedDispatch } from './loaded.ts';

/** Whom a request describes; null = everybody. */
export interface TargetingFilters {
  segment: Filter | null;
  audience: Filter | null;
}

/** Conditions over `profiles p`; both must hold. `true` where the request names none. */
export interface Targeting {
  inSegment: Sql;
  inAudience: Sql;
  /** The database then has a limited time for it: see audience/time-limit.ts. */
  hasPattern: boolean;
}

export function filtersOf({ plan, workspace }: Pick<LoadedDispatch, 'plan' | 'workspace'>): TargetingFilters {
  const segment = plan.segmentId === null ? undefined : workspace.segments.get(plan.segmentId);
  if (plan.segmentId !== null && segment === undefined) throw new Error(`segment ${plan.segmentId} is gone`);
  return {
    segment: segment === undefined ? null : filterOf(segment),
    audience: plan.audience === null ? null : audienceOf(plan.audience),
  };
}

const parsed = new WeakMap<object, Filter>();

/** Plans are kept while their dispatch is in work: each is parsed once. */
function audienceOf(given: Record<string, unknown>): Filter {
  const filter = parsed.get(given) ?? parseAudience(given, 'audience');
  parsed.set(given, filter);
  return filter;
}

/**
 * `now` is one instant for all filters of the dispatch. With `userIds` the conditions hold for these people alone, and cost
 * less for it: an expansion in pieces gives those of its piece.
 */
export function targetingOf(dispatch: LoadedDispatch, now: Date, userIds?: AudienceContext['userIds']): Targeting {
  return compileTargeting(filtersOf(dispatch), { now, workspace: dispatch.workspace, userIds });
}

export function compileTargeting({ segment, audience }: TargetingFilters, context: AudienceContext): Targeting {
  const { workspace } = context;
  return {
    inSegment: segment === null ? sql`true` : compile(segment, context),
    inAudience: audience === null ? sql`true` : compile(audience, context),
    hasPattern: hasPattern(segment, workspace) || hasPattern(audience, workspace),
  };
}

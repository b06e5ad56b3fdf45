import { type AudienceContext, filterOf } from '../../audience/context.ts';
import type { Filter } from '../../audience/grammar/filter.ts';
import { parseAudience } from '../../audience/grammar/parse.ts';
import { compileTargeting, type Targeting, type TargetingFilters } from '../../audience/targeting.ts';
import { segmentMeant } from '../../workspace/catalog.ts';
import type { LoadedDispatch } from './loaded-dispatch.ts';

export function filtersOf({ plan, workspace }: Pick<LoadedDispatch, 'plan' | 'workspace'>): TargetingFilters {
  const segment = plan.segmentId === null ? undefined : segmentMeant(workspace, plan.segmentId);
  if (plan.segmentId !== null && segment === undefined) throw new Error(`segment ${plan.segmentId} is gone`);
  return {
    segment: segment === undefined ? null : filterOf(segment),
    audience: plan.audience === null ? null : audienceOf(plan.audience),
  };
}

const parsed = new WeakMap<object, Filter>();

/** Parses each audience once, because a plan is kept while its dispatch is in work. */
function audienceOf(given: Record<string, unknown>): Filter {
  const filter = parsed.get(given) ?? parseAudience(given, 'audience');
  parsed.set(given, filter);
  return filter;
}

/**
 * Compiles the filters of a dispatch. `now`: the one instant for which all are evaluated. `userIds`: limits the
 * conditions to these people, which makes them cheaper; an expansion gives the people of its piece.
 */
export function targetingOf(dispatch: LoadedDispatch, now: Date, userIds?: AudienceContext['userIds']): Targeting {
  return compileTargeting(filtersOf(dispatch), { now, workspace: dispatch.workspace, userIds });
}

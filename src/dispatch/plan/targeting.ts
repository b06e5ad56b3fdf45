import { type AudienceContext, filterOf } from '../../audience/context.ts';
import type { Filter } from '../../audience/grammar/filter.ts';
import { parseAudience } from '../../audience/grammar/parse.ts';
import { compileTargeting, type Targeting, type TargetingFilters } from '../../audience/targeting.ts';
import type { LoadedDispatch } from './loaded-dispatch.ts';

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

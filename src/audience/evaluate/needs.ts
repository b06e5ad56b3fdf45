import { segmentMeant } from '../../workspace/catalog.ts';
import { type AudienceWorkspace, filterOf, leavesOf } from '../context.ts';
import type { Filter, Leaf } from '../grammar/filter.ts';

/** The parts of the facts that cost extra work to load. Columns of the profile cost nothing extra. */
export type Need = 'custom' | 'totals' | 'days' | 'groups' | 'tokens' | 'flags' | 'received' | 'sessions';

const needOf: Readonly<Record<Leaf['kind'], Need | null>> = {
  custom_attribute: 'custom',
  nested_custom_attribute: 'custom',
  attribute: null,
  state: null,
  last_used_app: null,
  session_count: null,
  session_count_in_days: 'sessions',
  done: 'totals',
  done_first: 'totals',
  done_last: 'totals',
  purchase_total: 'totals',
  done_in_days: 'days',
  subscription_group: 'groups',
  email_available: 'flags',
  address_flag: 'flags',
  push_enabled: 'tokens',
  last_received: 'received',
  received_campaign: 'received',
  received_tag: 'received',
  segment: null,
};

/** The parts needed to evaluate a filter, with those of the segments that it refers to. */
export function needsOf(filter: Filter | null, workspace: AudienceWorkspace): Set<Need> {
  const needs = new Set<Need>();
  for (const leaf of leavesOf(filter)) {
    const need = needOf[leaf.kind];
    if (need !== null) needs.add(need);
    if (leaf.kind !== 'segment') continue;
    const segment = segmentMeant(workspace, leaf.segmentId);
    if (segment !== undefined) for (const inner of needsOf(filterOf(segment), workspace)) needs.add(inner);
  }
  return needs;
}

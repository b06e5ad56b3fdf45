import { RequestError } from '../../errors.ts';
import { bounded } from '../../lib/raw/bounded-texts.ts';
import { namesNo } from '../../lib/raw/json.ts';
import { type Definitions, idKey } from '../../workspace/catalog.ts';
import { filterOf, leavesOf } from '../context.ts';
import type { Filter, Leaf } from './filter.ts';

/** The problems, with paths, of references to things that the workspace does not have or may no longer use. */
export function referenceProblems(filter: Filter | null, workspace: Definitions): string[] {
  return leavesOf(filter).flatMap((leaf) => problemOf(leaf, workspace) ?? []);
}

/** Throws RequestError `bad_request` with all problems. */
export function checkReferences(filter: Filter | null, workspace: Definitions): void {
  const problems = referenceProblems(filter, workspace);
  if (problems.length > 0) throw new RequestError('bad_request', bounded(problems));
}

function problemOf(leaf: Leaf, workspace: Definitions): string | null {
  switch (leaf.kind) {
    case 'subscription_group':
      return groupProblem(`${leaf.path}.subscription_group_id`, leaf.groupId, workspace);
    case 'push_enabled':
      if (leaf.appId === null || workspace.apps.has(idKey(leaf.appId))) return null;
      return `${leaf.path}.app_id: ${namesNo('an app', leaf.appId)}`;
    case 'received_campaign':
      if (workspace.campaigns.has(idKey(leaf.campaignId))) return null;
      return `${leaf.path}.campaign_id: ${namesNo('a campaign', leaf.campaignId)}`;
    case 'segment':
      return segmentProblem(`${leaf.path}.segment_id`, leaf.segmentId, workspace);
    default:
      return null;
  }
}

function groupProblem(path: string, id: string, workspace: Definitions): string | null {
  const group = workspace.subscriptionGroups.get(idKey(id));
  if (group === undefined) return `${path}: ${namesNo('a subscription group', id)}`;
  return group.archived ? `${path}: names an archived subscription group` : null;
}

/** A segment that uses another one cannot be used itself, so there are no cycles. Source: audience.md §6.2. */
function segmentProblem(path: string, id: string, workspace: Definitions): string | null {
  const segment = workspace.segments.get(idKey(id));
  if (segment === undefined) return `${path}: ${namesNo('a segment', id)}`;
  if (segment.archived) return `${path}: names an archived segment`;
  const inner = filterOf(segment);
  if (leavesOf(inner).some(({ kind }) => kind === 'segment')) {
    return `${path}: names a segment that itself uses the filter "segment"; such a segment cannot be used by another`;
  }
  const [problem] = referenceProblems(inner, workspace);
  return problem === undefined ? null : `${path}: names a segment that cannot be used: ${problem}`;
}

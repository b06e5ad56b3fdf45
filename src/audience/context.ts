import { type Segment, segmentMeant, type WorkspaceCatalog } from '../workspace/catalog.ts';
import type { Filter, Leaf } from './grammar/filter.ts';
import { parseAudience } from './grammar/parse.ts';

/** The definitions of the workspace that filters refer to. */
export type AudienceWorkspace = Pick<
  WorkspaceCatalog,
  'id' | 'settings' | 'apps' | 'subscriptionGroups' | 'segments' | 'removedSegments' | 'campaigns' | 'blockedAttributes'
>;

/** What the meaning of a filter depends on besides the filter itself. */
export interface AudienceContext {
  /** The instant for all filters of a dispatch. */
  now: Date;
  workspace: AudienceWorkspace;
  /** Limits the question to user ids above `after`, up to and including `upTo`. Default: everybody. */
  userIds?: { after: number; upTo: number } | undefined;
}

/** No attribute has this name. */
const NOBODYS_ATTRIBUTE = '';

/** The name under which the values of a custom attribute are found. Nobody has a value of one that is blocked. */
export function readableName(name: string, { workspace }: AudienceContext): string {
  return workspace.blockedAttributes?.has(name) ? NOBODYS_ATTRIBUTE : name;
}

const parsed = new WeakMap<Segment, Filter | null>();

/** A segment's filter; its paths begin with `segment`. null: everybody. Segments never change, so each is parsed once. */
export function filterOf(segment: Segment): Filter | null {
  const known = parsed.get(segment);
  if (known !== undefined) return known;
  const filter = segment.filter === null ? null : parseAudience(segment.filter, 'segment', { isSegment: true });
  parsed.set(segment, filter);
  return filter;
}

/** All leaves of a filter in reading order, without those of the segments that it refers to. */
export function leavesOf(filter: Filter | null): readonly Leaf[] {
  if (filter === null) return [];
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(leavesOf);
    case 'not':
      return leavesOf(filter.filter);
    default:
      return [filter];
  }
}

/** Whether the filter, or a segment in it, tests a pattern. Only then can an audience take very long. */
export function hasPattern(filter: Filter | null, workspace: AudienceWorkspace): boolean {
  return leavesOf(filter).some((leaf) => {
    if (leaf.kind !== 'segment') return 'pattern' in leaf;
    const segment = segmentMeant(workspace, leaf.segmentId);
    return segment !== undefined && hasPattern(filterOf(segment), workspace);
  });
}

/** The ids of the campaigns that have this tag now. */
export function campaignsTagged({ campaigns }: AudienceWorkspace, tag: string): string[] {
  return [...campaigns.values()].filter(({ tags }) => tags.includes(tag)).map(({ id }) => id);
}

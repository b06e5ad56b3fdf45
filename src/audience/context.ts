import { idKey, type Segment, type WorkspaceCatalog } from '../workspace/catalog.ts';
import type { Filter, Leaf } from './grammar/filter.ts';
import { parseAudience } from './grammar/parse.ts';

/** What the operator defined that filters refer to. */
export type AudienceWorkspace = Pick<
  WorkspaceCatalog,
  'id' | 'settings' | 'apps' | 'subscriptionGroups' | 'segments' | 'campaigns'
>;

/** What a filter means besides its own words. */
export interface AudienceContext {
  /** One instant for all filters of a dispatch. */
  now: Date;
  workspace: AudienceWorkspace;
  /** When only people of these user ids are asked about: above `after`, and `upTo` included. */
  userIds?: { after: number; upTo: number } | undefined;
}

const parsed = new WeakMap<Segment, Filter | null>();

/** A segment's filter, its paths beginning with `segment`; null = everybody. Segments are immutable: each is parsed once. */
export function filterOf(segment: Segment): Filter | null {
  const known = parsed.get(segment);
  if (known !== undefined) return known;
  const filter = segment.filter === null ? null : parseAudience(segment.filter, 'segment', { isSegment: true });
  parsed.set(segment, filter);
  return filter;
}

/** Every filter in it, in reading order; segments that it refers to are not looked into. */
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

/** Whether texts are tried on a pattern anywhere in it: only then can an audience take very long. */
export function hasPattern(filter: Filter | null, workspace: AudienceWorkspace): boolean {
  return leavesOf(filter).some((leaf) => {
    if (leaf.kind !== 'segment') return 'pattern' in leaf;
    const segment = workspace.segments.get(idKey(leaf.segmentId));
    return segment !== undefined && hasPattern(filterOf(segment), workspace);
  });
}

/** The campaigns that have this tag now. */
export function campaignsTagged({ campaigns }: AudienceWorkspace, tag: string): string[] {
  return [...campaigns.values()].filter(({ tags }) => tags.includes(tag)).map(({ id }) => id);
}

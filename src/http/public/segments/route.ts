import { filterInWords } from '../../../audience/grammar/in-words.ts';
import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { type Catalog, idKey, type Segment } from '../../../workspace/catalog.ts';
import { listSegments, readSegment } from '../../../workspace/listed-segments.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { readListPage } from '../list-query.ts';

export interface SegmentRouteDeps {
  db: Database;
  catalog: Catalog;
}

/** Which segments there are, and whom each describes. Source: adjacent-endpoints.md §5.5. */
export function segmentRoutes(deps: SegmentRouteDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/segments/list',
      permission: 'segments.list',
      query: ['page', 'sort_direction'],
      async handle({ query, workspaceId }) {
        const segments = await listSegments(deps.db, workspaceId, readListPage(query));
        return { status: 200, body: { segments, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/segments/details',
      permission: 'segments.details',
      query: ['segment_id'],
      handle: (request) => handleDetails(deps, request),
    },
  ];
}

/** Reads the segment that a query names. Throws RequestError. */
export function readSegmentId(query: URLSearchParams, catalog: Catalog, workspaceId: number): Segment {
  const segment = loadedWorkspace(catalog, workspaceId).segments.get(idKey(query.get('segment_id') ?? ''));
  if (segment === undefined) throw new RequestError('unknown_segment_id');
  return segment;
}

async function handleDetails({ db, catalog }: SegmentRouteDeps, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const { id } = readSegmentId(query, catalog, workspaceId);
  const segment = await readSegment(db, workspaceId, id);
  if (segment === null) throw new RequestError('unknown_segment_id');
  const { name, description, filter, tags, created_at, updated_at } = segment;
  const body = {
    ...{ name, description: filterInWords(filter), text_description: description, tags, teams: [] },
    ...{ created_at, updated_at, message: 'success' },
  };
  return { status: 200, body };
}

import { filterInWords } from '../../../audience/grammar/in-words.ts';
import { countSegment, readSegmentSizes, type SegmentSize } from '../../../audience/segment-sizes.ts';
import { refusingExpensive } from '../../../audience/time-limit.ts';
import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Catalog, idKey, type Segment } from '../../../workspace/catalog.ts';
import { listSegments, readSegment } from '../../../workspace/listed-segments.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Questions } from '../../questions.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { readListPage } from '../list-query.ts';
import { dayOf, readDaySeries, seriesParameters } from '../series-query.ts';

export interface SegmentRouteDeps {
  db: Database;
  clock: Clock;
  questions: Questions;
  catalog: Catalog;
}

/** Time for which a count of a segment is not repeated. Source: more-endpoints.md §2.1. */
const FRESH_MS = 3_600_000;

/** Which segments there are, and whom each describes, and how many. Source: adjacent-endpoints.md §5.5. */
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
    {
      method: 'GET',
      path: '/segments/data_series',
      permission: 'segments.data_series',
      query: ['segment_id', ...seriesParameters],
      handle: (request) => handleSeries(deps, request),
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

/** The size of each day. That of today is counted now if the last count is older than an hour. */
async function handleSeries(
  { db, clock, catalog, questions }: SegmentRouteDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  const segment = readSegmentId(query, catalog, workspaceId);
  const now = clock.now();
  const { starts } = readDaySeries(query, now);
  const { 0: first, [starts.length - 1]: last } = starts;
  const stored = await readSegment(db, workspaceId, segment.id);
  if (stored?.analytics_tracking_enabled !== true || first === undefined || last === undefined) return series([]);
  const [from, to] = [dayOf(first), dayOf(last)];
  if (to === dayOf(now)) {
    const workspace = loadedWorkspace(catalog, workspaceId);
    await questions(workspaceId, () =>
      refusingExpensive(() => countSegment(db, { segment, workspace, now }, FRESH_MS)),
    );
  }
  return series(await readSegmentSizes(db, segment.id, { from, to }));
}

function series(sizes: readonly SegmentSize[]): Answer {
  return { status: 200, body: { data: sizes.map(({ day, size }) => ({ time: day, size })), message: 'success' } };
}

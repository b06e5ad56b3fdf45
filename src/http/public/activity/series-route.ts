import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import { type ActiveCount, readActivePeople } from '../../../people/activity/active-people.ts';
import { type Counted, HOURS_KEPT_DAYS, type Metric, readCounts } from '../../../people/activity/counts.ts';
import { type Catalog, idKey } from '../../../workspace/catalog.ts';
import type { Permission } from '../../../workspace/permissions.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readSegmentId } from '../segments/route.ts';
import { readDaySeries, readSeries, type Series, seriesParameters, timeOf } from '../series-query.ts';
import { namesBucket } from './names-route.ts';

export interface ActivitySeriesDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
}

/** One series. */
interface SeriesKind {
  path: string;
  permission: Permission;
  metric: Metric;
  /** The parameter with the name of the event or product. Absent: the metric has no names. */
  named?: { parameter: string; isRequired: boolean };
  /** Whether it can be asked for by the hour. */
  hasHours: boolean;
  /** Whether the numbers of one app are kept. */
  hasApps: boolean;
  /** Whether it knows the parameter `segment_id`. No number is kept by segment. */
  hasSegments: boolean;
  bucket?: RateBucket;
  entryOf(counted: Pick<Counted, 'count' | 'revenue'>): object;
}

const kpi = { hasHours: false, hasApps: false, hasSegments: false } as const;

/** Source: more-endpoints.md §5.2, §6 and §7. */
const kinds: readonly SeriesKind[] = [
  {
    ...{ path: '/events/data_series', permission: 'events.data_series', metric: 'event' },
    ...{ named: { parameter: 'event', isRequired: true }, hasHours: true, hasApps: true, hasSegments: true },
    entryOf: ({ count }) => ({ count }),
  },
  {
    ...{ path: '/purchases/quantity_series', permission: 'purchases.quantity_series', metric: 'purchase' },
    ...{ named: { parameter: 'product', isRequired: false }, hasHours: true, hasApps: true, hasSegments: false },
    bucket: namesBucket,
    entryOf: ({ count }) => ({ purchase_quantity: count }),
  },
  {
    ...{ path: '/purchases/revenue_series', permission: 'purchases.revenue_series', metric: 'purchase' },
    ...{ named: { parameter: 'product', isRequired: false }, hasHours: true, hasApps: true, hasSegments: false },
    bucket: namesBucket,
    entryOf: ({ revenue }) => ({ revenue: Math.round(revenue * 100) / 100 }),
  },
  {
    ...{ path: '/sessions/data_series', permission: 'sessions.data_series', metric: 'session' },
    ...{ hasHours: true, hasApps: false, hasSegments: true },
    entryOf: ({ count }) => ({ sessions: count }),
  },
  {
    ...{ path: '/kpi/new_users/data_series', permission: 'kpi.new_users.data_series', metric: 'new_user', ...kpi },
    entryOf: ({ count }) => ({ new_users: count }),
  },
  {
    ...{ path: '/kpi/uninstalls/data_series', permission: 'kpi.uninstalls.data_series', metric: 'uninstall', ...kpi },
    hasApps: true,
    entryOf: ({ count }) => ({ uninstalls: count }),
  },
];

/** How often something happened, by day or hour, and how many people were active. */
export function activitySeriesRoutes(deps: ActivitySeriesDeps): Route[] {
  return [
    ...countedRoutes(deps),
    activeRoute(deps, 'dau', ({ day }) => day),
    activeRoute(deps, 'mau', ({ month }) => month),
  ];
}

/** Source: more-endpoints.md §7. */
function activeRoute(deps: ActivitySeriesDeps, name: 'dau' | 'mau', of: (count: ActiveCount) => number): Route {
  return {
    ...{ method: 'GET', path: `/kpi/${name}/data_series`, permission: `kpi.${name}.data_series` },
    query: [...seriesParameters, 'app_id'],
    async handle({ query, workspaceId }) {
      const { starts } = readDaySeries(query, deps.clock.now());
      const { 0: from, [starts.length - 1]: to } = starts;
      if (readAppId(query, deps.catalog, workspaceId) !== null || from === undefined || to === undefined)
        return answer([]);
      const active = await readActivePeople(deps.db, { workspaceId, from, to });
      return answer(active.map((one) => ({ time: timeOf('day', new Date(one.startMs)), [name]: of(one) })));
    },
  };
}

function countedRoutes(deps: ActivitySeriesDeps): Route[] {
  return kinds.map((kind): Route => {
    const { path, permission, named, hasHours, hasSegments, bucket } = kind;
    return {
      ...{ method: 'GET', path, permission },
      query: [
        ...(named === undefined ? [] : [named.parameter]),
        ...seriesParameters,
        ...(hasHours ? ['unit'] : []),
        'app_id',
        ...(hasSegments ? ['segment_id'] : []),
      ],
      ...(bucket !== undefined && { bucket: () => bucket }),
      handle: (request) => handleSeries(deps, kind, request),
    };
  });
}

async function handleSeries(
  { db, clock, catalog }: ActivitySeriesDeps,
  kind: SeriesKind,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  const now = clock.now();
  const series = withKeptHours(kind.hasHours ? readSeries(query, now) : readDaySeries(query, now), now);
  const name = readName(query, kind);
  const appId = readAppId(query, catalog, workspaceId);
  if (query.get('segment_id')) readSegmentId(query, catalog, workspaceId);
  const isKept = (appId === null || kind.hasApps) && !query.get('segment_id');
  const { 0: from, [series.starts.length - 1]: to } = series.starts;
  if (!isKept || from === undefined || to === undefined) return answer([]);
  const asked = { workspaceId, metric: kind.metric, name, appId, unit: series.unit, from, to };
  const counted = new Map((await readCounts(db, asked)).map((one) => [one.startMs, one]));
  return answer(
    series.starts.map((start) => ({
      time: timeOf(series.unit, start),
      ...kind.entryOf(counted.get(start.getTime()) ?? { count: 0, revenue: 0 }),
    })),
  );
}

function answer(data: object[]): Answer {
  return { status: 200, body: { data, message: 'success' } };
}

/** Leaves out hours that are no longer kept apart: their numbers would be wrong. */
function withKeptHours({ unit, starts }: Series, now: Date): Series {
  if (unit === 'day') return { unit, starts };
  const oldestMs = now.getTime() - (HOURS_KEPT_DAYS - 1) * 86_400_000;
  return { unit, starts: starts.filter((start) => start.getTime() >= oldestMs) };
}

function readName(query: URLSearchParams, { named }: SeriesKind): string {
  if (named === undefined) return '';
  const { parameter, isRequired } = named;
  const name = query.get(parameter) ?? '';
  if (isRequired && name === '') throw new RequestError('bad_request', [`${parameter}: is required`]);
  if (!isStorable(name)) throw new RequestError('bad_request', [`${parameter}: expected Unicode text without NUL`]);
  return name;
}

/** null: the query names no app. */
function readAppId(query: URLSearchParams, catalog: Catalog, workspaceId: number): string | null {
  const given = query.get('app_id');
  if (given === null || given === '') return null;
  const app = loadedWorkspace(catalog, workspaceId).apps.get(idKey(given));
  if (app === undefined) throw new RequestError('bad_request', ['app_id: names no app of this workspace']);
  return app.id;
}

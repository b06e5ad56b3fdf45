import type { Database } from '../../../db/database.ts';
import { readCampaignDays, readSentTimes } from '../../../dispatch/report/campaign-series.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Campaign, type Catalog, idKey } from '../../../workspace/catalog.ts';
import { listCanvases, readCampaign } from '../../../workspace/listed-campaigns.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { channelsOf } from '../campaigns/channels-of.ts';
import { listParameters, readFlag, readListPage } from '../list-query.ts';
import { canvasSeriesParameters, dayOf, readCanvasSeries } from '../series-query.ts';
import { canvasSeries, canvasSummary, describedCanvas } from './answer.ts';

export interface CanvasReadingDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
}

const breakdowns = ['include_variant_breakdown', 'include_step_breakdown', 'include_deleted_step_data'] as const;
const seriesParameters = ['canvas_id', ...canvasSeriesParameters, ...breakdowns] as const;

/**
 * The reads of Canvases. Those that there are stand for campaigns: each has one variant with one step, the message.
 * Source: more-endpoints.md §3.1 and §3.2.
 */
export function canvasRoutes(deps: CanvasReadingDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/canvas/list',
      permission: 'canvas.list',
      query: listParameters,
      async handle({ query, workspaceId }) {
        const found = await listCanvases(deps.db, workspaceId, readListPage(query));
        const canvases = found.map(({ id, name, tags, updated_at }) => ({ id, last_edited: updated_at, name, tags }));
        return { status: 200, body: { canvases, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/canvas/details',
      permission: 'canvas.details',
      query: ['canvas_id', 'post_launch_draft_version', 'include_has_translatable_content'],
      handle: (request) => handleDetails(deps, request),
    },
    {
      method: 'GET',
      path: '/canvas/data_series',
      permission: 'canvas.data_series',
      query: seriesParameters,
      handle: (request) => handleSeries(deps, request, canvasSeries),
    },
    {
      method: 'GET',
      path: '/canvas/data_summary',
      permission: 'canvas.data_summary',
      query: seriesParameters,
      handle: (request) => handleSeries(deps, request, canvasSummary),
    },
  ];
}

interface Mapped {
  campaign: Campaign;
  name: string;
}

/** The Canvas that a query names: a mapped one, or a campaign that is triggered by its own id. Throws RequestError. */
function readCanvas(query: URLSearchParams, catalog: Catalog, workspaceId: number): Mapped {
  const { canvases, campaigns } = loadedWorkspace(catalog, workspaceId);
  const id = idKey(query.get('canvas_id') ?? '');
  const campaign = canvases.get(id) ?? campaigns.get(id);
  if (campaign?.kind !== 'api_triggered') throw new RequestError('unknown_canvas_id');
  return { campaign, name: campaign.trigger?.canvas?.name ?? campaign.name };
}

async function handleDetails(
  { db, catalog }: CanvasReadingDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  readFlag(query, 'post_launch_draft_version'); // there are no drafts, but a wrong value is still wrong
  const isAsked = readFlag(query, 'include_has_translatable_content');
  const { campaign, name } = readCanvas(query, catalog, workspaceId);
  const details = await readCampaign(db, workspaceId, campaign.id);
  if (details === null) throw new RequestError('unknown_canvas_id');
  const entered = await readSentTimes(db, campaign.id);
  const body = {
    ...describedCanvas(details, { name, channels: channelsOf(campaign) }, entered),
    ...(isAsked && { has_translatable_content: false }),
    message: 'success',
  };
  return { status: 200, body };
}

async function handleSeries(
  { db, clock, catalog }: CanvasReadingDeps,
  { query, workspaceId }: RouteRequest,
  dataOf: typeof canvasSeries | typeof canvasSummary,
): Promise<Answer> {
  const { campaign, name } = readCanvas(query, catalog, workspaceId);
  const series = readCanvasSeries(query, clock.now());
  readFlag(query, 'include_deleted_step_data'); // there are none
  const shows = {
    variants: readFlag(query, 'include_variant_breakdown'),
    steps: readFlag(query, 'include_step_breakdown'),
  };
  const { 0: first, [series.starts.length - 1]: last } = series.starts;
  const rows =
    first === undefined || last === undefined
      ? []
      : await readCampaignDays(db, { campaignId: campaign.id, sendId: null }, { from: dayOf(first), to: dayOf(last) });
  return { status: 200, body: { data: { name, ...dataOf(campaign, series, rows, shows) }, message: 'success' } };
}

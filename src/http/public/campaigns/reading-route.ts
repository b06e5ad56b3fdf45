import type { Database } from '../../../db/database.ts';
import { readCampaignDays, readSentTimes } from '../../../dispatch/report/campaign-series.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Campaign, type Catalog, idKey } from '../../../workspace/catalog.ts';
import {
  type CampaignDetails,
  type ListedCampaign,
  listCampaigns,
  readCampaign,
} from '../../../workspace/listed-campaigns.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { listParameters, readFlag, readListPage } from '../list-query.ts';
import { dayOf, readDaySeries, seriesParameters } from '../series-query.ts';
import { channelsOf } from './channels-of.ts';
import { campaignSeries } from './series-answer.ts';

export interface CampaignReadingDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
}

const seriesBucket: RateBucket = { name: 'campaigns_data_series', limit: 50_000, windowMs: 60_000 };

/** Which campaigns there are, and what each consists of and has sent. Source: adjacent-endpoints.md §5.2 to §5.4. */
export function campaignReadingRoutes(deps: CampaignReadingDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/campaigns/list',
      permission: 'campaigns.list',
      query: listParameters,
      async handle({ query, workspaceId }) {
        const campaigns = await listCampaigns(deps.db, workspaceId, readListPage(query));
        return { status: 200, body: { campaigns: campaigns.map(listed), message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/campaigns/details',
      permission: 'campaigns.details',
      query: ['campaign_id', 'post_launch_draft_version'],
      handle: (request) => handleDetails(deps, request),
    },
    {
      method: 'GET',
      path: '/campaigns/data_series',
      permission: 'campaigns.data_series',
      query: ['campaign_id', ...seriesParameters],
      bucket: () => seriesBucket,
      handle: (request) => handleSeries(deps, request),
    },
  ];
}

/** Reads the campaign that a query names. Throws RequestError. */
export function readCampaignId(query: URLSearchParams, catalog: Catalog, workspaceId: number): Campaign {
  const campaigns = loadedWorkspace(catalog, workspaceId).campaigns;
  const campaign = campaigns.get(idKey(query.get('campaign_id') ?? ''));
  if (campaign === undefined) throw new RequestError('unknown_campaign_id');
  return campaign;
}

function listed({ id, name, kind, tags, updated_at }: ListedCampaign): object {
  return { id, last_edited: updated_at, name, is_api_campaign: kind === 'api', tags };
}

async function handleDetails(
  { db, catalog }: CampaignReadingDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  readFlag(query, 'post_launch_draft_version'); // there are no drafts, but a wrong value is still wrong
  const known = readCampaignId(query, catalog, workspaceId);
  const { id } = known;
  const campaign = await readCampaign(db, workspaceId, id);
  if (campaign === null) throw new RequestError('unknown_campaign_id');
  const sent = await readSentTimes(db, id);
  return { status: 200, body: { ...described(campaign, sent, channelsOf(known)), message: 'success' } };
}

async function handleSeries(
  { db, clock, catalog }: CampaignReadingDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  const campaign = readCampaignId(query, catalog, workspaceId);
  const series = readDaySeries(query, clock.now());
  const { 0: first, [series.starts.length - 1]: last } = series.starts;
  const rows =
    first === undefined || last === undefined
      ? []
      : await readCampaignDays(db, { campaignId: campaign.id, sendId: null }, { from: dayOf(first), to: dayOf(last) });
  return { status: 200, body: { data: campaignSeries(campaign, series, rows), message: 'success' } };
}

function described(
  campaign: CampaignDetails,
  sent: { first: Date | null; last: Date | null },
  itsChannels: readonly string[],
): object {
  const { created_at, updated_at, archived, name, description, kind, tags, variations, control_share } = campaign;
  return {
    created_at,
    updated_at,
    archived,
    draft: false,
    enabled: !archived,
    has_post_launch_draft: false,
    name,
    description,
    schedule_type: kind === 'api' ? 'api' : 'api_triggered',
    channels: itsChannels,
    first_sent: sent.first,
    last_sent: sent.last,
    tags,
    teams: [],
    messages: Object.fromEntries(
      variations.map(({ id, channel, name: called, weight }) => [
        id,
        { channel, name: called, ...(weight !== null && { weight }) },
      ]),
    ),
    ...(control_share > 0 && { control_share }),
    conversion_behaviors: [],
  };
}

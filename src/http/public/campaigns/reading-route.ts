import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { type Campaign, type Catalog, idKey } from '../../../workspace/catalog.ts';
import {
  type CampaignDetails,
  type ListedCampaign,
  listCampaigns,
  readCampaign,
} from '../../../workspace/listed-campaigns.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { listParameters, readFlag, readListPage } from '../list-query.ts';

export interface CampaignReadingDeps {
  db: Database;
  catalog: Catalog;
}

/** Which campaigns there are, and what each consists of. Source: adjacent-endpoints.md §5.2 and §5.3. */
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
  const { id } = readCampaignId(query, catalog, workspaceId);
  const campaign = await readCampaign(db, workspaceId, id);
  if (campaign === null) throw new RequestError('unknown_campaign_id');
  return { status: 200, body: { ...described(campaign), message: 'success' } };
}

function described(campaign: CampaignDetails): object {
  const { created_at, updated_at, archived, name, description, kind, tags, variations } = campaign;
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
    channels: [...new Set(variations.map(({ channel }) => channel))],
    first_sent: null,
    last_sent: null,
    tags,
    teams: [],
    messages: Object.fromEntries(variations.map((one) => [one.id, { channel: one.channel, name: one.name }])),
    conversion_behaviors: [],
  };
}

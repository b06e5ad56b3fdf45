import { randomUUID } from 'node:crypto';
import type { Database } from '../../../db/database.ts';
import { createSendId, isSendId, isSendIdOf } from '../../../dispatch/accept/send-ids.ts';
import { readCampaignDays } from '../../../dispatch/report/campaign-series.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { describe, own, type RawObject } from '../../../lib/raw/json.ts';
import { isGiven, readText } from '../../../lib/raw/lenient.ts';
import { undashed } from '../../../lib/uuid.ts';
import { type Campaign, type Catalog, idKey } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readCampaignId } from '../campaigns/reading-route.ts';
import { sendSeries } from '../campaigns/series-answer.ts';
import { dayOf, readDaySeries, seriesParameters } from '../series-query.ts';

export interface SendRouteDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
}

const DAY_MS = 86_400_000;
/**
 * Send ids that a workspace creates on one UTC day. Ids are counted, not requests: one that is created again, or refused,
 * uses nothing up.
 */
const idBucket: RateBucket = { name: 'sends_id_create', limit: 100, windowMs: DAY_MS };
/** Number of days for which the statistics of a send are answered. Source: adjacent-endpoints.md §5.4. */
const KEPT_DAYS = 14;

/** Ids under which the sends of a campaign are counted apart, and their numbers. Source: adjacent-endpoints.md §5.1, §5.4. */
export function sendRoutes(deps: SendRouteDeps): Route[] {
  return [
    {
      method: 'POST',
      path: '/sends/id/create',
      permission: 'sends.id.create',
      handle: (request) => handleCreate(deps, request),
    },
    {
      method: 'GET',
      path: '/sends/data_series',
      permission: 'sends.data_series',
      query: ['campaign_id', 'send_id', ...seriesParameters],
      handle: (request) => handleSeries(deps, request),
    },
  ];
}

async function handleCreate(
  { db, clock, catalog }: SendRouteDeps,
  { body, workspaceId }: RouteRequest,
): Promise<Answer> {
  const workspace = loadedWorkspace(catalog, workspaceId);
  const campaign = workspace.campaigns.get(idKey(readId(body, 'campaign_id') ?? ''));
  if (campaign?.kind !== 'api') throw new RequestError('invalid_campaign', ['campaign_id: names no API campaign']);
  const sendId = readId(body, 'send_id') ?? undashed(randomUUID());
  if (!isSendId(sendId)) throw new RequestError('bad_request', ['send_id: expected at most 64 ASCII characters']);
  const now = clock.now();
  const mostADay = workspace.settings.rateLimits[idBucket.name] ?? idBucket.limit;
  const isCreated = await createSendId(db, { workspaceId, campaignId: campaign.id, sendId, mostADay, now });
  if (!isCreated) {
    const said = `all ${mostADay} send ids of this day are used up; the day ends at midnight UTC`;
    throw new RequestError('rate_limited', [said], Math.ceil((DAY_MS - (now.getTime() % DAY_MS)) / 1_000));
  }
  return { status: 201, body: { message: 'success', send_id: sendId } };
}

function readId(body: RawObject, key: string): string | null {
  const value = own(body, key);
  if (!isGiven(value)) return null;
  const reading = readText(value);
  if (reading.ok && reading.value !== undefined) return reading.value;
  throw new RequestError('bad_request', [`${key}: expected a text, got ${describe(value)}`]);
}

async function handleSeries(
  { db, clock, catalog }: SendRouteDeps,
  { query, workspaceId }: RouteRequest,
): Promise<Answer> {
  const campaign = readCampaignId(query, catalog, workspaceId);
  const sendId = await readSendId(db, query, campaign);
  const now = clock.now();
  const series = readDaySeries(query, now);
  const oldest = dayOf(new Date(now.getTime() - KEPT_DAYS * DAY_MS));
  const days = series.starts.map(dayOf).filter((day) => day >= oldest);
  const [from] = days;
  const to = days.at(-1);
  const rows =
    from === undefined || to === undefined
      ? []
      : await readCampaignDays(db, { campaignId: campaign.id, sendId }, { from, to });
  return { status: 200, body: { data: sendSeries(campaign, series, rows), message: 'success' } };
}

async function readSendId(db: Database, query: URLSearchParams, { id, kind }: Campaign): Promise<string> {
  const sendId = query.get('send_id') ?? '';
  if (kind !== 'api' || !isSendId(sendId) || !(await isSendIdOf(db, id, sendId)))
    throw new RequestError('unknown_send_id');
  return sendId;
}

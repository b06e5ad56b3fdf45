import type { Database } from '../../../db/database.ts';
import { readCampaignTotals } from '../../../dispatch/report/console/campaign-totals.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Catalog, idKey } from '../../../workspace/catalog.ts';
import { type ListedCampaign, listCampaigns } from '../../../workspace/listed-campaigns.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import { channelsOf } from '../../public/campaigns/channels-of.ts';
import { listParameters, readListPage } from '../../public/list-query.ts';
import { dayOf } from '../../public/series-query.ts';
import { readOneOf } from '../../query.ts';
import type { OperatorRoute } from '../route.ts';
import { campaignNumbers } from './numbers.ts';

/** How many days may be counted. */
export const spans = ['7', '30', '90'] as const;
const USUAL = '30';
const DAY_MS = 86_400_000;

export interface CampaignDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
}

/** Campaigns with the numbers of their last days. */
export function operatorCampaignRoutes({ db, clock, catalog }: CampaignDeps): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/campaigns',
      role: 'viewer',
      query: [...listParameters, 'days'],
      async handle({ workspaceId, query }) {
        const days = daysBefore(clock.now(), Number(readOneOf(query, 'days', spans) ?? USUAL));
        const listed = await listCampaigns(db, workspaceId, readListPage(query));
        const { 0: from = '', [days.length - 1]: to = '' } = days;
        const ids = listed.map(({ id }) => id);
        const { sent, cameBack, lastSent } = await readCampaignTotals(db, ids, { from, to });
        const known = loadedWorkspace(catalog, workspaceId).campaigns;
        const sentBy = Map.groupBy(sent, ({ campaignId }) => campaignId);
        const cameBackTo = Map.groupBy(cameBack, ({ campaignId }) => campaignId);
        const campaigns = listed.map((campaign) => {
          const { id } = campaign;
          const inCatalog = known.get(idKey(id));
          const numbers = campaignNumbers({
            itsChannels: inCatalog === undefined ? [] : channelsOf(inCatalog),
            sent: sentBy.get(id) ?? [],
            cameBack: cameBackTo.get(id) ?? [],
            days,
          });
          return { ...described(campaign), last_sent: lastSent.get(id) ?? null, ...numbers };
        });
        return { status: 200, body: { campaigns, message: 'success' } };
      },
    },
  ];
}

function described({ id, name, kind, tags, archived, updated_at }: ListedCampaign): object {
  return { id, name, kind, tags, archived, last_edited: updated_at };
}

/** The last UTC days, today included, oldest first. */
function daysBefore(now: Date, many: number): string[] {
  return Array.from({ length: many }, (_, index) => dayOf(new Date(now.getTime() - (many - 1 - index) * DAY_MS)));
}

import type { ChannelKey } from '../../../channels/channel.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { FeedbackMetric } from '../../ledger/feedback/send-feedback.ts';
import type { Days } from '../campaign-series.ts';

/** What a campaign sent on one channel on one UTC day. */
export interface SentOnDay {
  campaignId: string;
  channel: ChannelKey;
  /** YYYY-MM-DD. */
  day: string;
  sent: number;
  recipients: number;
}

/** How often something came back to a campaign on one channel, in all the days that were asked for. */
export interface CameBack {
  campaignId: string;
  channel: ChannelKey;
  metric: FeedbackMetric;
  total: number;
}

/** The numbers of several campaigns, from the rows that are counted beside the ledger (decision 34). */
export async function readCampaignTotals(
  db: Db,
  campaignIds: readonly string[],
  days: Days,
): Promise<{ sent: SentOnDay[]; cameBack: CameBack[]; lastSent: Map<string, Date> }> {
  const [sent, cameBack, last] = await Promise.all([
    readSent(db, campaignIds, days),
    readCameBack(db, campaignIds, days),
    readLastSent(db, campaignIds),
  ]);
  return { sent, cameBack, lastSent: new Map(last.map(({ campaignId, at }) => [campaignId, at])) };
}

function readSent(db: Db, campaignIds: readonly string[], { from, to }: Days): Promise<SentOnDay[]> {
  return db.query<SentOnDay & Record<string, unknown>>(sql`
    select campaign_id as "campaignId", channel, day::text, sum(sent)::bigint as sent, sum(recipients)::bigint as recipients
      from campaign_days
     where campaign_id = any(${campaignIds}::text[]) and day between ${from}::date and ${to}::date
     group by campaign_id, channel, day
     order by campaign_id, channel, day`);
}

function readCameBack(db: Db, campaignIds: readonly string[], { from, to }: Days): Promise<CameBack[]> {
  return db.query<CameBack & Record<string, unknown>>(sql`
    select campaign_id as "campaignId", channel, metric, sum(total)::bigint as total
      from feedback_days
     where campaign_id = any(${campaignIds}::text[]) and day between ${from}::date and ${to}::date
     group by campaign_id, channel, metric
     order by campaign_id, channel, metric`);
}

/** Reads of each campaign only its last day on which something was sent. */
function readLastSent(db: Db, campaignIds: readonly string[]): Promise<{ campaignId: string; at: Date }[]> {
  return db.query<{ campaignId: string; at: Date }>(sql`
    select x.campaign_id as "campaignId",
           (select max(last_sent_at)
              from campaign_days c
             where c.campaign_id = x.campaign_id and c.day = last.day) as at
      from unnest(${campaignIds}::text[]) as x(campaign_id),
           lateral (select max(day) as day from campaign_days d where d.campaign_id = x.campaign_id and d.sent > 0) as last
     where last.day is not null`);
}

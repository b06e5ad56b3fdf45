import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Counts } from '../ledger/statistics/campaign-days.ts';

/** The numbers of one variation of a campaign on one UTC day. */
export interface VariationDay extends Counts {
  /** YYYY-MM-DD. */
  day: string;
  channel: ChannelKey;
  /** '': the messages named none. */
  variationId: string;
}

/** Days, as YYYY-MM-DD in UTC. Both are included. */
export interface Days {
  from: string;
  to: string;
}

/** The numbers of all sends of a campaign. Days and variations without any are absent. */
export function readCampaignDays(db: Db, campaignId: string, { from, to }: Days): Promise<VariationDay[]> {
  return db.query<VariationDay & Record<string, unknown>>(sql`
    select day::text, channel, variation_id as "variationId", sum(sent)::bigint as sent,
           sum(recipients)::bigint as recipients, sum(failed)::bigint as failed, sum(bounced)::bigint as bounced
      from campaign_days
     where campaign_id = ${campaignId} and day between ${from}::date and ${to}::date
     group by day, channel, variation_id
     order by day, channel, variation_id`);
}

/** The numbers of the sends of a campaign under one send id. */
export function readSendDays(
  db: Db,
  { campaignId, sendId }: { campaignId: string; sendId: string },
  { from, to }: Days,
): Promise<VariationDay[]> {
  return db.query<VariationDay & Record<string, unknown>>(sql`
    select day::text, channel, variation_id as "variationId", sum(sent)::bigint as sent,
           sum(recipients)::bigint as recipients, sum(failed)::bigint as failed, sum(bounced)::bigint as bounced
      from campaign_days
     where campaign_id = ${campaignId} and send_id = ${sendId} and day between ${from}::date and ${to}::date
     group by day, channel, variation_id
     order by day, channel, variation_id`);
}

/** When the first and the last message of a campaign were sent. null: none was. */
export function readSentTimes(db: Db, campaignId: string): Promise<{ first: Date | null; last: Date | null }> {
  return db.one<{ first: Date | null; last: Date | null }>(sql`
    select min(first_sent_at) as first, max(last_sent_at) as last
      from campaign_days
     where campaign_id = ${campaignId}`);
}

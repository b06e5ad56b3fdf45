import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import type { FeedbackMetric } from '../ledger/feedback/send-feedback.ts';
import type { Counts } from '../ledger/statistics/campaign-days.ts';

/** The numbers of one variation of a campaign on one UTC day. */
export interface VariationDay extends Counts {
  /** YYYY-MM-DD. */
  day: string;
  channel: ChannelKey;
  /** '': the messages named none. */
  variationId: string;
  /** What came back. A metric without anything is absent. */
  feedback: Partial<Record<FeedbackMetric, number>>;
}

/** Days, as YYYY-MM-DD in UTC. Both are included. */
export interface Days {
  from: string;
  to: string;
}

/** Which numbers are asked for: of all sends of a campaign, or of those under one send id. */
export interface AskedSeries {
  campaignId: string;
  sendId: string | null;
}

/** The numbers by day, channel and variation. Days and variations without any are absent. */
export async function readCampaignDays(db: Db, asked: AskedSeries, days: Days): Promise<VariationDay[]> {
  const rows = new Map<string, VariationDay>();
  const rowOf = ({ day, channel, variationId }: DayKey) => {
    const key = `${day} ${channel} ${variationId}`;
    const row = rows.get(key) ?? { day, channel, variationId, ...nothing, feedback: {} };
    rows.set(key, row);
    return row;
  };
  const [sent, feedback] = await Promise.all([readSent(db, asked, days), readFeedback(db, asked, days)]);
  for (const { day, channel, variationId, ...counts } of sent)
    Object.assign(rowOf({ day, channel, variationId }), counts);
  for (const { metric, total, ...key } of feedback) rowOf(key).feedback[metric] = total;
  return [...rows.values()];
}

const nothing: Counts = { sent: 0, recipients: 0, failed: 0, bounced: 0 };

type DayKey = Pick<VariationDay, 'day' | 'channel' | 'variationId'>;

function readSent(db: Db, asked: AskedSeries, days: Days): Promise<(DayKey & Counts)[]> {
  return db.query<DayKey & Counts & Record<string, unknown>>(sql`
    select day::text, channel, variation_id as "variationId", sum(sent)::bigint as sent,
           sum(recipients)::bigint as recipients, sum(failed)::bigint as failed, sum(bounced)::bigint as bounced
      from campaign_days
     where ${isAsked(asked, days)}
     group by day, channel, variation_id
     order by day, channel, variation_id`);
}

function readFeedback(
  db: Db,
  asked: AskedSeries,
  days: Days,
): Promise<(DayKey & { metric: FeedbackMetric; total: number })[]> {
  return db.query<DayKey & { metric: FeedbackMetric; total: number } & Record<string, unknown>>(sql`
    select day::text, channel, variation_id as "variationId", metric, sum(total)::bigint as total
      from feedback_days
     where ${isAsked(asked, days)}
     group by day, channel, variation_id, metric
     order by day, channel, variation_id, metric`);
}

function isAsked({ campaignId, sendId }: AskedSeries, { from, to }: Days): Sql {
  return sql`campaign_id = ${campaignId} and day between ${from}::date and ${to}::date
       ${sendId === null ? empty : sql`and send_id = ${sendId}`}`;
}

/** When the first and the last message of a campaign were sent. null: none was. */
export function readSentTimes(db: Db, campaignId: string): Promise<{ first: Date | null; last: Date | null }> {
  return db.one<{ first: Date | null; last: Date | null }>(sql`
    select min(first_sent_at) as first, max(last_sent_at) as last
      from campaign_days
     where campaign_id = ${campaignId}`);
}

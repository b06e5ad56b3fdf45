import type { ChannelKey } from '../../channels/channel.ts';
import type { Database, Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { FeedbackMetric } from '../ledger/feedback/send-feedback.ts';
import type { Counts } from '../ledger/statistics/campaign-days.ts';
import { dayNumbers } from '../ledger/statistics/day-totals.ts';

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

interface Day extends Record<string, unknown> {
  day: string;
  numbers: Omit<VariationDay, 'day'>[];
}

/** The numbers by day, channel and variation. Days and variations without any are absent. */
export async function readCampaignDays(
  { byKey: db }: Pick<Database, 'byKey'>,
  { campaignId, sendId }: AskedSeries,
  days: Days,
): Promise<VariationDay[]> {
  const rows = await (sendId === null
    ? db.prepared<Day>('campaign_series', ofCampaign(campaignId, days))
    : db.prepared<Day>('send_series', ofSend(campaignId, sendId, days)));
  return rows.flatMap(({ day, numbers }) => numbers.map((variation) => ({ day, ...variation })));
}

/** Days that are past have their totals; the others, and those that changed since, are added up here. */
function ofCampaign(campaignId: string, { from, to }: Days): Sql {
  const all = sql`generate_series(${from}::date::timestamp, ${to}::date::timestamp, interval '1 day') as each`;
  const others = sql`day = any (array(select each::date from ${all} except select day from totals))`;
  return sql`
    with totals as materialized (
      select day, numbers
        from campaign_day_totals
       where campaign_id = ${campaignId} and day between ${from}::date and ${to}::date
    )
    select day::text, numbers from totals
     union all
    select day::text, numbers
      from (${dayNumbers((table) => sql`${table} where campaign_id = ${campaignId} and ${others}`)}) as others`;
}

function ofSend(campaignId: string, sendId: string, { from, to }: Days): Sql {
  // The index has only rows with a send id, and the database must see that the wanted one is one.
  const which = sql`
    campaign_id = ${campaignId} and send_id = ${sendId} and send_id <> '' and day between ${from}::date and ${to}::date`;
  return sql`select day::text, numbers from (${dayNumbers((table) => sql`${table} where ${which}`)}) as numbers`;
}

/** When the first and the last message of a campaign were sent. null: none was. A message counts on the day of its time. */
export function readSentTimes(db: Db, campaignId: string): Promise<{ first: Date | null; last: Date | null }> {
  const onDay = (time: Sql, direction: Sql) => sql`
    campaign_id = ${campaignId} and day = (
      select day from campaign_days
       where campaign_id = ${campaignId} and ${time} is not null
       order by day ${direction}
       limit 1)`;
  return db.one<{ first: Date | null; last: Date | null }>(sql`
    select (select min(first_sent_at) from campaign_days where ${onDay(sql`first_sent_at`, sql`asc`)}) as first,
           (select max(last_sent_at) from campaign_days where ${onDay(sql`last_sent_at`, sql`desc`)}) as last`);
}

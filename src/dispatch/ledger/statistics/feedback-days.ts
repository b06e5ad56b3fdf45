import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { sql } from '../../../db/sql.ts';
import type { CampaignPart } from '../../plan/loaded-dispatch.ts';
import type { MetricChange } from '../feedback/send-feedback.ts';
import { dayOf, lastDayWithSendIds } from './campaign-days.ts';

/** What changed of a send of a campaign. */
export interface CountedFeedback {
  part: Omit<CampaignPart, 'isOnlyChannel'>;
  channel: string;
  changes: readonly MetricChange[];
}

interface Row {
  campaignId: string;
  day: string;
  channel: string;
  variationId: string;
  sendId: string;
  metric: string;
  by: number;
}

/**
 * Adds what came back to the numbers of its campaigns, each on the UTC day on which it happened. Only one transaction at a
 * time may do so, so that no row needs to be parted among writers.
 */
export async function countFeedback(tx: Db, counted: readonly CountedFeedback[]): Promise<void> {
  const rows = new Map<string, Row>();
  for (const { part, channel, changes } of counted)
    for (const { metric, at, by } of changes) {
      const { campaignId, variationId, sendId } = part;
      const row = { campaignId, day: dayOf(new Date(at)), channel, variationId, sendId, metric };
      const key = JSON.stringify(row);
      rows.set(key, { ...row, by: (rows.get(key)?.by ?? 0) + by });
    }
  const changed = [...rows.values()].filter(({ by }) => by !== 0);
  if (changed.length > 0) await addToDays(tx, { rows: changed });
}

interface Addition {
  rows: readonly Row[];
}

const texts =
  (read: (row: Row) => string) =>
  ({ rows }: Addition) =>
    textArray(rows.map(read));

const addToDays = hotStatement<Addition, never>(
  'add_to_feedback_days',
  (param) => sql`
    insert into feedback_days as f (campaign_id, day, channel, variation_id, send_id, metric, total)
    select *
      from unnest(${param(texts(({ campaignId }) => campaignId))}::text[], ${param(texts(({ day }) => day))}::date[],
                  ${param(texts(({ channel }) => channel))}::text[], ${param(texts(({ variationId }) => variationId))}::text[],
                  ${param(texts(({ sendId }) => sendId))}::text[], ${param(texts(({ metric }) => metric))}::text[],
                  ${param(({ rows }) => intArray(rows.map(({ by }) => by)))}::bigint[])
        as x(campaign_id, day, channel, variation_id, send_id, metric, total)
     order by campaign_id, day, channel, variation_id, send_id, metric
        on conflict (campaign_id, day, channel, variation_id, send_id, metric) do update
       set total = f.total + excluded.total`,
);

/** Sums up the send ids of days for which nobody asks for them. */
export async function sumUpOldFeedback(db: Db, now: Date): Promise<void> {
  await db.run(sql`
    with gone as (
      delete from feedback_days
       where day < ${lastDayWithSendIds(now)}::date and send_id <> ''
      returning campaign_id, day, channel, variation_id, metric, total
    )
    insert into feedback_days as f (campaign_id, day, channel, variation_id, send_id, metric, total)
    select campaign_id, day, channel, variation_id, '', metric, sum(total)
      from gone
     group by campaign_id, day, channel, variation_id, metric
     order by campaign_id, day, channel, variation_id, metric
        on conflict (campaign_id, day, channel, variation_id, send_id, metric) do update
       set total = f.total + excluded.total`);
}

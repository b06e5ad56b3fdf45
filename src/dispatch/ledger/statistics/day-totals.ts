import { textArray } from '../../../db/array-text.ts';
import type { Database } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { dayOf } from './campaign-days.ts';

/**
 * Numbers of past days, one row for each campaign and day: a campaign with a hundred send ids a day has thousands of rows a
 * day in `campaign_days` and `feedback_days`. A trigger removes the row of a day of which a number changes, so a row is
 * always true. Statistics are decision 34.
 */

/**
 * Time from the end of a UTC day until its row is made, in milliseconds. A transaction that began on the day is long over by
 * then; later ones are seen by the trigger.
 */
const SETTLED_MS = 6 * 3_600_000;
/** Days whose rows one transaction makes. Late changes of numbers wait for it. */
const PIECE = 50;
/** Most rows that one run makes; the next one goes on. */
const MOST = 20_000;

interface CampaignDay extends Record<string, unknown> {
  campaign_id: string;
  /** YYYY-MM-DD in UTC. */
  day: string;
}

/** Makes the missing rows of days that are over, newest days first. Returns how many. Several processes may do so at once. */
export async function totalPastDays(db: Database, now: Date): Promise<number> {
  const before = dayOf(new Date(now.getTime() - SETTLED_MS));
  const missing = await db.query<CampaignDay>(sql`
    select campaign_id, day::text
      from (select campaign_id, day from campaign_days union select campaign_id, day from feedback_days) as known
     where day < ${before}::date and day < ((now() - make_interval(secs => ${SETTLED_MS / 1_000})) at time zone 'UTC')::date
       and not exists (
             select from campaign_day_totals t where t.campaign_id = known.campaign_id and t.day = known.day)
     order by known.day desc
     limit ${MOST}`);
  for (let start = 0; start < missing.length; start += PIECE) {
    const piece = missing.slice(start, start + PIECE);
    const keys = sql`
      unnest(${textArray(piece.map(({ campaign_id }) => campaign_id))}::text[],
             ${textArray(piece.map(({ day }) => day))}::date[]) as wanted(campaign_id, day)`;
    await db.byKey.transaction(async (tx) => {
      await tx.run(sql`select pg_advisory_xact_lock(hashtext('cresset campaign_day_totals'))`);
      await tx.run(sql`
        insert into campaign_day_totals (campaign_id, day, numbers)
        select campaign_id, day, numbers
          from (${dayNumbers((table) => sql`${keys} join ${table} using (campaign_id, day)`)}) as numbers
            on conflict do nothing`);
    });
  }
  return missing.length;
}

/**
 * Fragment: the numbers of days, `(campaign_id, day, numbers)`, as the rows of `campaign_day_totals` have them.
 * `from`: the wanted rows of a table, as what follows `from`.
 */
export function dayNumbers(from: (table: Sql) => Sql): Sql {
  return sql`
    select campaign_id, day,
           json_agg(json_build_object(
             'channel', channel, 'variationId', variation_id, 'sent', coalesce(sent, 0), 'recipients', coalesce(recipients, 0),
             'failed', coalesce(failed, 0), 'bounced', coalesce(bounced, 0), 'feedback', coalesce(feedback, '{}')))
             as numbers
      from (select campaign_id, day, channel, variation_id, sum(sent)::bigint as sent, sum(recipients)::bigint as recipients,
                   sum(failed)::bigint as failed, sum(bounced)::bigint as bounced
              from ${from(sql`campaign_days`)}
             group by campaign_id, day, channel, variation_id) as sent
      full join
           (select campaign_id, day, channel, variation_id, json_object_agg(metric, total) as feedback
              from (select campaign_id, day, channel, variation_id, metric, sum(total)::bigint as total
                      from ${from(sql`feedback_days`)}
                     group by campaign_id, day, channel, variation_id, metric) as metrics
             group by campaign_id, day, channel, variation_id) as feedback
     using (campaign_id, day, channel, variation_id)
     group by campaign_id, day`;
}

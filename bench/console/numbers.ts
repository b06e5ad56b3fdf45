import type { Seeding } from './seed.ts';

const DAYS = 30;

/** Writes what campaigns sent by day, and what came back, as it is counted beside the ledger. */
export async function seedNumbers({ size: { campaigns }, both, one }: Seeding): Promise<void> {
  const keys = `'campaign-' || to_char(c, 'FM00000') as campaign_id, (now() at time zone 'UTC')::date - age as day`;
  const from = `from generate_series(0, ${campaigns - 1}) as c cross join generate_series(0, ${DAYS - 1}) as age`;
  const channel = `'android_push', 'push', ''`;
  // The trigger forgets sums of past days, of which there are none yet.
  await one.run('alter table campaign_days disable trigger user; alter table feedback_days disable trigger user');
  await both([
    `insert into campaign_days (campaign_id, day, channel, variation_id, send_id, shard, sent, recipients, failed, bounced,
                                first_sent_at, last_sent_at)
     select ${keys}, ${channel}, case when age = 0 then c % 16 else -1 end, 30 + c % 7, 30 + c % 7, 1, 1,
            now() - age * interval '1 day' - interval '2 hours', now() - age * interval '1 day' - interval '1 hour' ${from}`,
    `insert into feedback_days (campaign_id, day, channel, variation_id, send_id, metric, total)
     select ${keys}, ${channel}, metric, 5 ${from} cross join unnest(array['opens', 'unique_opens', 'clicks']) as metric`,
  ]);
  await one.run('alter table campaign_days enable trigger user; alter table feedback_days enable trigger user');
}

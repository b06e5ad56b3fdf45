import { type Sql, sql } from '../../db/sql.ts';

/**
 * Fragment: remembers what people were sent in days whose sends are dropped. `rows` is a query whose columns are bucket,
 * user_id, channel, campaign_id ('' = none) and last_at, in this order, with one row for each key.
 */
export function addReceived(rows: Sql): Sql {
  return sql`
    insert into received_totals (bucket, user_id, channel, campaign_id, last_at)
    ${rows}
        on conflict (bucket, user_id, channel, campaign_id) do update
       set last_at = greatest(received_totals.last_at, excluded.last_at)`;
}

import { type Sql, sql } from '../../db/sql.ts';

/**
 * Fragment: keeps in `received_totals` what people received on days whose sends retention drops. `rows` is a query with
 * the columns bucket, user_id, channel, campaign_id ('': no campaign) and last_at, in this order, and one row per key.
 */
export function addReceived(rows: Sql): Sql {
  return sql`
    insert into received_totals (bucket, user_id, channel, campaign_id, last_at)
    ${rows}
        on conflict (bucket, user_id, channel, campaign_id) do update
       set last_at = greatest(received_totals.last_at, excluded.last_at)`;
}

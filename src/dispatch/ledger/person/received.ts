import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { Received } from '../../../people/export/export.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';

/**
 * The campaigns that these people received, by the ledger. Days that retention has dropped are in `received_totals`.
 */
export async function listReceived(db: Db, people: readonly PersonKey[]): Promise<Received[]> {
  return db.query<Received & Record<string, unknown>>(sql`
    select x.user_id as "userId", c.campaign_id as "campaignId", c.last_at as "lastAt"
      from unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[])
           as x(bucket, user_id)
     cross join lateral (
       select d.campaign_id, max(s.updated_at) as last_at
         from sends s
         join dispatches d on d.id = s.dispatch_id
        where s.bucket = x.bucket and s.user_id = x.user_id and s.status = 'sent' and d.campaign_id is not null
        group by d.campaign_id
     ) as c`);
}

import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** True: this send id was created for this campaign. */
export async function isSendIdOf(db: Db, campaignId: string, sendId: string): Promise<boolean> {
  const found = await db.maybeOne(sql`
    select 1 as found
      from send_ids
     where campaign_id = ${campaignId} and send_id = ${sendId}`);
  return found !== null;
}

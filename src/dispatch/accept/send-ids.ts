import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** Stores a send id that the server made. */
export async function storeSendId(
  tx: Db,
  { campaignId, sendId }: { campaignId: string; sendId: string },
  now: Date,
): Promise<void> {
  await tx.run(sql`insert into send_ids (campaign_id, send_id, created_at) values (${campaignId}, ${sendId}, ${now})`);
}

/** True: this send id was created for this campaign. */
export async function isSendIdOf(db: Db, campaignId: string, sendId: string): Promise<boolean> {
  const found = await db.maybeOne(sql`
    select 1 as found
      from send_ids
     where campaign_id = ${campaignId} and send_id = ${sendId}`);
  return found !== null;
}

import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

const DAY_MS = 86_400_000;

/** Source: adjacent-endpoints.md §5.1. */
export function isSendId(text: string): boolean {
  return /^[\x20-\x7e]{1,64}$/.test(text);
}

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

export interface NewSendId {
  workspaceId: number;
  campaignId: string;
  sendId: string;
  /** Most ids that a workspace may create on one UTC day. */
  mostADay: number;
  now: Date;
}

/**
 * Creates a send id of a campaign. Ids that a broadcast made for itself do not count, and creating one again changes
 * nothing. False: the ids of the day are used up.
 */
export function createSendId(
  db: Database,
  { workspaceId, campaignId, sendId, mostADay, now }: NewSendId,
): Promise<boolean> {
  const midnight = new Date(now.getTime() - (now.getTime() % DAY_MS));
  return db.transaction(async (tx) => {
    // Two processes at once would create one too many.
    await tx.run(sql`select pg_advisory_xact_lock(hashtext('cresset send ids'), ${workspaceId})`);
    if (await isSendIdOf(tx, campaignId, sendId)) return true;
    const { used } = await tx.one<{ used: number }>(sql`
      select count(*) as used
        from send_ids s
        join campaigns c on c.id = s.campaign_id
       where s.is_requested and s.created_at >= ${midnight} and c.workspace_id = ${workspaceId}`);
    if (used >= mostADay) return false;
    await tx.run(sql`
      insert into send_ids (campaign_id, send_id, is_requested, created_at)
      values (${campaignId}, ${sendId}, true, ${now})
          on conflict (campaign_id, send_id) do nothing`);
    return true;
  });
}

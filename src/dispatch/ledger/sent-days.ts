import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

export interface SentToday {
  workspaceId: number;
  /** Messages, one for each recipient and channel. */
  sends: number;
  now: Date;
}

/**
 * Counts messages toward the workspace's quota of today, all or none: the row is the only counter, so the count is exact across
 * all processes. False: they would be more than `most`, or nothing was left. An audience, whose size is not known yet, has no
 * `sends` and needs room for one.
 */
export async function takeSends(db: Db, { workspaceId, sends, now }: SentToday, most: number): Promise<boolean> {
  const needed = Math.max(1, sends);
  if (needed > most) return false;
  const taken = await db.run(sql`
    insert into sent_days as d (workspace_id, day, sends)
    values (${workspaceId}, ${dayOf(now)}::date, ${sends})
        on conflict (workspace_id, day) do update
       set sends = d.sends + excluded.sends
     where d.sends + ${needed} <= ${most}`);
  return taken > 0;
}

/** Takes back a count of `takeSends`, for messages that were not accepted. */
export async function giveBackSends(db: Db, { workspaceId, sends, now }: SentToday): Promise<void> {
  await db.run(sql`
    update sent_days
       set sends = greatest(sends - ${sends}, 0)
     where workspace_id = ${workspaceId} and day = ${dayOf(now)}::date`);
}

/** Counts the messages of an audience as they are written. The dispatch was accepted, so nothing is refused any more. */
export async function noteSends(tx: Db, { workspaceId, sends, now }: SentToday): Promise<void> {
  await tx.run(sql`
    insert into sent_days as d (workspace_id, day, sends)
    values (${workspaceId}, ${dayOf(now)}::date, ${sends})
        on conflict (workspace_id, day) do update
       set sends = d.sends + excluded.sends`);
}

/** Deletes the counts of days before the one of this instant. */
export async function forgetSentDays(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from sent_days where day < ${dayOf(before)}::date`);
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

import type { Db } from '../../../db/database.ts';
import { empty, sql } from '../../../db/sql.ts';
import { undashed } from '../../../lib/uuid.ts';
import { brazeId } from '../../../people/profile/braze-id.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';

/** What one person got of one dispatch, on all channels without a provider. */
export interface OutboxEntry {
  dispatch_id: string;
  /** null: the person was deleted. */
  braze_id: string | null;
  external_id: string | null;
  name: string | null;
  channels: string[];
  campaign_id: string | null;
  delivered_at: Date;
}

export interface OutboxPlace {
  dispatchId: string;
  userId: number;
}

interface Row extends Record<string, unknown> {
  dispatch_id: string;
  bucket: number;
  user_id: number;
  created_at: Date | null;
  external_id: string | null;
  name: string | null;
  channels: string[];
  campaign_id: string | null;
  delivered_at: Date;
}

/** Messages of one page's people at most: each has one for each channel. */
const CHANNELS = 16;

/** Lists entries, the newest dispatch first. `next`: null on the last page. */
export async function listOutbox(
  db: Db,
  { workspaceId, after, limit }: { workspaceId: number; after: OutboxPlace | null; limit: number },
): Promise<{ entries: OutboxEntry[]; next: OutboxPlace | null }> {
  const rows = await db.query<Row>(sql`
    with newest as (
      select bucket, dispatch_id, user_id, channel, delivered_at
        from sandbox_messages
       where workspace_id = ${workspaceId}
             ${after === null ? empty : sql`and (dispatch_id < ${after.dispatchId} or (dispatch_id = ${after.dispatchId} and user_id > ${after.userId}))`}
       order by dispatch_id desc, user_id
       limit ${(limit + 1) * CHANNELS}
    ), entries as (
      select bucket, dispatch_id, user_id, array_agg(channel order by channel) as channels, max(delivered_at) as delivered_at
        from newest
       group by bucket, dispatch_id, user_id
       order by dispatch_id desc, user_id
       limit ${limit + 1}
    )
    select e.*, d.campaign_id, p.created_at, p.external_id, nullif(concat_ws(' ', p.first_name, p.last_name), '') as name
      from entries e
      left join dispatches d on d.id = e.dispatch_id
      left join profiles p on p.bucket = e.bucket and p.user_id = e.user_id
     order by e.dispatch_id desc, e.user_id`);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? { dispatchId: last.dispatch_id, userId: last.user_id } : null;
  return { entries: page.map(entryFrom), next };
}

function entryFrom({ bucket, user_id, created_at, dispatch_id, ...row }: Row): OutboxEntry {
  const id = created_at === null ? null : brazeId(created_at, bucket, user_id);
  const { external_id, name, channels, campaign_id, delivered_at } = row;
  return { dispatch_id: undashed(dispatch_id), braze_id: id, external_id, name, channels, campaign_id, delivered_at };
}

export interface OutboxMessage {
  channel: string;
  address: string | null;
  /** The message as the person would see it. */
  message: Record<string, unknown>;
  delivered_at: Date;
}

/** The messages of one entry, by channel. Empty: there are none. */
export function readOutboxMessage(
  db: Db,
  { workspaceId, dispatchId, person }: { workspaceId: number; dispatchId: string; person: PersonKey },
): Promise<OutboxMessage[]> {
  return db.query<OutboxMessage & Record<string, unknown>>(sql`
    select channel, address, message, delivered_at
      from sandbox_messages
     where bucket = ${person.bucket} and dispatch_id = ${dispatchId} and user_id = ${person.userId}
           and workspace_id = ${workspaceId}
     order by channel`);
}

import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { SendKey } from './send.ts';

/** A message that went to no provider. */
export interface SandboxMessage {
  send: SendKey;
  workspaceId: number;
  /** The address of the message. null: the channel has none. */
  address: string | null;
  message: object;
}

/** The sandbox keeps one message per send, however often it was tried. */
export async function fillSandbox(db: Db, messages: readonly SandboxMessage[], now: Date): Promise<void> {
  if (messages.length === 0) return;
  const rows = messages.map(({ send, workspaceId, address, message }) => ({
    bucket: send.bucket,
    dispatch_id: send.dispatchId,
    user_id: send.userId,
    channel: send.channel,
    workspace_id: workspaceId,
    address,
    message: JSON.stringify(message),
  }));
  await db.prepared(
    'fill_sandbox',
    sql`
    insert into sandbox_messages (bucket, dispatch_id, user_id, channel, workspace_id, address, message, delivered_at)
    select bucket, dispatch_id, user_id, channel, workspace_id, address, message::json, ${now}
      from json_to_recordset(${JSON.stringify(rows)}::json)
        as x(bucket integer, dispatch_id uuid, user_id bigint, channel text, workspace_id integer, address text,
             message text)
        on conflict do nothing`,
  );
}

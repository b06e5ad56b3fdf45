import type { Db } from '../../db/database.ts';
import { empty, sql } from '../../db/sql.ts';
import { undashed } from '../../lib/uuid.ts';
import type { PersonKey } from '../../people/profile/identify.ts';

export interface SandboxFilter {
  workspaceId: number;
  dispatchId: string | null;
  person: PersonKey | null;
  channel: string | null;
  after: SandboxCursor | null;
  limit: number;
}

export interface SandboxCursor {
  dispatchId: string;
  userId: number;
  channel: string;
}

interface SandboxRow extends Record<string, unknown> {
  dispatch_id: string;
  user_id: number;
  channel: string;
  address: string | null;
  message: object;
  delivered_at: Date;
  external_id: string | null;
}

/** Lists the messages of the sandbox, newest dispatch first. `next`: null on the last page. */
export async function listSandbox(
  db: Db,
  filter: SandboxFilter,
): Promise<{ messages: object[]; next: SandboxCursor | null }> {
  const { workspaceId, dispatchId, person, channel, after, limit } = filter;
  const rows = await db.query<SandboxRow>(sql`
    select m.dispatch_id, m.user_id, m.channel, m.address, m.message, m.delivered_at, p.external_id
      from sandbox_messages m
      left join profiles p on p.bucket = m.bucket and p.user_id = m.user_id
     where m.workspace_id = ${workspaceId}
           ${dispatchId === null ? empty : sql`and m.dispatch_id = ${dispatchId}`}
           ${person === null ? empty : sql`and m.bucket = ${person.bucket} and m.user_id = ${person.userId}`}
           ${channel === null ? empty : sql`and m.channel = ${channel}`}
           ${after === null ? empty : sql`and (m.dispatch_id < ${after.dispatchId} or (m.dispatch_id = ${after.dispatchId} and (m.user_id, m.channel) > (${after.userId}, ${after.channel})))`}
     order by m.dispatch_id desc, m.user_id, m.channel
     limit ${limit + 1}`);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next =
    rows.length > limit && last ? { dispatchId: last.dispatch_id, userId: last.user_id, channel: last.channel } : null;
  return { messages: page.map(messageFrom), next };
}

function messageFrom(row: SandboxRow): object {
  return {
    dispatch_id: undashed(row.dispatch_id),
    external_id: row.external_id,
    channel: row.channel,
    address: row.address,
    delivered_at: row.delivered_at,
    message: row.message,
  };
}

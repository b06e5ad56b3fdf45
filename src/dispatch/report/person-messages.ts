import type { Db } from '../../db/database.ts';
import { empty, sql } from '../../db/sql.ts';
import { undashed } from '../../lib/uuid.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { reasonIn, statusIn } from '../ledger/status-now.ts';
import { isHeld } from '../ledger/stopped-sends.ts';
import type { DispatchState } from '../plan/states.ts';
import { feedbackOf } from './feedback.ts';
import { type VerdictRow, verdictFrom } from './verdict.ts';
import { findWaits, noWaits, type Waits } from './waits.ts';

export interface MessageFilter {
  workspaceId: number;
  person: PersonKey;
  channel: string | null;
  status: string | null;
  reason: string | null;
  /** Cursor: the key of the previous page's last row. null: start with the newest. */
  after: MessageCursor | null;
  limit: number;
}

/** `channel`: empty for a person who was refused before any channel. */
export interface MessageCursor {
  dispatchId: string;
  channel: string;
}

interface MessageRow extends VerdictRow {
  dispatch_id: string;
  campaign_id: string | null;
  accepted_at: Date;
  waits_for: string[] | null;
  state: DispatchState;
  lane: number;
}

/**
 * Lists everything that one person was sent or refused, newest dispatch first. It reads the person's rows of one bucket, in
 * the order of an index. `next`: null on the last page.
 */
export async function listMessages(
  db: Db,
  { workspaceId, person, channel, status, reason, after, limit }: MessageFilter,
): Promise<{ messages: object[]; next: MessageCursor | null }> {
  const statusNow = statusIn(sql`d.state`);
  const reasonNow = reasonIn(sql`d.state`);
  // Each half stops after a page: an index has the person's rows in this order.
  const found = sql`
    (select s.dispatch_id, d.campaign_id, d.accepted_at, s.channel, (${statusNow})::text as status, s.attempts, s.due_at,
            ${isHeld} as is_held, s.updated_at, ${reasonNow} as reason, s.detail, s.provider_code, s.provider_message_id,
            s.address, s.extras, d.waits_for,
            d.state, d.lane
       from sends s
       join dispatches d on d.id = s.dispatch_id
      where s.bucket = ${person.bucket} and s.user_id = ${person.userId} and d.workspace_id = ${workspaceId}
            ${after === null ? empty : sql`and s.dispatch_id <= ${after.dispatchId} and (s.dispatch_id < ${after.dispatchId} or s.channel > ${after.channel})`}
            ${channel === null ? empty : sql`and s.channel = ${channel}`}
            ${status === null ? empty : sql`and (${statusNow})::text = ${status}`}
            ${reason === null ? empty : sql`and (${reasonNow}) = ${reason}`}
      order by s.dispatch_id desc, s.channel
      limit ${limit + 1})
     union all
    (select r.dispatch_id, d.campaign_id, d.accepted_at, '', 'skipped', 0, null, false, d.accepted_at, r.reason, r.detail,
            null, null, null, null, null, d.state, d.lane
       from refused_people r
       join dispatches d on d.id = r.dispatch_id
      where r.bucket = ${person.bucket} and r.user_id = ${person.userId} and d.workspace_id = ${workspaceId}
            ${after === null ? empty : sql`and r.dispatch_id < ${after.dispatchId}`}
            ${channel === null ? empty : sql`and false`}
            ${status === null ? empty : sql`and ${status} = 'skipped'`}
            ${reason === null ? empty : sql`and r.reason = ${reason}`}
      order by r.dispatch_id desc
      limit ${limit + 1})
     order by dispatch_id desc, channel
     limit ${limit + 1}`;
  const rows = await db.query<MessageRow>(sql`
    select m.*, ${feedbackOf}
      from (${found}) as m
      left join send_feedback f
        on f.bucket = ${person.bucket} and f.user_id = ${person.userId} and f.dispatch_id = m.dispatch_id and f.channel = m.channel
     order by m.dispatch_id desc, m.channel`);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? { dispatchId: last.dispatch_id, channel: last.channel } : null;
  const waits = await waitsOf(db, workspaceId, page);
  return { messages: page.map((row) => messageFrom(row, waits.get(row.dispatch_id) ?? noWaits)), next };
}

/** What the dispatches of pending messages wait for, by dispatch id. */
async function waitsOf(db: Db, workspaceId: number, rows: readonly MessageRow[]): Promise<Map<string, Waits>> {
  const waits = new Map<string, Waits>();
  for (const { dispatch_id, status, waits_for: waitsFor, state, lane } of rows) {
    if (status !== 'pending' || waits.has(dispatch_id)) continue;
    waits.set(dispatch_id, await findWaits(db, { workspaceId, waitsFor, state, lane }));
  }
  return waits;
}

function messageFrom(row: MessageRow, waits: Waits): object {
  const verdict = { ...verdictFrom(row, waits), channel: row.channel === '' ? null : row.channel };
  return {
    dispatch_id: undashed(row.dispatch_id),
    ...(row.campaign_id !== null && { campaign_id: row.campaign_id }),
    accepted_at: row.accepted_at,
    ...verdict,
  };
}

import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import { undashed } from '../../lib/uuid.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { SendOrigins } from '../ledger/feedback/send-origins.ts';
import { sendKey } from '../ledger/send.ts';
import { reasonIn, statusIn } from '../ledger/status-now.ts';
import { isHeld } from '../ledger/stopped-sends.ts';
import type { DispatchState } from '../plan/states.ts';
import { type AcceptedWithin, acceptedWithin } from './accepted-within.ts';
import { campaignMembers } from './campaign-members.ts';
import { feedbackOf } from './feedback.ts';
import { findVariations } from './variations.ts';
import { type Beside, type VerdictRow, verdictFrom } from './verdict.ts';
import { noWaits, type Waits } from './waits/wait.ts';
import { type Asking, findWaits } from './waits/waits.ts';

export interface MessageFilter extends Asking, AcceptedWithin {
  /** Several may share an address. At least one. */
  people: readonly PersonKey[];
  /** What is known of the variations of dispatches. Default: nothing. */
  origins?: SendOrigins;
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
  userId: number;
  channel: string;
}

/** A message as it is answered, and whose it is. */
export interface ListedMessage {
  userId: number;
  message: object;
}

interface MessageRow extends VerdictRow {
  /** Empty: the person was refused before any channel. */
  channel: ChannelKey | '';
  user_id: number;
  dispatch_id: string;
  campaign_id: string | null;
  accepted_at: Date;
  waits_for: string[] | null;
  state: DispatchState;
  lane: number;
}

/**
 * Lists everything that these people were sent or refused, newest dispatch first, and in a dispatch person by person. It reads
 * a page of each person's rows. `next`: null on the last page.
 */
export async function listMessages(
  db: Db,
  filter: MessageFilter,
): Promise<{ messages: ListedMessage[]; next: MessageCursor | null }> {
  const { people, limit } = filter;
  let found: MessageRow[] = [];
  for (const person of people) {
    const rows = await readRows(db, person, filter);
    found = [...found, ...rows].sort(newestFirst).slice(0, limit + 1);
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last ? { dispatchId: last.dispatch_id, userId: last.user_id, channel: last.channel } : null;
  const waits = await waitsOf(db, filter, page);
  const variations = await variationsOf(db, filter, page);
  const messages = page.map((row) => ({
    userId: row.user_id,
    message: messageFrom(row, filter, {
      waits: waits.get(row.dispatch_id) ?? noWaits,
      variationId: variations.get(sendKey(sendOf(row))),
    }),
  }));
  return { messages, next };
}

/** Rows of one person stay as the database has them: it may sort channels by its own rules. */
function newestFirst(one: MessageRow, other: MessageRow): number {
  if (one.dispatch_id !== other.dispatch_id) return one.dispatch_id < other.dispatch_id ? 1 : -1;
  return one.user_id - other.user_id;
}

/** The rows of one person after the cursor, one more than a page. It reads one bucket, in the order of an index. */
function readRows(db: Db, person: PersonKey, filter: MessageFilter): Promise<MessageRow[]> {
  const { workspaceId, channel, status, reason, after, limit } = filter;
  const within = (id: Sql) => acceptedWithin(filter, { id, acceptedAt: sql`d.accepted_at` });
  const statusNow = statusIn(sql`d.state`);
  const reasonNow = reasonIn(sql`d.state`);
  // Each half stops after a page: an index has the person's rows in this order.
  const found = sql`
    (select s.dispatch_id, d.campaign_id, d.accepted_at, s.channel, (${statusNow})::text as status, s.attempts, s.due_at,
            ${isHeld} as is_held, s.updated_at, ${reasonNow} as reason, s.detail, s.provider_code, s.provider_message_id,
            s.address, s.extras, s.retried_after, d.waits_for, d.state, d.lane
       from sends s
       join dispatches d on d.id = s.dispatch_id
      where s.bucket = ${person.bucket} and s.user_id = ${person.userId} and d.workspace_id = ${workspaceId}
            ${isAfter(after, person, { dispatch: sql`s.dispatch_id`, channel: sql`s.channel` })}
            ${within(sql`s.dispatch_id`)}
            ${channel === null ? empty : sql`and s.channel = ${channel}`}
            ${status === null ? empty : sql`and (${statusNow})::text = ${status}`}
            ${reason === null ? empty : sql`and (${reasonNow}) = ${reason}`}
      order by s.dispatch_id desc, s.channel
      limit ${limit + 1})
     union all
    (select r.dispatch_id, d.campaign_id, d.accepted_at, '', 'skipped', 0, null, false, d.accepted_at, r.reason, r.detail,
            null, null, null, null, null, null, d.state, d.lane
       from refused_people r
       join dispatches d on d.id = r.dispatch_id
      where r.bucket = ${person.bucket} and r.user_id = ${person.userId} and d.workspace_id = ${workspaceId}
            ${isAfter(after, person, { dispatch: sql`r.dispatch_id`, channel: sql`''` })}
            ${within(sql`r.dispatch_id`)}
            ${channel === null ? empty : sql`and false`}
            ${status === null ? empty : sql`and ${status} = 'skipped'`}
            ${reason === null ? empty : sql`and r.reason = ${reason}`}
      order by r.dispatch_id desc
      limit ${limit + 1})
     order by dispatch_id desc, channel
     limit ${limit + 1}`;
  return db.query<MessageRow>(sql`
    select m.*, ${person.userId}::bigint as user_id, ${feedbackOf}
      from (${found}) as m
      left join send_feedback f
        on f.bucket = ${person.bucket} and f.user_id = ${person.userId} and f.dispatch_id = m.dispatch_id and f.channel = m.channel
     order by m.dispatch_id desc, m.channel`);
}

/** Fragment: a condition that a row of this person comes after the cursor. */
function isAfter(after: MessageCursor | null, { userId }: PersonKey, row: { dispatch: Sql; channel: Sql }): Sql {
  if (after === null) return empty;
  const { dispatchId } = after;
  if (userId < after.userId) return sql`and ${row.dispatch} < ${dispatchId}`;
  if (userId > after.userId) return sql`and ${row.dispatch} <= ${dispatchId}`;
  return sql`and ${row.dispatch} <= ${dispatchId} and (${row.dispatch} < ${dispatchId} or ${row.channel} > ${after.channel})`;
}

/** What the dispatches of messages that are not over wait for, by dispatch id. */
async function waitsOf(db: Db, asking: Asking, rows: readonly MessageRow[]): Promise<Map<string, Waits>> {
  const waits = new Map<string, Waits>();
  for (const { dispatch_id, status, waits_for: waitsFor, state, lane } of rows) {
    if ((status !== 'pending' && status !== 'sending') || waits.has(dispatch_id)) continue;
    waits.set(dispatch_id, await findWaits(db, { dispatchId: dispatch_id, waitsFor, state, lane }, asking));
  }
  return waits;
}

/** The message variations of the page, by `sendKey`. */
function variationsOf(db: Db, { people, origins = new SendOrigins() }: MessageFilter, page: readonly MessageRow[]) {
  const buckets = new Map(people.map(({ userId, bucket }) => [userId, bucket]));
  const sends = page.flatMap((row) => {
    const { channel, ...key } = sendOf(row);
    const bucket = buckets.get(row.user_id);
    if (channel === '' || bucket === undefined) return [];
    return { ...key, bucket, channel, campaignId: row.campaign_id, reason: row.reason };
  });
  return findVariations(db, origins, sends);
}

function sendOf({ dispatch_id: dispatchId, user_id: userId, channel }: MessageRow) {
  return { dispatchId, userId, channel };
}

function messageFrom(row: MessageRow, { workspace }: Asking, beside: Beside): object {
  const verdict = { ...verdictFrom(row, beside), channel: row.channel === '' ? null : row.channel };
  return {
    dispatch_id: undashed(row.dispatch_id),
    ...campaignMembers(row.campaign_id, workspace),
    accepted_at: row.accepted_at,
    ...verdict,
  };
}

import type { ChannelKey } from '../channels/channel.ts';
import { textArray } from '../db/array-text.ts';
import type { Db } from '../db/database.ts';
import { hotStatement } from '../db/hot-statement.ts';
import { sql } from '../db/sql.ts';
import type { SendKey } from '../dispatch/ledger/send.ts';
import type { Bot, EventKind, FeedbackOutcome } from './event.ts';

/** An event that is to be applied. */
export interface WaitingEvent {
  id: string;
  workspaceId: number;
  provider: string;
  kind: EventKind;
  channel: ChannelKey;
  occurredAt: Date;
  receivedAt: Date;
  /** The send that its reference names. null: it has none. */
  send: SendKey | null;
  messageId: string | null;
  address: string | null;
  isPermanent: boolean;
  code: string | null;
  said: string | null;
  bot: Bot | null;
  groupId: string | null;
  /** Number of times that it was tried and is still waited for. */
  tries: number;
  /** Whether its effect on the person is done. */
  isHeeded: boolean;
}

interface Row extends Record<string, unknown>, Omit<WaitingEvent, 'send'> {
  bucket: number | null;
  user_id: number | null;
  dispatch_id: string | null;
}

/** Reads the events that are due, oldest first. The caller holds the lock of `apply.ts`. */
export async function readDueEvents(tx: Db, given: { now: Date; limit: number }): Promise<WaitingEvent[]> {
  const rows = await selectDue(tx, given);
  return rows.map(({ bucket, user_id, dispatch_id, ...event }) => {
    const isSend = bucket !== null && user_id !== null && dispatch_id !== null;
    const send = isSend ? { bucket, userId: user_id, dispatchId: dispatch_id, channel: event.channel } : null;
    return { ...event, send };
  });
}

const selectDue = hotStatement<{ now: Date; limit: number }, Row>(
  'select_due_feedback',
  (param) => sql`
    select id, workspace_id as "workspaceId", provider, kind, channel, occurred_at as "occurredAt", received_at as "receivedAt",
           bucket, user_id, dispatch_id, provider_message_id as "messageId", address, is_permanent as "isPermanent", code,
           said, bot, group_id as "groupId", tries, is_heeded as "isHeeded"
      from feedback_events
     where place is null and due_at <= ${param(({ now }) => now)}
     order by due_at, id
     limit ${param(({ limit }) => limit)}`,
);

/** When the next event is due. null: none waits. */
export async function nextFeedbackAt(db: Db): Promise<Date | null> {
  const { due } = await db.one<{ due: Date | null }>(sql`
    select min(due_at) as due from feedback_events where place is null`);
  return due;
}

/** An event that has been applied. */
export interface Applied {
  id: string;
  outcome: FeedbackOutcome;
  /** The send that it was found to be about, or the person (without a dispatch). null: none was found. */
  send: (Pick<SendKey, 'bucket' | 'userId'> & { dispatchId: string | null }) | null;
  campaignId: string | null;
  /** Who opened or clicked, and why it is thought so. */
  bot: Bot | null;
  code: string | null;
  /** What the caller of a transactional send calls it. null: nothing. */
  externalSendId: string | null;
}

/** Of an event that is about no send of a campaign. */
export const noOrigin = { campaignId: null, externalSendId: null } as const;

/**
 * Ends events, and gives them the next places of the feed. Places become visible in their order, because the caller holds
 * the lock of `apply.ts` until the commit.
 */
export async function endEvents(tx: Db, applied: readonly Applied[]): Promise<void> {
  if (applied.length > 0) await end(tx, { applied });
}

interface Ending {
  applied: readonly Applied[];
}

const texts =
  (read: (one: Applied) => string | null) =>
  ({ applied }: Ending) =>
    textArray(applied.map(read));

const end = hotStatement<Ending, never>(
  'end_feedback',
  (param) => sql`
    update feedback_events e
       set place = x.place, outcome = x.outcome, bucket = x.bucket, user_id = x.user_id, dispatch_id = x.dispatch_id,
           campaign_id = x.campaign_id, bot = x.bot, code = x.code, external_send_id = x.external_send_id
      from (select *, nextval('feedback_places') as place
              from unnest(${param(texts(({ id }) => id))}::uuid[], ${param(texts(({ outcome }) => outcome))}::text[],
                          ${param(texts(({ send }) => send?.bucket.toString() ?? null))}::integer[],
                          ${param(texts(({ send }) => send?.userId.toString() ?? null))}::bigint[],
                          ${param(texts(({ send }) => send?.dispatchId ?? null))}::uuid[],
                          ${param(texts(({ campaignId }) => campaignId))}::text[],
                          ${param(texts(({ bot }) => bot))}::text[], ${param(texts(({ code }) => code))}::text[],
                          ${param(texts(({ externalSendId }) => externalSendId))}::text[])
                as x(id, outcome, bucket, user_id, dispatch_id, campaign_id, bot, code, external_send_id)) as x
     where e.id = x.id`,
);

/** An event that waits for its send. */
export interface Postponed {
  id: string;
  dueAt: Date;
  /** Whether its effect on the person is done. */
  isHeeded: boolean;
}

/** Lets events wait for their sends. */
export async function postponeEvents(tx: Db, postponed: readonly Postponed[]): Promise<void> {
  if (postponed.length === 0) return;
  await tx.run(sql`
    update feedback_events e
       set due_at = x.due_at, tries = e.tries + 1, is_heeded = x.is_heeded
      from unnest(${textArray(postponed.map(({ id }) => id))}::uuid[],
                  ${textArray(postponed.map(({ dueAt }) => dueAt.toISOString()))}::timestamptz[],
                  ${textArray(postponed.map(({ isHeeded }) => String(isHeeded)))}::boolean[]) as x(id, due_at, is_heeded)
     where e.id = x.id`);
}

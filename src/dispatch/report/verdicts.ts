import type { Db } from '../../db/database.ts';
import { empty, sql } from '../../db/sql.ts';
import { undashed } from '../../lib/uuid.ts';
import { brazeId } from '../../people/profile/braze-id.ts';
import type { Refusal } from '../expand/expand-named.ts';
import { lanes } from '../plan/send-plan.ts';
import type { SendStatus } from '../plan/states.ts';
import { type DispatchState, isGivenUp } from '../plan/states.ts';
import { type CountedDispatch, type Counter, type CountRow, reasonNow, statusNow } from './counts.ts';
import type { Wait } from './waits.ts';

interface DispatchRow extends CountedDispatch {
  finished_at: Date | null;
  cancelled_at: Date | null;
  expanded_at: Date | null;
  refusals: Refusal[];
  campaign_id: string | null;
  send_id: string | null;
  failure: string | null;
  waits_for: string | null;
}

/** null: this workspace has no such dispatch. */
export function findDispatch(db: Db, workspaceId: number, dispatchId: string): Promise<DispatchRow | null> {
  return db.maybeOne<DispatchRow & Record<string, unknown>>(sql`
    select id, state, lane, accepted_at, finished_at, cancelled_at, expanded_at, open_tasks, targeted, counts,
           refusals, campaign_id, send_id, failure, waits_for
      from dispatches
     where id = ${dispatchId} and workspace_id = ${workspaceId}`);
}

export interface ChannelCounts {
  recipients: number;
  attempts: number;
  /** Calls that did not end with the message accepted. */
  attempts_failed: number;
  /** Number of sends by reason, or by status if there is no reason. */
  [outcome: string]: number;
}

/** Adds sends of one outcome to the counts of their channel. */
export function countOutcome(
  channels: Record<string, ChannelCounts>,
  {
    channel,
    status,
    reason,
    count,
    attempts,
    attempts_failed,
  }: Pick<CountRow, 'channel' | 'reason' | 'count' | 'attempts' | 'attempts_failed'> & { status: string },
): void {
  const counts = channels[channel] ?? { recipients: 0, attempts: 0, attempts_failed: 0 };
  counts.recipients += count;
  counts.attempts += attempts;
  counts.attempts_failed += attempts_failed;
  counts[reason ?? status] = (counts[reason ?? status] ?? 0) + count;
  channels[channel] = counts;
}

/**
 * State, counts and timings of one dispatch. `expanded_at`: when the last person of a broadcast's audience was counted.
 * `counted_at`: when the sends of a large running dispatch were counted; absent: just now. Once the dispatch is
 * finished, `targeted = recipients + unknown_user + duplicate + not_in_segment + not_in_audience`, and per channel
 * `recipients` is the sum of `sent` and every reason. Source: eligibility.md §7.
 */
export async function describeDispatch(counter: Counter, dispatch: DispatchRow): Promise<object> {
  const { rows, countedAt } = await counter(dispatch);
  const channels: Record<string, ChannelCounts> = {};
  for (const row of rows) countOutcome(channels, corrected(row, dispatch.state));
  return {
    dispatch_id: undashed(dispatch.id),
    ...(dispatch.send_id !== null && { send_id: dispatch.send_id }),
    ...(dispatch.campaign_id !== null && { campaign_id: dispatch.campaign_id }),
    state: dispatch.state,
    accepted_at: dispatch.accepted_at,
    finished_at: dispatch.finished_at ?? dispatch.cancelled_at,
    ...(dispatch.failure !== null && { failure: dispatch.failure }),
    ...(dispatch.lane === lanes.broadcast && { expanded_at: dispatch.expanded_at }),
    ...(countedAt !== null && { counted_at: countedAt }),
    counts: { targeted: dispatch.targeted, recipients: recipientsOf(dispatch), ...tally(dispatch.refusals) },
    channels,
    message: 'success',
  };
}

function recipientsOf({ targeted, refusals }: DispatchRow): number | null {
  return targeted === null ? null : targeted - refusals.length;
}

export function tally(refusals: readonly Refusal[]): Record<Refusal['reason'], number> {
  const counts = { unknown_user: 0, duplicate: 0, not_in_segment: 0, not_in_audience: 0 };
  for (const { reason } of refusals) counts[reason] += 1;
  return counts;
}

export interface RecipientFilter {
  status: string | null;
  channel: string | null;
  /** Cursor: the key of the previous page's last row. null: start at the first row. */
  after: RecipientCursor | null;
  limit: number;
}

export interface RecipientCursor {
  bucket: number;
  userId: number;
  channel: string;
}

interface VerdictRow extends Record<string, unknown> {
  bucket: number;
  user_id: number;
  channel: string;
  status: SendStatus;
  attempts: number;
  due_at: Date | null;
  updated_at: Date;
  reason: string | null;
  detail: string | null;
  provider_code: string | null;
  provider_message_id: string | null;
  address: string | null;
  external_id: string | null;
  created_at: Date | null;
  aliases: { alias_name: string; alias_label: string }[] | null;
}

/** Lists one verdict per person and channel, in key order. `next`: the cursor of the next page. null: there is none. */
export async function listVerdicts(
  db: Db,
  dispatch: Pick<DispatchRow, 'id' | 'state'>,
  { status, channel, after, limit }: RecipientFilter,
  wait: Wait | null,
): Promise<{ verdicts: object[]; next: RecipientCursor | null }> {
  const rows = await db.query<VerdictRow>(sql`
    select s.bucket, s.user_id, s.channel, s.status_now as status, s.attempts, s.due_at, s.updated_at,
           s.reason_now as reason, s.detail,
           s.provider_code, s.provider_message_id, s.address, p.external_id, p.created_at,
           (select json_agg(json_build_object('alias_name', n.name, 'alias_label', n.label) order by n.label)
              from user_names n
             where n.bucket = s.bucket and n.user_id = s.user_id and n.label <> '') as aliases
      from generate_series(${after?.bucket ?? 0}::integer, 255) as b(bucket)
     cross join lateral (
       select *, ${statusNow(dispatch.state)} as status_now, ${reasonNow(dispatch.state)} as reason_now
         from sends
        where bucket = b.bucket and dispatch_id = ${dispatch.id}
              ${after === null ? empty : sql`and (bucket, user_id, channel) > (${after.bucket}, ${after.userId}, ${after.channel})`}
              ${status === null ? empty : sql`and (${statusNow(dispatch.state)})::text = ${status}`}
              ${channel === null ? empty : sql`and channel = ${channel}`}
        order by user_id, channel
        limit ${limit + 1}
     ) as s
      left join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
     order by s.bucket, s.user_id, s.channel
     limit ${limit + 1}`);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next =
    rows.length > limit && last ? { bucket: last.bucket, userId: last.user_id, channel: last.channel } : null;
  return { verdicts: page.map((row) => verdictFrom(row, waitOf(row, wait))), next };
}

/** Corrects counts that are older than the moment when the dispatch was given up. */
function corrected<Row extends { status: SendStatus; reason: string | null }>(row: Row, state: DispatchState): Row {
  if (row.status !== 'pending' || !isGivenUp(state)) return row;
  return { ...row, status: 'cancelled', reason: 'cancelled' };
}

/** What a pending send waits for. null: only for its time, or it is over. */
function waitOf({ status, channel, due_at: dueAt }: VerdictRow, wait: Wait | null): Wait | null {
  if (wait === null || status !== 'pending' || !wait.channels.has(channel)) return null;
  return dueAt === null || dueAt < wait.until ? wait : null;
}

function verdictFrom(row: VerdictRow, wait: Wait | null): object {
  return {
    external_id: row.external_id,
    user_aliases: row.aliases ?? [],
    braze_id: row.created_at === null ? null : brazeId(row.created_at, row.bucket, row.user_id),
    channel: row.channel,
    status: row.status,
    reason: row.reason,
    detail: row.detail ?? wait?.why ?? null,
    address: row.address,
    attempts: row.attempts,
    provider_code: row.provider_code,
    provider_message_id: row.provider_message_id,
    next_attempt_at: row.status === 'pending' ? (wait?.until ?? row.due_at) : null,
    updated_at: row.updated_at,
  };
}

/** The verdict of a named person who was refused before any channel. */
export function verdictOfRefusal({ label, name, reason, detail }: Refusal): object {
  const identifier =
    label === '' ? { external_id: name } : { user_aliases: [{ alias_name: name, alias_label: label }] };
  return {
    external_id: null,
    user_aliases: [],
    ...identifier,
    channel: null,
    status: 'skipped',
    reason,
    detail: detail ?? null,
  };
}

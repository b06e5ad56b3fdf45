import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import type { Task } from '../../queue/tasks.ts';
import type { CampaignPart } from '../plan/loaded-dispatch.ts';
import { type ReplayFilter, replayable, type StoredReplay } from '../plan/replay-filter.ts';
import type { DispatchState } from '../plan/states.ts';
import { takeBackFailures } from './statistics/campaign-days.ts';
import { statusNow } from './status-now.ts';
import { bucketsOf } from './stopped-sends.ts';

/**
 * Applies a replay to the sends of a task: selected sends become pending, and pending sends that are not selected are
 * cancelled. Doing it twice changes nothing, because only verdicts from before the replay are changed.
 */
export async function reviveSends(
  tx: Db,
  task: Task,
  { filter, at }: StoredReplay,
  { now, partOf }: { now: Date; partOf(send: { channel: ChannelKey; userId: number }): CampaignPart | null },
): Promise<void> {
  const rows = rowsBefore(task, at);
  await keepDelivered(tx, rows, now);
  const selectsCancelled = filter.statuses.includes('cancelled');
  if (!selectsCancelled) await cancel(tx, rows, now);
  else if (filter.channels !== null || filter.codes !== null)
    await cancel(tx, sql`${rows} and not ${isSelected(filter)}`, now);
  // Later than the replay even if the clock stands still, so that a second run leaves the rows alone.
  const revivedAt = new Date(Math.max(now.getTime(), at.getTime() + 1));
  const failures = filter.statuses.includes('failed') ? await findFailures(tx, task, { filter, at }) : [];
  await tx.run(sql`
    update sends s
       set status = 'pending', attempts = 0, due_at = null, reason = null, detail = null, provider_code = null,
           devices = null, retried_after = null, content_tries = null, extras = null,
           updated_at = ${revivedAt}
      ${rows} and s.status = any(${filter.statuses}::send_status[]) and ${isSelected(filter)}`);
  if (selectsCancelled)
    // Whoever was held by quiet hours, whose end is their time, is decided again now, by the rules as they are.
    await tx.run(sql`
      update sends s
         set due_at = null, scheduled_at = ${now}, updated_at = ${revivedAt}
        ${rows} and s.status = 'pending' and s.reason = 'quiet_hours' and ${isSelected(filter)}`);
  const taken = failures.flatMap((failure) => {
    const part = partOf(failure);
    return part === null ? [] : { part, channel: failure.channel, day: failure.day, failed: 1 };
  });
  await takeBackFailures(tx, taken, now);
}

/** The failures that are about to be taken back, with the day on which they were counted. A task has those of one bucket. */
function findFailures(
  tx: Db,
  task: Task,
  { filter, at }: StoredReplay,
): Promise<{ channel: ChannelKey; userId: number; day: string }[]> {
  return tx.query(sql`
    select s.channel, s.user_id as "userId", (s.updated_at at time zone 'UTC')::date::text as day
      ${rowsBefore(task, at, sql`sends s, `)} and s.status = 'failed' and ${isSelected(filter)}`);
}

interface SelectedCounts {
  recipients: number;
  attempts: number;
  inDoubt: number;
  inHand: number;
}

/**
 * Counts the sends that a replay of a dispatch in this state selects, and the attempts that they have had. `inDoubt`: number
 * of those whose person may have the message. `inHand`: number of all its sends that workers have in hand.
 */
export function countSelected(
  tx: Db,
  { dispatchId, state }: { dispatchId: string; state: DispatchState },
  filter: ReplayFilter,
): Promise<SelectedCounts> {
  const selected = sql`s.status = any(${filter.statuses}::send_status[]) and ${isSelected(filter)}`;
  return tx.one<SelectedCounts & Record<string, unknown>>(sql`
    select count(*) filter (where ${selected}) as recipients,
           count(*) filter (where ${selected} and s.status = 'unknown') as "inDoubt",
           coalesce(sum(s.attempts) filter (where ${selected}), 0) as attempts,
           count(*) filter (where s.status = 'sending') as "inHand"
      from (select channel, provider_code, attempts, ${statusNow(state)} as status
              from ${bucketsOf({ bucket: null })}
              join sends on sends.bucket = b.bucket and sends.dispatch_id = ${dispatchId}) as s`);
}

/** A send that was stopped when some of its devices already had the message becomes `sent`. It is not tried again. */
function keepDelivered(tx: Db, rows: Sql, now: Date): Promise<number> {
  return tx.run(sql`
    update sends s
       set status = 'sent', due_at = null, updated_at = ${now}
      ${rows} and s.status = 'pending' and stopped_status(s.devices, 'pending') = 'sent'`);
}

function cancel(tx: Db, rows: Sql, now: Date): Promise<number> {
  return tx.run(sql`
    update sends s
       set status = 'cancelled', reason = 'cancelled', due_at = null, updated_at = ${now}
      ${rows} and s.status = 'pending'`);
}

/** Fragment: the sends `s` of a task whose verdicts are from before the replay. `also`: tables that an update need not name. */
function rowsBefore(task: Task, at: StoredReplay['at'], also: Sql = empty): Sql {
  return sql`
    from ${also}${bucketsOf(task)}
   where s.bucket = b.bucket and s.dispatch_id = ${task.dispatchId} and s.updated_at <= ${at}`;
}

function isSelected({ channels, codes }: ReplayFilter): Sql {
  return sql`(true
    ${channels === null ? empty : sql`and s.channel = any(${channels}::text[])`}
    ${codes === null ? empty : sql`and coalesce(${hasCode(codes)}, false)`})`;
}

/** A code stands for itself and for those that begin with it as a word: `554` for `554 5.7.1`. */
function hasCode(codes: readonly string[]): Sql {
  return sql`(s.provider_code = any(${codes}::text[])
     or exists (select from unnest(${codes}::text[]) as c(code) where starts_with(s.provider_code, c.code || ' ')))`;
}

/** The sends of a dispatch that a replay may select, by channel, status and provider code. */
export interface Selectable {
  channel: string;
  status: string;
  code: string | null;
  recipients: number;
}

/** Most rows of `listSelectable`. */
const MOST_SELECTABLE = 50;

/** What there is to replay, the most frequent first. */
export function listSelectable(
  tx: Db,
  { dispatchId, state }: { dispatchId: string; state: DispatchState },
): Promise<Selectable[]> {
  return tx.query<Selectable & Record<string, unknown>>(sql`
    select s.channel, s.status, s.provider_code as code, count(*) as recipients
      from (select channel, provider_code, ${statusNow(state)} as status
              from ${bucketsOf({ bucket: null })}
              join sends on sends.bucket = b.bucket and sends.dispatch_id = ${dispatchId}) as s
     where s.status = any(${replayable}::send_status[])
     group by 1, 2, 3
     order by 4 desc, 1, 2, 3
     limit ${MOST_SELECTABLE}`);
}

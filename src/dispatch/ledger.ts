import type { ChannelKey } from '../channels/channel.ts';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { Task } from '../queue/tasks.ts';

export type SendStatus =
  | 'pending' // to be tried, now or at `due_at`
  | 'sending' // being tried; after a crash: ambiguous
  | 'sent'
  | 'skipped' // refused by a gate
  | 'aborted' // stopped while it was rendered
  | 'failed'
  | 'bounced'
  | 'expired'
  | 'unknown' // may have gone out
  | 'cancelled';

/** One row of the ledger: one message to one person by one channel. */
export interface SendKey {
  bucket: number;
  dispatchId: string;
  userId: number;
  channel: ChannelKey;
}

export interface PendingSend extends SendKey {
  taskId: number;
  attempts: number;
}

/** What to write of a send: its new status and why. */
export interface Verdict {
  status: SendStatus;
  reason?: string | null;
  detail?: string | null;
  address?: string | null;
  providerCode?: string | null;
  providerMessageId?: string | null;
  dueAt?: Date | null;
  /** A place under the frequency caps that is given back. */
  releasesPlace?: boolean;
}

/**
 * Sends of these tasks that are due, at most `limit` of each task. Each comes once, also where several tasks are for one
 * bucket, as after a pause.
 */
export async function dueSends(db: Db, tasks: Task[], now: Date, limit: number): Promise<PendingSend[]> {
  const rows = await db.query<PendingSend & Record<string, unknown>>(sql`
    select s.bucket, s.dispatch_id as "dispatchId", s.user_id as "userId", s.channel, s.attempts, t.id as "taskId"
      from unnest(${tasks.map(({ id }) => id)}::bigint[], ${tasks.map(({ dispatchId }) => dispatchId)}::uuid[],
                  ${tasks.map(({ bucket }) => bucket)}::integer[]) as t(id, dispatch_id, bucket)
     cross join lateral (
       select one.*
         from generate_series(coalesce(t.bucket, 0), coalesce(t.bucket, 255)) as b(bucket)
        cross join lateral (
          select *
            from sends
           where bucket = b.bucket and dispatch_id = t.dispatch_id
             and status = 'pending' and (due_at is null or due_at <= ${now})
           limit ${limit}
        ) as one
        limit ${limit}
     ) as s`);
  return [...new Map(rows.map((send) => [sendKey(send), send])).values()];
}

/** When the next pending send of each task is due; tasks without any are missing. */
export async function nextDue(db: Db, tasks: Task[], now: Date): Promise<Map<number, Date>> {
  if (tasks.length === 0) return new Map();
  const rows = await db.query<{ id: number; due: Date }>(sql`
    select t.id, min(coalesce(s.due_at, ${now})) as due
      from unnest(${tasks.map(({ id }) => id)}::bigint[], ${tasks.map(({ dispatchId }) => dispatchId)}::uuid[],
                  ${tasks.map(({ bucket }) => bucket)}::integer[]) as t(id, dispatch_id, bucket)
     cross join lateral generate_series(coalesce(t.bucket, 0), coalesce(t.bucket, 255)) as b(bucket)
      join sends s on s.bucket = b.bucket and s.dispatch_id = t.dispatch_id and s.status = 'pending'
     group by t.id`);
  return new Map(rows.map(({ id, due }) => [id, due]));
}

/**
 * After a worker died: the sends it had in hand under this task are the ambiguous ones. They are tried again, or, where the request
 * wants at most one, given up as unknown. How many there were.
 */
export async function settleAmbiguous(db: Db, task: Task, mode: 'retry' | 'unknown', now: Date): Promise<number> {
  const status = mode === 'retry' ? 'pending' : 'unknown';
  return db.run(sql`
    update sends s
       set status = ${status}::send_status, reason = ${mode === 'retry' ? null : 'unknown'}, updated_at = ${now},
           detail = 'the server stopped between handing it over and noting it'
      from generate_series(${task.bucket ?? 0}::integer, ${task.bucket ?? 255}::integer) as b(bucket)
     where s.bucket = b.bucket and s.dispatch_id = ${task.dispatchId} and s.status = 'sending'
       and coalesce(s.task_id, ${task.id}) = ${task.id}`);
}

/**
 * Writes what the gates and the rendering decided: `sending` for those to be tried now, else the final word.
 * Only rows that are still pending, of tasks that this worker still holds and that were not stopped. The keys written, as `sendKey`.
 */
export async function decideSends(
  db: Db,
  { worker, now, decided }: { worker: string; now: Date; decided: { send: PendingSend; verdict: Verdict }[] },
): Promise<Set<string>> {
  if (decided.length === 0) return new Set();
  const rows = await db.prepared<SendKey & Record<string, unknown>>(
    'decide_sends',
    sql`
    update sends s
       set status = x.status::send_status, attempts = s.attempts + (x.status = 'sending')::integer,
           due_at = x.due_at, task_id = x.task_id, reason = x.reason, detail = x.detail, address = x.address,
           updated_at = ${now}
      from unnest(${decided.map(({ send }) => send.bucket)}::integer[],
                  ${decided.map(({ send }) => send.dispatchId)}::uuid[],
                  ${decided.map(({ send }) => send.userId)}::bigint[],
                  ${decided.map(({ send }) => send.channel)}::text[],
                  ${decided.map(({ verdict }) => verdict.status)}::text[],
                  ${decided.map(({ verdict }) => verdict.reason ?? null)}::text[],
                  ${decided.map(({ verdict }) => verdict.detail ?? null)}::text[],
                  ${decided.map(({ verdict }) => verdict.address ?? null)}::text[],
                  ${decided.map(({ send }) => send.taskId)}::bigint[],
                  ${decided.map(({ verdict }) => verdict.dueAt ?? null)}::timestamptz[])
             as x(bucket, dispatch_id, user_id, channel, status, reason, detail, address, task_id, due_at)
      join tasks t on t.id = x.task_id and t.worker = ${worker} and t.kind = 'drain'
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'pending'
    returning s.bucket, s.dispatch_id as "dispatchId", s.user_id as "userId", s.channel`,
  );
  return new Set(rows.map(sendKey));
}

/** Gives back the places these sends hold under the frequency caps. */
export async function releasePlaces(db: Db, sends: readonly SendKey[]): Promise<void> {
  await db.run(sql`
    delete from cap_places c
     using unnest(${sends.map(({ bucket }) => bucket)}::integer[], ${sends.map(({ dispatchId }) => dispatchId)}::uuid[],
                  ${sends.map(({ userId }) => userId)}::bigint[], ${sends.map(({ channel }) => channel)}::text[])
        as x(bucket, dispatch_id, user_id, channel)
     where c.bucket = x.bucket and c.user_id = x.user_id and c.dispatch_id = x.dispatch_id and c.channel = x.channel`);
}

export function sendKey({ dispatchId, userId, channel }: SendKey): string {
  return `${dispatchId}/${userId}/${channel}`;
}

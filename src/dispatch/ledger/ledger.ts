import type { ChannelKey } from '../../channels/channel.ts';
import { intArray, textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { Task } from '../../queue/tasks.ts';
import type { PendingSend, SendKey, Verdict } from './send.ts';

/** A task as the ledger is asked for its sends. */
export interface DueTask extends Pick<Task, 'id' | 'dispatchId' | 'bucket'> {
  /** Only people after this one of the task's bucket; 0 = all. */
  afterUserId: number;
  /** Channels that cannot go out now. */
  without: readonly ChannelKey[];
}

/**
 * Sends of these tasks that are due, at most `limit` of each task, by person. Those that are alike come as one row: a
 * row for each costs more to read than all the rest of it. Each send comes once, also where several tasks are for one
 * bucket, as after a pause.
 */
export async function dueSends(db: Db, tasks: readonly DueTask[], now: Date, limit: number): Promise<PendingSend[]> {
  if (tasks.length === 0) return [];
  const rows = await db.prepared<DueRow>(
    'due_sends',
    sql`
    select t.id as "taskId", s.bucket, t.dispatch_id as "dispatchId", s.channel, s.attempts, s.devices,
           string_agg(s.user_id::text, ',' order by s.user_id) as people
      from ${asked(tasks)}
     cross join lateral (
       select one.*
         from generate_series(coalesce(t.bucket, 0), coalesce(t.bucket, 255)) as b(bucket)
        cross join lateral (
          select *
            from sends
           where bucket = b.bucket and dispatch_id = t.dispatch_id and user_id > t.after_user_id
             and status = 'pending' and (due_at is null or due_at <= ${now})
             and (t.without = '' or channel <> all(string_to_array(t.without, ',')))
           order by user_id, channel
           limit ${limit}
        ) as one
        limit ${limit}
     ) as s
     group by t.id, t.dispatch_id, s.bucket, s.channel, s.attempts, s.devices
     order by t.id, s.bucket`,
  );
  const sends = rows.flatMap(({ people, ...rest }) =>
    people.split(',').map((userId) => ({ ...rest, userId: Number(userId) })),
  );
  return [...new Map(sends.map((send) => [sendKey(send), send])).values()];
}

interface DueRow extends Omit<PendingSend, 'userId'>, Record<string, unknown> {
  people: string;
}

/**
 * When the next pending send of each task is due; tasks without any are missing. The nesting is there for the planner,
 * which would otherwise read all of a dispatch for each of its buckets.
 */
export async function nextDue(db: Db, tasks: readonly DueTask[], now: Date): Promise<Map<number, Date>> {
  if (tasks.length === 0) return new Map();
  const rows = await db.prepared<{ id: number; due: Date }>(
    'next_due',
    sql`
    select t.id, s.due
      from ${asked(tasks)}
     cross join lateral (
       select min(one.due) as due
         from generate_series(coalesce(t.bucket, 0), coalesce(t.bucket, 255)) as b(bucket)
        cross join lateral (
          select min(coalesce(due_at, ${now})) as due
            from sends
           where bucket = b.bucket and dispatch_id = t.dispatch_id and status = 'pending'
             and (t.without = '' or channel <> all(string_to_array(t.without, ',')))
        ) as one
     ) as s
     where s.due is not null`,
  );
  return new Map(rows.map(({ id, due }) => [id, due]));
}

function asked(tasks: readonly DueTask[]): Sql {
  return sql`unnest(${intArray(tasks.map(({ id }) => id))}::bigint[], ${tasks.map(({ dispatchId }) => dispatchId)}::uuid[],
                  ${tasks.map(({ bucket }) => bucket)}::integer[],
                  ${intArray(tasks.map(({ afterUserId }) => afterUserId))}::bigint[],
                  ${tasks.map(({ without }) => without.join(','))}::text[])
             as t(id, dispatch_id, bucket, after_user_id, without)`;
}

/**
 * After a worker died: the sends it had in hand under this task are the ambiguous ones. They are tried again, or, where
 * the request wants at most one, given up as unknown unless a device has it already. How many there were.
 */
export async function settleAmbiguous(db: Db, task: Task, mode: 'retry' | 'unknown', now: Date): Promise<number> {
  const status = mode === 'retry' ? sql`'pending'` : sql`stopped_status(s.devices, 'unknown')`;
  const ofBucket = task.bucket === null ? sql`s.bucket between 0 and 255` : sql`s.bucket = ${task.bucket}`;
  return db.run(sql`
    update sends s
       set status = ${status}, updated_at = ${now},
           reason = ${mode === 'retry' ? sql`null` : sql`nullif(stopped_status(s.devices, 'unknown')::text, 'sent')`},
           detail = 'the server stopped between handing it over and noting it'
     where ${ofBucket} and s.dispatch_id = ${task.dispatchId} and s.status = 'sending'
       and coalesce(s.task_id, ${task.id}) = ${task.id}`);
}

interface Decided {
  send: PendingSend;
  verdict: Verdict;
}

/**
 * Writes what the gates and the rendering decided: `sending` for those to be tried now, else the final word.
 * Only rows that are still pending, of tasks that this worker still holds and that were not stopped: those are returned.
 */
export async function decideSends<One extends Decided>(
  db: Db,
  { worker, now, decided }: { worker: string; now: Date; decided: readonly One[] },
): Promise<One[]> {
  const groups = Map.groupBy(decided, ({ send, verdict }) =>
    verdict.status === 'sending' ? `${send.dispatchId}/${send.channel}` : '',
  );
  const others = groups.get('') ?? [];
  groups.delete('');
  if (groups.size > FEW) return writeDecisions(db, { worker, now, decided });
  const written: One[] = [];
  for (const group of groups.values()) written.push(...(await beginSends(db, { worker, now, decided: group })));
  return others.length === 0 ? written : written.concat(await writeDecisions(db, { worker, now, decided: others }));
}

/** Above so many dispatches and channels at once, one statement for all costs less than one for each. */
const FEW = 4;

/** The common case by far, of one dispatch and channel: to be tried now. */
async function beginSends<One extends Decided>(
  db: Db,
  { worker, now, decided }: { worker: string; now: Date; decided: One[] },
): Promise<One[]> {
  const [first] = decided;
  if (first === undefined) return [];
  const { dispatchId, channel } = first.send;
  const hasAddresses = decided.some(({ verdict }) => verdict.address);
  const [begun] = await db.prepared<{ missing: boolean; ids: string[] | null }>(
    'begin_sends',
    sql`
    with begun as (
      update sends s
         set status = 'sending', attempts = s.attempts + 1, due_at = null, reason = null, detail = null,
             address = x.address, task_id = x.task_id, updated_at = ${now}
        from unnest(${intArray(decided.map(({ send }) => send.bucket))}::integer[],
                    ${intArray(decided.map(({ send }) => send.userId))}::bigint[],
                    ${intArray(decided.map(({ send }) => send.taskId))}::bigint[],
                    ${textArray(hasAddresses ? decided.map(({ verdict }) => verdict.address ?? null) : [])}::text[])
               as x(bucket, user_id, task_id, address)
        join tasks t on t.id = x.task_id and t.worker = ${worker} and t.kind = 'drain'
       where s.bucket = x.bucket and s.dispatch_id = ${dispatchId} and s.user_id = x.user_id and s.channel = ${channel}
         and s.status = 'pending'
      returning s.user_id
    )
    select count(*) < ${decided.length}::integer as missing,
           case when count(*) < ${decided.length}::integer then array_agg(user_id) end as ids
      from begun`,
  );
  if (begun?.missing === false) return decided;
  const ids = new Set(begun?.ids?.map(Number)); // a bigint inside an array comes as text
  return decided.filter(({ send }) => ids.has(send.userId));
}

async function writeDecisions<One extends Decided>(
  db: Db,
  { worker, now, decided }: { worker: string; now: Date; decided: readonly One[] },
): Promise<One[]> {
  if (decided.length === 0) return [];
  const rows = await db.prepared<SendKey & Record<string, unknown>>(
    'decide_sends',
    sql`
    update sends s
       set status = x.status::send_status, attempts = s.attempts + (x.status = 'sending')::integer, due_at = x.due_at,
           reason = x.reason, detail = x.detail, address = x.address, task_id = x.task_id, updated_at = ${now},
           provider_code = coalesce(x.provider_code, s.provider_code),
           provider_message_id = coalesce(x.provider_message_id, s.provider_message_id),
           devices = coalesce(x.devices, s.devices)
      from unnest(${intArray(decided.map(({ send }) => send.bucket))}::integer[],
                  ${textArray(decided.map(({ send }) => send.dispatchId))}::uuid[],
                  ${intArray(decided.map(({ send }) => send.userId))}::bigint[],
                  ${textArray(decided.map(({ send }) => send.channel))}::text[],
                  ${textArray(decided.map(({ verdict }) => verdict.status))}::text[],
                  ${decided.map(({ verdict }) => verdict.dueAt ?? null)}::timestamptz[],
                  ${textArray(decided.map(({ verdict }) => verdict.reason ?? null))}::text[],
                  ${textArray(decided.map(({ verdict }) => verdict.detail ?? null))}::text[],
                  ${textArray(decided.map(({ verdict }) => verdict.address ?? null))}::text[],
                  ${textArray(decided.map(({ verdict }) => verdict.providerCode ?? null))}::text[],
                  ${textArray(decided.map(({ verdict }) => verdict.providerMessageId ?? null))}::text[],
                  ${textArray(decided.map(({ verdict }) => (verdict.devices ? JSON.stringify(verdict.devices) : null)))}::jsonb[],
                  ${intArray(decided.map(({ send }) => send.taskId))}::bigint[])
             as x(bucket, dispatch_id, user_id, channel, status, due_at, reason, detail, address, provider_code,
                  provider_message_id, devices, task_id)
      join tasks t on t.id = x.task_id and t.worker = ${worker} and t.kind = 'drain'
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'pending'
    returning s.bucket, s.dispatch_id as "dispatchId", s.user_id as "userId", s.channel`,
  );
  const written = new Set(rows.map(sendKey));
  return decided.filter(({ send }) => written.has(sendKey(send)));
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

function sendKey({ dispatchId, userId, channel }: SendKey): string {
  return `${dispatchId}/${userId}/${channel}`;
}

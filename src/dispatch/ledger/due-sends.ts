import type { ChannelKey } from '../../channels/channel.ts';
import { intArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { Task } from '../../queue/tasks.ts';
import { type PendingSend, sendKey } from './send.ts';

/** A task whose due sends are read. */
export interface DueTask extends Pick<Task, 'id' | 'dispatchId' | 'bucket'> {
  /** Only people with a higher user id are read. 0: all. */
  afterUserId: number;
  /** Channels that cannot be sent now. */
  without: readonly ChannelKey[];
}

/**
 * Reads the due sends of these tasks, at most `limit` of each task, in order of user id. Sends that differ only in the
 * person come as one row, because reading a row for each costs more than all the rest. Each send is returned once, even
 * if several tasks have the same bucket, as after a pause.
 */
export async function dueSends(db: Db, tasks: readonly DueTask[], now: Date, limit: number): Promise<PendingSend[]> {
  if (tasks.length === 0) return [];
  const rows = await db.prepared<DueRow>(
    'due_sends',
    sql`
    select t.id as "taskId", s.bucket, t.dispatch_id as "dispatchId", s.channel, s.attempts, s.devices, s.recipient,
           s.scheduled_at as "scheduledAt", coalesce(s.reason = 'quiet_hours', false) as "isHeld",
           s.content_tries as "contentTries",
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
     group by t.id, t.dispatch_id, s.bucket, s.channel, s.attempts, s.devices, s.recipient, s.scheduled_at, "isHeld",
              s.content_tries
     order by t.id, s.bucket`,
  );
  const sends = rows.flatMap(({ people, ...rest }) =>
    people.split(',').map((userId) => ({ ...rest, userId: Number(userId) })),
  );
  return areDisjoint(tasks) ? sends : [...new Map(sends.map((send) => [sendKey(send), send])).values()];
}

/** Whether no two tasks have the same people of a dispatch, as nearly always. Then no send is read twice. */
function areDisjoint(tasks: readonly DueTask[]): boolean {
  const groups = new Set(tasks.map(({ dispatchId, bucket }) => `${dispatchId}/${bucket}`));
  const isInWhole = ({ dispatchId, bucket }: DueTask) => bucket !== null && groups.has(`${dispatchId}/null`);
  return groups.size === tasks.length && !tasks.some(isInWhole);
}

interface DueRow extends Omit<PendingSend, 'userId'>, Record<string, unknown> {
  people: string;
}

/**
 * The time when the next pending send of each task is due. Tasks without one are missing. The nesting is for the
 * planner, which would otherwise read the whole dispatch for each bucket.
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

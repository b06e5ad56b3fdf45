import { channels } from '../../channels/index.ts';
import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { Task } from '../../queue/tasks.ts';

/** The channels whose messages are stored with their verdict. What has no verdict was not delivered. */
export const exactChannels = Object.values(channels).flatMap(({ key, providers }) =>
  providers?.of === 'feed' ? [key] : [],
);

/**
 * Resolves the ambiguous sends of a task: those that a dead worker had in hand. They become pending again, or, with
 * at_most_once, `unknown` unless a device already has the message. A message that is stored with its verdict is never
 * ambiguous and always becomes pending. Returns how many there were.
 */
export async function resolveAmbiguous(db: Db, task: Task, mode: 'retry' | 'unknown', now: Date): Promise<number> {
  const isExact = sql`s.channel = any(${exactChannels}::text[])`;
  const unknown = sql`case when ${isExact} then 'pending' else stopped_status(s.devices, 'unknown') end`;
  const status = mode === 'retry' ? sql`'pending'` : unknown;
  return db.run(sql`
    update sends s
       set status = ${status}, updated_at = ${now},
           reason = case (${status})::text when 'unknown' then 'unknown' end,
           detail = case when ${isExact} then 'the worker died before it stored this message'
                         else 'the worker died after it took this send up and before it noted what became of it; it may have gone out' end
      from ${bucketsOf(task)}
     where s.bucket = b.bucket and s.dispatch_id = ${task.dispatchId} and s.status = 'sending'
       and coalesce(s.task_id, ${task.id}) = ${task.id}`);
}

/** Cancels the pending sends of a dispatch. */
export async function cancelPending(tx: Db, dispatchId: string, now: Date): Promise<void> {
  await tx.run(sql`
    update sends s
       set status = 'cancelled', reason = 'cancelled', due_at = null, updated_at = ${now}
      from ${bucketsOf({ bucket: null })}
     where s.bucket = b.bucket and s.dispatch_id = ${dispatchId} and s.status = 'pending'`);
}

/** Fragment: whether a device of a send `s` waits only for its app queue. */
export const isHeld = sql`coalesce(s.devices @? '$[*] ? (@.state == "waiting" && @.held == true)'::jsonpath, false)`;

/** Makes the sends of these dispatches due at once that wait only for this app queue. */
export async function releaseHeld(
  tx: Db,
  { dispatchIds, appId, now }: { dispatchIds: readonly string[]; appId: string; now: Date },
): Promise<void> {
  const isHeldForApp = `$[*] ? (@.app == ${JSON.stringify(appId)} && @.state == "waiting" && @.held == true)`;
  await tx.run(sql`
    update sends s
       set due_at = null
      from unnest(${dispatchIds}::uuid[]) as d(id), ${bucketsOf({ bucket: null })}
     where s.bucket = b.bucket and s.dispatch_id = d.id and s.status = 'pending' and s.due_at > ${now}
       and s.devices @? ${isHeldForApp}::jsonpath`);
}

/** Fragment: the buckets of a task as `b`, because the rows of a dispatch are found bucket by bucket. */
export function bucketsOf({ bucket }: Pick<Task, 'bucket'>): Sql {
  return sql`generate_series(${bucket ?? 0}::integer, ${bucket ?? 255}::integer) as b(bucket)`;
}

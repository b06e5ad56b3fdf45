import type { Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import type { Task } from '../../queue/tasks.ts';
import type { ReplayFilter, StoredReplay } from '../plan/replay-filter.ts';
import { bucketsOf } from './stopped-sends.ts';

/**
 * What a replay means for the sends of a task: those that are meant become pending, and pending ones that are not are
 * cancelled for good. Doing it twice changes nothing: only verdicts from before the replay are touched.
 */
export async function reviveSends(tx: Db, task: Task, { filter, at }: StoredReplay, now: Date): Promise<void> {
  const rows = rowsBefore(task, at);
  await keepDelivered(tx, rows, now);
  const meansCancelled = filter.statuses.includes('cancelled');
  if (!meansCancelled) await cancel(tx, rows, now);
  else if (filter.channels !== null || filter.codes !== null)
    await cancel(tx, sql`${rows} and not ${isMeant(filter)}`, now);
  // Later than the replay, also where a clock stands still: a second look leaves it alone.
  const revivedAt = new Date(Math.max(now.getTime(), at.getTime() + 1));
  await tx.run(sql`
    update sends s
       set status = 'pending', attempts = 0, due_at = null, reason = null, detail = null, provider_code = null,
           devices = null, updated_at = ${revivedAt}
      ${rows} and s.status = any(${filter.statuses}::send_status[]) and ${isMeant(filter)}`);
}

/** Stopped while some of its devices had it: the person is not sent to again. */
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

function rowsBefore(task: Task, at: StoredReplay['at']): Sql {
  return sql`
    from ${bucketsOf(task)}
   where s.bucket = b.bucket and s.dispatch_id = ${task.dispatchId} and s.updated_at <= ${at}`;
}

function isMeant({ channels, codes }: ReplayFilter): Sql {
  return sql`(true
    ${channels === null ? empty : sql`and s.channel = any(${channels}::text[])`}
    ${codes === null ? empty : sql`and coalesce(s.provider_code = any(${codes}::text[]), false)`})`;
}

import type { Database, Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Task } from '../../queue/tasks.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { ReplayFilter, StoredReplay } from '../plan/replay-filter.ts';

export interface ReviveDeps {
  db: Database;
  clock: Clock;
  worker: string;
}

/**
 * Makes a drain task of a `revive` task, in one transaction with what a replay means for the rows of its bucket: those
 * that are meant become pending, and pending ones that are not are cancelled for good. Doing it twice changes nothing:
 * only verdicts from before the replay are touched.
 */
export async function reviveTask(
  { db, clock, worker }: ReviveDeps,
  task: Task,
  dispatch: LoadedDispatch,
): Promise<void> {
  await db.transaction(async (tx) => {
    const ours = await tx.run(sql`
      update tasks set kind = 'drain' where id = ${task.id} and worker = ${worker} and kind = 'revive'`);
    if (ours === 0 || dispatch.replay === null) return;
    const { filter, at } = dispatch.replay;
    const rows = rowsBefore(task, at);
    await keepDelivered(tx, rows, clock.now());
    // Later than the replay, also where a clock stands still: a second look leaves it alone.
    const revivedAt = new Date(Math.max(clock.now().getTime(), at.getTime() + 1));
    const meansCancelled = filter.statuses.includes('cancelled');
    if (!meansCancelled) await cancelPending(tx, sql`${rows}`, clock.now());
    else if (filter.channels !== null || filter.codes !== null)
      await cancelPending(tx, sql`${rows} and not ${isMeant(filter)}`, clock.now());
    await tx.run(sql`
      update sends s
         set status = 'pending', attempts = 0, due_at = null, reason = null, detail = null, provider_code = null,
             devices = null, updated_at = ${revivedAt}
        ${rows} and s.status = any(${filter.statuses}::send_status[]) and ${isMeant(filter)}`);
  });
}

/** Stopped while some of its devices had it: the person is not sent to again. */
function keepDelivered(tx: Db, rows: Sql, now: Date): Promise<number> {
  return tx.run(sql`
    update sends s
       set status = 'sent', due_at = null, updated_at = ${now}
      ${rows} and s.status = 'pending' and stopped_status(s.devices, 'pending') = 'sent'`);
}

function cancelPending(tx: Db, rows: Sql, now: Date): Promise<number> {
  return tx.run(sql`
    update sends s
       set status = 'cancelled', reason = 'cancelled', due_at = null, updated_at = ${now}
      ${rows} and s.status = 'pending'`);
}

function rowsBefore({ bucket, dispatchId }: Task, at: StoredReplay['at']): Sql {
  return sql`
    from generate_series(${bucket ?? 0}::integer, ${bucket ?? 255}::integer) as b(bucket)
   where s.bucket = b.bucket and s.dispatch_id = ${dispatchId} and s.updated_at <= ${at}`;
}

function isMeant({ channels, codes }: ReplayFilter): Sql {
  return sql`(true
    ${channels === null ? empty : sql`and s.channel = any(${channels}::text[])`}
    ${codes === null ? empty : sql`and coalesce(s.provider_code = any(${codes}::text[]), false)`})`;
}

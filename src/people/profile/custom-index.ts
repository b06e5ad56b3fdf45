import type { Logger } from 'pino';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Clock } from '../../lib/clock.ts';

/** At 1,000 changed people per second about 5,000 are pending: they cost a reader 2 ms, and merging takes 250 ms. */
const intervalMs = 5_000;

/** Merges the pending entries of the index of custom attributes, so that no request has to. Cheap without any. */
export async function mergeCustomIndex(db: Db): Promise<void> {
  await db.run(sql`select gin_clean_pending_list('profiles_custom')`);
}

/** Merges the pending entries every 5 seconds, until the returned function is called. Several processes may do so. */
export function keepCustomIndex({ db, clock, log }: { db: Db; clock: Clock; log: Logger }): () => void {
  let isStopped = false;
  let cancel = clock.after(intervalMs, again);
  function again(): void {
    mergeCustomIndex(db)
      .catch((error: unknown) => log.error({ err: error }, 'the index of custom attributes was not merged'))
      .finally(() => {
        if (!isStopped) cancel = clock.after(intervalMs, again);
      });
  }
  return () => {
    isStopped = true;
    cancel();
  };
}

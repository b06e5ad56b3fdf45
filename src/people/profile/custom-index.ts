import type { Logger } from 'pino';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Clock } from '../../lib/clock.ts';

/** At a thousand changed people a second some 5,000 wait: two milliseconds for whoever reads, a quarter of a second to merge. */
const everyMs = 5_000;

/** Merges what waits beside the index of custom attributes, so that no request has to. Cheap when nothing does. */
export async function mergeCustomIndex(db: Db): Promise<void> {
  await db.run(sql`select gin_clean_pending_list('profiles_custom')`);
}

/** Merges again and again, until the returned function is called. Safe in several processes at once. */
export function keepCustomIndex({ db, clock, log }: { db: Db; clock: Clock; log: Logger }): () => void {
  let isStopped = false;
  let cancel = clock.after(everyMs, again);
  function again(): void {
    mergeCustomIndex(db)
      .catch((error: unknown) => log.error({ err: error }, 'the index of custom attributes was not merged'))
      .finally(() => {
        if (!isStopped) cancel = clock.after(everyMs, again);
      });
  }
  return () => {
    isStopped = true;
    cancel();
  };
}

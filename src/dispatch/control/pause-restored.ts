import type { Db } from '../../db/database.ts';
import { dropTasks, forgetHolders } from '../../queue/stopped-tasks.ts';
import { doubtSends, listUnfinished, pauseUnfinished } from '../ledger/dispatches/restored.ts';

/** What was not over when the backup was made. */
export interface PausedByRestore {
  /** Number of dispatches that are paused now. */
  dispatches: number;
  /** Number of sends that may have gone out, and are `unknown` now. */
  unknown: number;
}

const AT_ONCE = 1_000;

/**
 * Pauses every dispatch of a database that was just restored, before a server uses it. `takenAt`: when the backup was made.
 * Audiences are still written to the ledger, and what is accepted from now on is sent as usual.
 */
export async function pauseRestored(tx: Db, { takenAt, now }: { takenAt: Date; now: Date }): Promise<PausedByRestore> {
  await forgetHolders(tx);
  const unknown = await doubtSends(tx, takenAt, now);
  const ids = await listUnfinished(tx);
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    const dropped = await dropTasks(tx, some);
    const unfinished = some.map((id) => ({ id, endedTasks: dropped.get(id) ?? 0 }));
    await pauseUnfinished(tx, unfinished, takenAt);
  }
  return { dispatches: ids.length, unknown };
}

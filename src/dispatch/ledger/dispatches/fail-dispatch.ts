import type { Transactor } from '../../../db/database.ts';
import { retry } from '../../../db/retry.ts';
import { stopTasks } from '../../../queue/stopped-tasks.ts';
import { logActivity } from '../activity-log.ts';
import { cancelPending } from '../stopped-sends.ts';
import { markFailed } from './dispatch-moves.ts';

/** The log's category for errors of an audience. Source: send.md §15. */
export const AUDIENCE_ERRORS = 'REST API connected audience errors';

export interface DispatchFailure {
  dispatchId: string;
  /** A fixed word, such as `audience_too_expensive`. */
  failure: string;
  /** Category of the entry in the developer console's log. */
  category: string;
  now: Date;
}

/**
 * Fails a dispatch as a whole: it stores why, its pending sends are cancelled, the workers give back what no connection
 * has begun, and the log gets an entry. False: the dispatch was already over.
 */
export function failDispatch(
  db: Transactor,
  { dispatchId, failure, category, now }: DispatchFailure,
): Promise<boolean> {
  return retry('dispatches', () =>
    db.transaction(async (tx) => {
      const ended = await stopTasks(tx, dispatchId);
      const failed = await markFailed(tx, { dispatchId, failure, now }, ended);
      if (failed === null) throw new AlreadyOver();
      await cancelPending(tx, dispatchId, now);
      const record = { error: failure };
      await logActivity(tx, { workspaceId: failed.workspaceId, dispatchId, category, record }, now);
      return true;
    }),
  ).catch((error: unknown) => {
    if (error instanceof AlreadyOver) return false;
    throw error;
  });
}

/** Rolls back, because the tasks of a paused or cancelled dispatch are not ours to stop. */
class AlreadyOver extends Error {}

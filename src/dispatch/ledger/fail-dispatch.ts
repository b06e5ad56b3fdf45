import type { Transactor } from '../../db/database.ts';
import { logActivity } from './activity-log.ts';
import { markFailed } from './dispatch-moves.ts';
import { cancelPending } from './stopped-sends.ts';

/** The log's category for what is wrong with an audience. Source: send.md §15. */
export const AUDIENCE_ERRORS = 'REST API connected audience errors';

export interface DispatchFailure {
  dispatchId: string;
  /** A word that stays the same: `audience_too_expensive`. */
  failure: string;
  /** Of the developer console's log. */
  category: string;
  now: Date;
}

/**
 * Ends a dispatch as a whole: it is `failed` and says why, what is pending is cancelled, and the log has an entry. Its tasks
 * find nothing left to do. False when it was over already.
 */
export function failDispatch(
  db: Transactor,
  { dispatchId, failure, category, now }: DispatchFailure,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const failed = await markFailed(tx, { dispatchId, failure, now });
    if (failed === null) return false;
    await cancelPending(tx, dispatchId, now);
    await logActivity(tx, { workspaceId: failed.workspaceId, dispatchId, category, record: { error: failure } }, now);
    return true;
  });
}

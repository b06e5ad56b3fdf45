import type { Transactor } from '../../db/database.ts';
import { logActivity } from './activity-log.ts';
import { markFailed } from './dispatch-moves.ts';
import { cancelPending } from './stopped-sends.ts';

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
 * Fails a dispatch as a whole: it stores why, its pending sends are cancelled, and the log gets an entry. Its tasks
 * then find nothing to do. False: the dispatch was already over.
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

import type { Database } from '../../../db/database.ts';
import { describeStatus } from '../../../dispatch/report/status.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Route } from '../../route.ts';

/** Shows the workers, the queue, and everything that keeps messages from going out. */
export function statusRoute({ db, clock }: { db: Database; clock: Clock }): Route {
  return {
    method: 'GET',
    path: '/status',
    permission: 'status.read',
    handle: async ({ workspaceId }) => ({
      status: 200,
      body: { ...(await describeStatus(db, workspaceId, clock.now())), message: 'success' },
    }),
  };
}

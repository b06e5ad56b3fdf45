import type { Database } from '../../../db/database.ts';
import type { Pressure, QueueLimits } from '../../../dispatch/accept/pressure.ts';
import { describeStatus } from '../../../dispatch/report/status.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../../workspace/watch-catalog.ts';
import type { RefusedCallers } from '../../refused-callers.ts';
import type { RateBucket, Route } from '../../route.ts';

/** Its own, so that a caller who has used up everybody's requests does not hide why. */
const statusBucket: RateBucket = { name: 'status', limit: 36_000, windowMs: 3_600_000 };

/** Shows the servers, the workers, the queue, and everything that keeps messages from going out. */
export function statusRoute({
  db,
  clock,
  catalog,
  catalogTrouble,
  limits,
  pressure,
  refusedCallers,
}: {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  catalogTrouble(): CatalogTrouble | null;
  limits: QueueLimits;
  pressure: Pressure;
  refusedCallers: RefusedCallers;
}): Route {
  return {
    method: 'GET',
    path: '/status',
    permission: 'status.read',
    bucket: () => statusBucket,
    async handle({ workspaceId }) {
      const workspace = catalog.workspace(workspaceId);
      if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
      const status = await describeStatus(db, workspace, {
        ...{ now: clock.now(), catalogTrouble: catalogTrouble(), limits },
        problemOfQueue: pressure.problemOf,
        callers: refusedCallers.problems(workspaceId).map(({ said }) => said),
      });
      return { status: 200, body: { ...status, message: 'success' } };
    },
  };
}

import type { Database } from '../../../db/database.ts';
import { describeStatus } from '../../../dispatch/report/status.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../../workspace/watch-catalog.ts';
import type { Route } from '../../route.ts';

/** Shows the workers, the queue, and everything that keeps messages from going out. */
export function statusRoute({
  db,
  clock,
  catalog,
  catalogTrouble,
}: {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  catalogTrouble(): CatalogTrouble | null;
}): Route {
  return {
    method: 'GET',
    path: '/status',
    permission: 'status.read',
    async handle({ workspaceId }) {
      const workspace = catalog.workspace(workspaceId);
      if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
      const status = await describeStatus(db, workspace, { now: clock.now(), catalogTrouble: catalogTrouble() });
      return { status: 200, body: { ...status, message: 'success' } };
    },
  };
}

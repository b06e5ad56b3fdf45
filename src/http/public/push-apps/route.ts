import type { Db } from '../../../db/database.ts';
import { describeApps } from '../../../dispatch/push/describe-apps.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { Route } from '../../route.ts';

/** Shows the state of each app's queue and provider. */
export function pushAppsRoute({ db, clock, catalog }: { db: Db; clock: Clock; catalog: Catalog }): Route {
  return {
    method: 'GET',
    path: '/push/apps',
    permission: 'push.read',
    async handle({ workspaceId }) {
      const workspace = catalog.workspace(workspaceId);
      if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
      return { status: 200, body: { apps: await describeApps(db, workspace, clock.now()), message: 'success' } };
    },
  };
}

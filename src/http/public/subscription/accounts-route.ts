import type { Db } from '../../../db/database.ts';
import { describeGroups } from '../../../dispatch/pauses/describe-groups.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { Route } from '../../route.ts';

/** Shows how each subscription group for texts and WhatsApp fares with its provider. */
export function subscriptionAccountsRoute({ db, clock, catalog }: { db: Db; clock: Clock; catalog: Catalog }): Route {
  return {
    method: 'GET',
    path: '/subscription/accounts',
    permission: 'subscription.read',
    async handle({ workspaceId }) {
      const workspace = catalog.workspace(workspaceId);
      if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
      return { status: 200, body: { accounts: await describeGroups(db, workspace, clock.now()), message: 'success' } };
    },
  };
}

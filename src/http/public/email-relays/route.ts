import type { Db } from '../../../db/database.ts';
import { describeRelays } from '../../../dispatch/pauses/describe-relays.ts';
import { RequestError } from '../../../errors.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { Route } from '../../route.ts';

/** Shows the state of each mail relay. */
export function emailRelaysRoute({ db, catalog }: { db: Db; catalog: Catalog }): Route {
  return {
    method: 'GET',
    path: '/email/relays',
    permission: 'email.read',
    async handle({ workspaceId }) {
      const workspace = catalog.workspace(workspaceId);
      if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
      return { status: 200, body: { relays: await describeRelays(db, workspace), message: 'success' } };
    },
  };
}

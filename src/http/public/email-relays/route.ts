import type { Db } from '../../../db/database.ts';
import { describeRelays } from '../../../dispatch/pauses/describe-relays.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { Route } from '../../route.ts';

interface EmailRelaysDeps {
  db: Db;
  clock: Clock;
  catalog: Catalog;
  publicUrl: string;
}

/** Shows the state of each mail relay, and where the services whose events are taken in shall post them. */
export function emailRelaysRoute({ db, clock, catalog, publicUrl }: EmailRelaysDeps): Route {
  return {
    method: 'GET',
    path: '/email/relays',
    permission: 'email.read',
    async handle({ workspaceId }) {
      const workspace = catalog.workspace(workspaceId);
      if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
      const relays = await describeRelays(db, workspace, clock.now());
      return { status: 200, body: { relays, events: eventUrls(workspace, publicUrl), message: 'success' } };
    },
  };
}

function eventUrls({ id, settings }: WorkspaceCatalog, publicUrl: string): object[] {
  return Object.keys(settings.email.events).map((service) => ({
    service,
    url: `${publicUrl}/callbacks/email/${service}/${id}`,
  }));
}

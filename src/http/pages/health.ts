import type { Database } from '../../db/database.ts';
import { askVersion } from '../../db/schema/ask-version.ts';
import type { CatalogTrouble } from '../../workspace/watch-catalog.ts';
import type { Page } from '../page.ts';

/** /livez: 200 while the process answers at all. What the database does is no reason to restart it. */
export function livezPage(): Page {
  return {
    method: 'GET',
    path: '/livez',
    handle: async () => ({ status: 200, type: 'application/json', body: '{"message":"success"}' }),
  };
}

/** /readyz: 200 while the database answers, and 503 otherwise. A server that stops no longer listens. */
export function readyzPage(db: Database): Page {
  return {
    method: 'GET',
    path: '/readyz',
    async handle() {
      await askVersion(db);
      return { status: 200, type: 'application/json', body: '{"message":"success"}' };
    },
  };
}

/**
 * /health, for load balancers: 200 while the database answers. If the database refuses writes, the body says so, but the
 * status stays 200: all servers share the database, so removing or restarting one does not help, and reads still work.
 */
export function healthPage(db: Database, catalogTrouble: () => CatalogTrouble | null): Page {
  return {
    method: 'GET',
    path: '/health',
    async handle() {
      const version = await askVersion(db);
      const refusal = db.refusal();
      const database = {
        ...(version !== null && { version }),
        ...(refusal && { state: 'refuses_writes', reason: refusal.kind, since: refusal.since }),
      };
      const trouble = catalogTrouble();
      const definitions = trouble && {
        definitions: { state: 'outdated', reason: trouble.reason, since: trouble.since },
      };
      return {
        status: 200,
        type: 'application/json',
        body: JSON.stringify({ message: 'success', database, ...definitions }),
      };
    },
  };
}

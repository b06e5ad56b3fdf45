import type { Database } from '../../db/database.ts';
import { probeWrites } from '../../workspace/probe-writes.ts';
import type { Page } from '../page.ts';

/**
 * For load balancers: 200 while the database answers. One that answers and refuses writes is told in the body and is no
 * reason to take a server away, or to start it again: all of them share the database, and what only reads goes on.
 */
export function healthPage(db: Database): Page {
  return {
    method: 'GET',
    path: '/health',
    async handle() {
      const version = await probeWrites(db);
      const refusal = db.refusal();
      const database = {
        ...(version !== null && { version }),
        ...(refusal && { state: 'refuses_writes', reason: refusal.kind, since: refusal.since }),
      };
      return { status: 200, type: 'application/json', body: JSON.stringify({ message: 'success', database }) };
    },
  };
}

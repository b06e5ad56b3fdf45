import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
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
      const { is_read_only } = await db.one<{ is_read_only: boolean }>(sql`
        select current_setting('transaction_read_only') = 'on' as is_read_only`);
      const refusal = db.refusal();
      const reason = refusal?.kind ?? (is_read_only ? 'read_only' : null);
      const database = reason && { state: 'refuses_writes', reason, since: refusal?.since };
      return {
        status: 200,
        type: 'application/json',
        body: JSON.stringify({ message: 'success', ...(database && { database }) }),
      };
    },
  };
}

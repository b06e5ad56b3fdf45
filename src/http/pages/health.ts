import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { troubleOf } from '../../db/trouble.ts';
import { versionText } from '../../db/version.ts';
import type { Page } from '../page.ts';

/**
 * /health, for load balancers: 200 while the database answers. If the database refuses writes, the body says so, but the
 * status stays 200: all servers share the database, so removing or restarting one does not help, and reads still work.
 */
export function healthPage(db: Database): Page {
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
      return { status: 200, type: 'application/json', body: JSON.stringify({ message: 'success', database }) };
    },
  };
}

/**
 * The database's version. null: it refuses writes, and `db` has noticed. The statement asks for row locks (of no rows),
 * because a read-only session refuses them. Throws when the database does not answer.
 */
async function askVersion(db: Database): Promise<string | null> {
  try {
    const { version } = await db.one<{ version: number }>(sql`
      select current_setting('server_version_num')::integer as version,
             (select count(*) from (select from workspaces where false for update) as nothing) as locked`);
    return versionText(version);
  } catch (error) {
    const kind = troubleOf(error)?.kind ?? 'unreachable';
    if (kind === 'unreachable') throw error;
    return null;
  }
}

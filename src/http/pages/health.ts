import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { troubleOf } from '../../db/trouble.ts';
import { versionText } from '../../db/version.ts';
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
 * The version of the database; null when it refuses writes, which `db` then knows as well: a read-only session refuses to
 * lock rows, and there is none to be locked. Throws when the database does not answer.
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

import type { Database } from '../database.ts';
import { sql } from '../sql.ts';
import { troubleOf } from '../trouble.ts';
import { versionText } from './version.ts';

/**
 * The database's version. null: it refuses writes, and `db` has noticed. The statement asks for row locks (of no rows),
 * because a read-only session refuses them. Throws when the database does not answer.
 */
export async function askVersion(db: Database): Promise<string | null> {
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

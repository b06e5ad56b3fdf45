import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { troubleOf } from '../db/trouble.ts';
import { versionText } from '../db/version.ts';

/**
 * The version of the database; null when it refuses writes, which `db` then knows as well: the statement is one that a
 * read-only session refuses, and changes nothing. Throws when the database does not answer.
 */
export async function probeWrites(db: Database): Promise<string | null> {
  try {
    const { version } = await db.one<{ version: number }>(sql`
      with written as (update workspaces set name = name where false)
      select current_setting('server_version_num')::integer as version`);
    return versionText(version);
  } catch (error) {
    const kind = troubleOf(error)?.kind ?? 'unreachable';
    if (kind === 'unreachable') throw error;
    return null;
  }
}

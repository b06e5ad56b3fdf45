import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { chooseWorkspace, listWorkspaces } from '../workspaces.ts';
import { ensureFirstKey, hashKey } from './keys.ts';

/**
 * Makes sure at the start of a server that it can be called: by the environment's key, or by one that it makes. Returns that one,
 * to be printed once. null: it made none. With several workspaces it makes a key only in the one that is named, and takes a key
 * that one of them has. Throws KeyError, and WorkspaceNameError if nothing tells whose the environment's key is to be.
 */
export async function ensureStartKey(
  db: Database,
  { given, workspaceName }: { given: string | null; workspaceName: string | null },
): Promise<{ made: string | null }> {
  if (workspaceName === null && (await listWorkspaces(db)).length > 1) {
    if (given === null) return { made: null };
    const owner = await db.maybeOne<{ id: number }>(sql`
      select workspace_id as id from api_keys where hash = ${hashKey(given)}`);
    if (owner !== null) return ensureFirstKey(db, owner.id, given);
  }
  return ensureFirstKey(db, await chooseWorkspace(db, workspaceName), given);
}

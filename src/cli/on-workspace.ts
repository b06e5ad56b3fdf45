import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { variablesOf } from '../workspace/file/apply-file.ts';
import { ensureWorkspace } from '../workspace/workspaces.ts';
import type { Terminal } from './terminal.ts';
import { withDatabase } from './with-database.ts';

/** Runs `work` on the workspace of the database that the environment names. Without `json`, it says first which one. */
export function onWorkspace<T>(
  terminal: Terminal,
  { json = false }: { json?: boolean },
  work: (db: Database, workspaceId: number) => Promise<T>,
): Promise<T> {
  const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
  return withDatabase(config, async (db) => work(db, await ensureWorkspace(db)), json ? {} : { terminal });
}

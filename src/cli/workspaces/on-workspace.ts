import type { Command } from 'commander';
import { readConfig } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { chooseWorkspace } from '../../workspace/workspaces.ts';
import type { Terminal } from '../terminal.ts';
import { withDatabase } from '../with-database.ts';

/** The option `--in` of a command. */
export interface InOption {
  /** Name of a workspace. Absent: the one of CRESSET_IN, or the only one. */
  in?: string;
}

/** Gives a command the option that says which workspace it means. */
export function inWorkspace(
  command: Command,
  meaning = 'the workspace that is meant (default: the only one)',
): Command {
  return command.option('--in <workspace>', meaning);
}

/** Runs `work` on the workspace of the database that the environment names. Without `json`, it says first which database. */
export function onWorkspace<T>(
  terminal: Terminal,
  { json = false, in: name }: InOption & { json?: boolean },
  work: (db: Database, workspaceId: number) => Promise<T>,
): Promise<T> {
  const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
  const chosen = async (db: Database) => work(db, await chooseWorkspace(db, name ?? config.workspaceName));
  return withDatabase(config, chosen, json ? {} : { terminal });
}

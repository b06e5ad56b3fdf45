import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Database } from '../../db/database.ts';
import { WorkspaceNameError } from '../workspaces.ts';
import { type ApplyFileOptions, applyFile } from './apply-file.ts';
import { WorkspaceFileError } from './file.ts';
import type { Plan } from './plan.ts';

/** The file that a server applies at its start, beside what is applied now. */
export interface FileDrift {
  /** Its name, without its folder. */
  file: string;
  /** The workspace that it is for. null: the file does not tell, because it cannot be used. */
  workspaceId: number | null;
  /** SHA-256 of its text. null: it cannot be used. */
  digest: Buffer | null;
  /** What an apply of it would change now. */
  plan: Plan;
  warnings: readonly string[];
  /** Why it cannot be used. Empty: it can. */
  problems: readonly string[];
}

/** Reads a workspace file and says what an apply of it would change. It changes nothing. */
export async function planFile(db: Database, options: Omit<ApplyFileOptions, 'dryRun' | 'by'>): Promise<FileDrift> {
  const file = basename(options.path);
  try {
    const applied = await applyFile(db, { ...options, by: '', dryRun: true });
    const { plan, warnings, digest, workspaceId } = applied;
    return { file, workspaceId, digest, plan, warnings, problems: [] };
  } catch (error) {
    const unusable = { file, workspaceId: null, digest: null, plan: [], warnings: [] };
    if (error instanceof WorkspaceFileError) return { ...unusable, problems: error.problems };
    if (error instanceof WorkspaceNameError) return { ...unusable, problems: [error.message] };
    throw error;
  }
}

/** Another text after each change of the file, or of whether there is one. */
export function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}

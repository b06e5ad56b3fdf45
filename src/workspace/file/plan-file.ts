import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Database } from '../../db/database.ts';
import { type ApplyFileOptions, applyFile } from './apply-file.ts';
import { WorkspaceFileError } from './file.ts';
import type { Plan } from './plan.ts';

/** The file that a server applies at its start, beside what is applied now. */
export interface FileDrift {
  /** Its name, without its folder. */
  file: string;
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
    const { plan, warnings, digest } = await applyFile(db, { ...options, by: '', dryRun: true });
    return { file, digest, plan, warnings, problems: [] };
  } catch (error) {
    if (!(error instanceof WorkspaceFileError)) throw error;
    return { file, digest: null, plan: [], warnings: [], problems: error.problems };
  }
}

/** Another text after each change of the file, or of whether there is one. */
export function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}

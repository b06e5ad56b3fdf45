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
  /** SHA-256 of its text, in hex. null: it cannot be used. */
  digest: string | null;
  /** What an apply of it would change now, without what stays as it is. */
  changes: Plan;
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
    const changes = plan.filter(({ kind }) => kind !== 'unchanged');
    return { file, workspaceId, digest: digest.toString('hex'), changes, warnings, problems: [] };
  } catch (error) {
    const unusable = { file, workspaceId: null, digest: null, changes: [], warnings: [] };
    if (error instanceof WorkspaceFileError) return { ...unusable, problems: error.problems };
    if (error instanceof WorkspaceNameError) return { ...unusable, problems: [error.message] };
    throw error;
  }
}

/** What tells a file from what it was before. */
export interface FileStamp {
  /** Another one after each change of the file, or of whether there is one. */
  text: string;
  sizeBytes: number;
}

export function stampOf(path: string): FileStamp {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { text: 'none', sizeBytes: 0 };
  return { text: `${found.ino} ${found.size} ${found.mtimeMs}`, sizeBytes: found.size };
}

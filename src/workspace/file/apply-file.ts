import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Database } from '../../db/database.ts';
import { utf8Problem } from '../../lib/raw/utf8.ts';
import { digestOfFile } from '../applied-files.ts';
import { type Applied, type ApplyOptions, applyWorkspace } from './apply.ts';
import { type CheckFilter, readWorkspaceFile, WorkspaceFileError } from './file.ts';
import { referredVariables } from './references.ts';

export interface ApplyFileOptions extends Omit<ApplyOptions, 'file' | 'source' | 'workspaceId'> {
  /** Chooses the workspace by the name in the file. null: the file gives none. */
  choose(nameInFile: string | null): Promise<number>;
  /** Who applies it, for the record. */
  by: string;
  /** The variables for `${env:…}`. */
  env: Readonly<Record<string, string | undefined>>;
  checkFilter: CheckFilter;
}

/** A file as it was applied, and to which workspace. */
export interface AppliedFile extends Applied {
  digest: Buffer;
  workspaceId: number;
}

/** Reads the workspace file at `path` and applies it. Throws as `readWorkspaceFile`, `choose` and `applyWorkspace` do. */
export async function applyFile(db: Database, options: ApplyFileOptions): Promise<AppliedFile> {
  const { path, env, checkFilter, by } = options;
  const text = readSource(path);
  const file = readWorkspaceFile(text, { path, env }, checkFilter);
  const source = { by, file: basename(path), digest: digestOfFile(text) };
  const workspaceId = await options.choose(file.name);
  const applied = await applyWorkspace(db, { ...options, workspaceId, file, source });
  return { ...applied, digest: source.digest, workspaceId };
}

/** The variables that the file at `path` refers to. Empty if there is no such file: its reader reports that. */
export function variablesOf(path: string | undefined): ReadonlySet<string> {
  if (path === undefined || path === '') return new Set();
  try {
    return referredVariables(readSource(path));
  } catch (error) {
    if (error instanceof WorkspaceFileError) return new Set();
    throw error;
  }
}

/** The text of a workspace file. Throws WorkspaceFileError. */
export function readSource(path: string): string {
  try {
    const bytes = readFileSync(path);
    const problem = utf8Problem(bytes);
    if (problem !== null) throw new WorkspaceFileError(path, [`the file: ${problem}`]);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof WorkspaceFileError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new WorkspaceFileError(path, [`the file cannot be read (${code})`]);
  }
}

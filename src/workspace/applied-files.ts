import { hash } from 'node:crypto';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type Change, isWrite, type Plan } from './file/plan.ts';

/** Most records of a workspace. */
const MOST_KEPT = 100;
const LONGEST_TEXT = 200;
/** Most changes of a record that are kept by name. */
const MOST_CHANGES = 1_000;

/** A workspace file that is being applied. */
export interface FileSource {
  /** Who applies it, such as `cresset apply by ada`. */
  by: string;
  /** Its name, without its folder. */
  file: string;
  /** SHA-256 of its text. */
  digest: Buffer;
}

export interface AppliedFile extends FileSource {
  /** When it was first applied in this form. */
  at: Date;
  /** When the same text was last applied without changing anything. At first: `at`. */
  againAt: Date;
  changes: readonly Pick<Change, 'kind' | 'what' | 'id' | 'name' | 'changed'>[];
}

export function digestOfFile(source: string): Buffer {
  return hash('sha256', source, 'buffer');
}

/** Records that a file was applied, in the transaction of the apply. The same file again is recorded as the same. */
export async function recordApplied(
  tx: Db,
  workspaceId: number,
  source: FileSource,
  plan: Plan,
  now: Date,
): Promise<void> {
  const changes = plan.filter(isWrite);
  const last = await tx.maybeOne<{ id: number; digest: Buffer }>(sql`
    select id, digest from applied_files where workspace_id = ${workspaceId} order by id desc limit 1`);
  if (last !== null && changes.length === 0 && last.digest.equals(source.digest)) {
    await tx.run(sql`update applied_files set again_at = ${now} where id = ${last.id}`);
    return;
  }
  const [by, file] = [source.by, source.file].map((text) => text.slice(0, LONGEST_TEXT).toWellFormed());
  await tx.run(sql`
    insert into applied_files (workspace_id, at, again_at, applied_by, file, digest, changes)
    values (${workspaceId}, ${now}, ${now}, ${by}, ${file}, ${source.digest},
            ${JSON.stringify(changes.slice(0, MOST_CHANGES))})`);
  await tx.run(sql`
    delete from applied_files
     where workspace_id = ${workspaceId}
       and id <= (select id from applied_files where workspace_id = ${workspaceId} order by id desc offset ${MOST_KEPT} limit 1)`);
}

/** What stands in the place of the name of a file for what was written by hand. */
export const editSources = ['the console', 'cresset segments'] as const;

/** The workspace file that was applied last. null: none of those that are kept. */
export function lastFile(db: Db, workspaceId: number): Promise<Pick<FileSource, 'by' | 'file'> | null> {
  return db.maybeOne<Pick<FileSource, 'by' | 'file'> & Record<string, unknown>>(sql`
    select applied_by as by, file
      from applied_files
     where workspace_id = ${workspaceId} and file <> all(${[...editSources]}::text[])
     order by id desc
     limit 1`);
}

/** The files that were applied, the newest first. */
export function listApplied(db: Db, workspaceId: number, most: number): Promise<AppliedFile[]> {
  return db.query<AppliedFile & Record<string, unknown>>(sql`
    select applied_by as by, file, digest, at, again_at as "againAt", changes
      from applied_files
     where workspace_id = ${workspaceId}
     order by id desc
     limit ${most}`);
}

import { createHash, randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** Bytes of all files of a workspace, unless its file says otherwise. */
export const MEDIA_LIBRARY_BYTES = 1_073_741_824;

export interface MediaFile {
  id: string;
  name: string;
  extension: string;
  sizeBytes: number;
  createdAt: Date;
}

/** All files of the workspace would have more bytes than they may. Nothing is stored. */
export class LibraryFull extends Error {}

export interface NewFile {
  workspaceId: number;
  name: string;
  extension: string;
  bytes: Buffer;
  /** Most bytes of all files of the workspace. */
  mostBytes: number;
  now: Date;
}

/** Stores a file in the caller's transaction. Throws LibraryFull, after which the transaction must be rolled back. */
export async function addFile(tx: Db, file: NewFile): Promise<MediaFile> {
  const { workspaceId, name, extension, bytes, mostBytes, now } = file;
  const id = randomUUID();
  await count(tx, { workspaceId, files: 1, bytes: bytes.length, mostBytes });
  await tx.run(sql`
    insert into media_files (id, workspace_id, name, extension, size_bytes, sha256, bytes, created_at)
    values (${id}, ${workspaceId}, ${name}, ${extension}, ${bytes.length}, ${hashOf(bytes)}, ${bytes}, ${now})`);
  return { id, name, extension, sizeBytes: bytes.length, createdAt: now };
}

/** The row of the total stays locked until the commit, so that two files cannot both take the last room. */
async function count(
  tx: Db,
  { workspaceId, files, bytes, mostBytes }: { workspaceId: number; files: number; bytes: number; mostBytes: number },
): Promise<void> {
  const { total } = await tx.one<{ total: number }>(sql`
    insert into media_totals as t (workspace_id, files, bytes) values (${workspaceId}, ${files}, ${bytes})
        on conflict (workspace_id) do update set files = t.files + excluded.files, bytes = t.bytes + excluded.bytes
    returning t.bytes as total`);
  if (bytes > 0 && total > mostBytes) throw new LibraryFull('the media library is full');
}

function hashOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Gives a file other bytes. Its name and its address stay. null: the workspace has no such file. Throws LibraryFull. */
export function replaceFile(
  db: Database,
  { workspaceId, id, bytes, mostBytes }: { workspaceId: number; id: string; bytes: Buffer; mostBytes: number },
): Promise<MediaFile | null> {
  return db.transaction(async (tx) => {
    const old = await tx.maybeOne<{ sizeBytes: number }>(sql`
      select size_bytes as "sizeBytes" from media_files where id = ${id} and workspace_id = ${workspaceId} for update`);
    if (old === null) return null;
    await count(tx, { workspaceId, files: 0, bytes: bytes.length - old.sizeBytes, mostBytes });
    return tx.one<MediaFile & Record<string, unknown>>(sql`
      update media_files
         set bytes = ${bytes}, size_bytes = ${bytes.length}, sha256 = ${hashOf(bytes)}
       where id = ${id}
      returning id, name, extension, size_bytes as "sizeBytes", created_at as "createdAt"`);
  });
}

/** null: the workspace has no such file. */
export function findOwnFile(db: Db, workspaceId: number, id: string): Promise<MediaFile | null> {
  return db.maybeOne<MediaFile & Record<string, unknown>>(sql`
    select id, name, extension, size_bytes as "sizeBytes", created_at as "createdAt"
      from media_files
     where id = ${id} and workspace_id = ${workspaceId}`);
}

/** The files of a workspace, newest first, and how many there are. */
export async function listFiles(
  db: Db,
  { workspaceId, limit, offset }: { workspaceId: number; limit: number; offset: number },
): Promise<{ files: MediaFile[]; total: number; totalBytes: number }> {
  const files = await db.query<MediaFile & Record<string, unknown>>(sql`
    select id, name, extension, size_bytes as "sizeBytes", created_at as "createdAt"
      from media_files
     where workspace_id = ${workspaceId}
     order by created_at desc, id
     limit ${limit} offset ${offset}`);
  const sum = await db.maybeOne<{ files: number; bytes: number }>(
    sql`select files, bytes from media_totals where workspace_id = ${workspaceId}`,
  );
  return { files, total: sum?.files ?? 0, totalBytes: sum?.bytes ?? 0 };
}

/** What is known of a stored file without its bytes. */
export interface StoredFile {
  extension: string;
  sizeBytes: number;
  sha256: Buffer;
}

export function findFile(db: Db, id: string): Promise<StoredFile | null> {
  return db.maybeOne<StoredFile & Record<string, unknown>>(sql`
    select extension, size_bytes as "sizeBytes", sha256 from media_files where id = ${id}`);
}

/** A file with its bytes, of one moment. null: there is none. */
export async function readFile(db: Db, id: string): Promise<{ file: StoredFile; bytes: Buffer } | null> {
  const row = await db.maybeOne<StoredFile & { bytes: Buffer }>(sql`
    select extension, size_bytes as "sizeBytes", sha256, bytes from media_files where id = ${id}`);
  if (row === null) return null;
  const { bytes, ...file } = row;
  return { file, bytes };
}

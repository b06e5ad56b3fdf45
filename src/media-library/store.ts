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

/** Stores a file. Returns null, having stored nothing, if all files of the workspace would have more than `mostBytes`. */
export async function addFile(
  db: Database,
  file: { workspaceId: number; name: string; extension: string; bytes: Buffer; mostBytes: number; now: Date },
): Promise<MediaFile | null> {
  const { workspaceId, name, extension, bytes, mostBytes, now } = file;
  const id = randomUUID();
  const isStored = await db.transaction(async (tx) => {
    // The row of the total stays locked until the commit, so that two files cannot both take the last room.
    const { total } = await tx.one<{ total: number }>(sql`
      insert into media_totals as t (workspace_id, files, bytes) values (${workspaceId}, 1, ${bytes.length})
          on conflict (workspace_id) do update set files = t.files + 1, bytes = t.bytes + excluded.bytes
      returning t.bytes as total`);
    if (total > mostBytes) {
      await tx.run(sql`
        update media_totals set files = files - 1, bytes = bytes - ${bytes.length} where workspace_id = ${workspaceId}`);
      return false;
    }
    await tx.run(sql`
      insert into media_files (id, workspace_id, name, extension, size_bytes, sha256, bytes, created_at)
      values (${id}, ${workspaceId}, ${name}, ${extension}, ${bytes.length},
              ${createHash('sha256').update(bytes).digest()}, ${bytes}, ${now})`);
    return true;
  });
  return isStored ? { id, name, extension, sizeBytes: bytes.length, createdAt: now } : null;
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

/** null: the file is gone. */
export async function readBytes(db: Db, id: string): Promise<Buffer | null> {
  const row = await db.maybeOne<{ bytes: Buffer }>(sql`select bytes from media_files where id = ${id}`);
  return row?.bytes ?? null;
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Client, connectClient } from '../db/client.ts';
import { copyOut } from '../db/copy.ts';
import { sql } from '../db/sql.ts';
import { asTrouble, asUnusable } from '../db/unusable.ts';
import { BackupFileError } from './error.ts';
import { type Header, jsonRecord, MOST_DATA_BYTES, recordOf, type StoredTable } from './format.ts';
import { beginSnapshot, setFormats } from './snapshot.ts';
import { listSequences } from './tables.ts';
import { type WriteOptions, writeBackupFile } from './write-file.ts';

export interface BackupOptions extends WriteOptions {
  /** Told after each chunk which table is read, and how many bytes have been read in all. */
  onProgress?: (table: string, bytes: number) => void;
}

/** A backup that was made. */
export interface BackupMade {
  header: Header;
  rows: number;
  /** Size of the data before compression, and of the file, in bytes. */
  dataBytes: number;
  fileBytes: number;
}

/**
 * Saves a database of Cresset, of whatever version, to a file: all of it as it was at one moment, while servers go on
 * writing. Throws BackupFileError and DatabaseUnusableError.
 */
export async function makeBackup(url: string, path: string, options: BackupOptions): Promise<BackupMade> {
  if (!options.replaces && existsSync(path))
    throw new BackupFileError(`${path}: there is a file of this name. Name another one, or say --replace.`);
  let client: Client | null = null;
  try {
    client = await connectClient(url);
    await setFormats(client.db);
    const header = await beginSnapshot(client.db);
    const counts = { rows: 0, dataBytes: 0 };
    const fileBytes = await writeBackupFile(path, recordsOf(client, header, counts, options), options);
    return { header, ...counts, fileBytes };
  } catch (error) {
    throw asTrouble(asUnusable(error));
  } finally {
    await client?.close();
  }
}

async function* recordsOf(
  client: Client,
  header: Header,
  counts: Pick<BackupMade, 'rows' | 'dataBytes'>,
  { onProgress }: BackupOptions,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const hashed = (record: Buffer) => {
    hash.update(record);
    return record;
  };
  yield hashed(jsonRecord('header', header));
  for (const table of header.tables) {
    const copy = copyOut(client.raw, `copy (select ${columnsOf(table)} from public.${table.name}) to stdout`);
    for (;;) {
      const { value, done } = await copy.next();
      if (done) {
        counts.rows += value;
        yield hashed(jsonRecord('tableEnd', { name: table.name, rows: value }));
        break;
      }
      counts.dataBytes += value.length;
      for (let at = 0; at < value.length; at += MOST_DATA_BYTES)
        yield hashed(recordOf('data', value.subarray(at, at + MOST_DATA_BYTES)));
      onProgress?.(table.name, counts.dataBytes);
    }
  }
  const sequences = await listSequences(client.db);
  await client.db.run(sql`commit`);
  yield jsonRecord('trailer', { rows: counts.rows, sequences, sha256: hash.digest('hex') });
}

/** The columns as a statement names them: `position` and others are words of SQL. */
export function columnsOf({ columns }: StoredTable): string {
  return columns.map((name) => `"${name}"`).join(', ');
}

import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { BackupFileError, BackupNotWrittenError, isSystemError } from './error.ts';
import { MAGIC } from './format.ts';

export interface WriteOptions {
  /** Whether a file of this name is replaced. */
  replaces: boolean;
  /** Ends the writing. Nothing of the file is left. */
  signal?: AbortSignal | undefined;
}

/**
 * Writes a backup file. It gets its name when all of it is on disk, so a file of this name is always whole. Whatever goes
 * wrong, nothing else is left. Only its owner may read it. Returns its size in bytes. Throws BackupFileError and
 * BackupNotWrittenError.
 */
export async function writeBackupFile(
  path: string,
  records: AsyncIterable<Buffer>,
  { replaces, signal }: WriteOptions,
): Promise<number> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = createWriteStream(aside, { flags: 'wx', mode: 0o600, flush: true });
    file.write(MAGIC);
    const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    await pipeline(Readable.from(records, { objectMode: true, highWaterMark: 4 }), zstd, file, { signal });
    if (replaces) await rename(aside, path);
    else await link(aside, path); // Unlike a renaming, it replaces nothing.
    await flushFolder(dirname(path));
    return file.bytesWritten;
  } catch (error) {
    if (signal?.aborted) throw new BackupNotWrittenError(`${path}: stopped; nothing of it is left`, { cause: error });
    throw asFileError(path, error);
  } finally {
    await rm(aside, { force: true });
  }
}

/** Makes a new name in a folder last. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function asFileError(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  if ('code' in error && error.code === 'EEXIST')
    return new BackupFileError(`${path}: there is a file of this name. Name another one, or say --replace.`);
  // The database's connection breaks with such errors, too, but they do not name a file.
  const { syscall } = error as { syscall?: string };
  if (syscall === undefined || /^(?:connect|read)$/.test(syscall)) return error;
  return new BackupNotWrittenError(`${path}: ${error.message}`, { cause: error });
}

import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';

/** Most files of one archive. */
export const MOST_ARCHIVED_FILES = 1_000;

/** Why an archive is refused as a whole. */
export type ArchiveFault = 'broken' | 'too_large' | 'no_name' | 'directory';

export class ArchiveProblem extends Error {
  readonly fault: ArchiveFault;

  constructor(fault: ArchiveFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** One file of an archive. */
export interface ArchivedFile {
  name: string;
  /** null: it has more bytes than a file may have, or is a link. */
  bytes: Buffer | null;
  sizeBytes: number;
}

export interface UnpackLimits {
  /** Most bytes of one file, unpacked. Of a larger file no more is read. */
  mostFileBytes: number;
  /** Most bytes of all files together, unpacked, of those that are too large what was read. */
  mostBytes: number;
}

/** What the packing program of macOS adds for itself. */
const OF_MACOS = '__MACOSX/';

/**
 * Unpacks a zip, one file at a time. Bytes are counted while they are unpacked, because what an archive says of itself may be
 * wrong. Throws ArchiveProblem. Source: more-endpoints.md §10.
 */
export async function* unpack(archive: Buffer, limits: UnpackLimits): AsyncGenerator<ArchivedFile> {
  const zip = await open(archive);
  let left = limits.mostBytes;
  try {
    for await (const entry of entriesOf(zip)) {
      const name = nameOf(entry);
      if (name === null) continue;
      const file = isLink(entry)
        ? { name, bytes: null, sizeBytes: 0 }
        : { name, ...(await read(zip, entry, Math.min(limits.mostFileBytes, left))) };
      left -= file.sizeBytes;
      if (left < 0)
        throw new ArchiveProblem('too_large', `the files have more than ${limits.mostBytes} bytes, unpacked`);
      yield file;
    }
  } finally {
    zip.close();
  }
}

async function open(archive: Buffer): Promise<yauzl.ZipFile> {
  // Names are checked here: the library would end with the first one that leads out of the archive.
  const options = { lazyEntries: true, decodeStrings: false, autoClose: false };
  const zip = await yauzl.fromBufferPromise(archive, options).catch(broken);
  // Whoever reads the entries gets the error. One that comes when nobody does would end the process.
  zip.on('error', () => undefined);
  if (zip.entryCount === 0) throw new ArchiveProblem('broken', 'the archive has no files');
  if (zip.entryCount > MOST_ARCHIVED_FILES)
    throw new ArchiveProblem('broken', `the archive has more than ${MOST_ARCHIVED_FILES} files`);
  return zip;
}

async function* entriesOf(zip: yauzl.ZipFile): AsyncGenerator<yauzl.Entry> {
  const entries = zip.eachEntry();
  for (;;) {
    const next = await entries.next().catch(broken);
    if (next.done === true) return;
    yield next.value;
  }
}

function broken(error: unknown): never {
  throw new ArchiveProblem('broken', error instanceof Error ? error.message : 'the archive cannot be read');
}

/** null: it is no file of the sender. Nothing is ever written under this name. */
function nameOf(entry: yauzl.Entry): string | null {
  const { generalPurposeBitFlag: flags, fileNameRaw, extraFields } = entry;
  const name = yauzl.getFileNameLowLevel(flags, fileNameRaw, extraFields, false);
  if (name.startsWith(OF_MACOS)) return null;
  if (name.trim() === '') throw new ArchiveProblem('no_name', 'a file of the archive has no name');
  if (name.includes('/')) throw new ArchiveProblem('directory', `the archive has a folder: ${name.slice(0, 255)}`);
  return name;
}

/** A symbolic link of a Unix system: its bytes are a path. */
function isLink({ externalFileAttributes }: yauzl.Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000;
}

/** Reads at most one byte more than allowed. */
async function read(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  most: number,
): Promise<Pick<ArchivedFile, 'bytes' | 'sizeBytes'>> {
  if (entry.isEncrypted()) throw new ArchiveProblem('broken', 'a file of the archive is encrypted');
  const stream = await zip.openReadStreamPromise(entry).catch(broken);
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      if (sizeBytes > most) return { bytes: null, sizeBytes };
      parts.push(part);
    }
  } catch (error) {
    broken(error);
  }
  const bytes = Buffer.concat(parts);
  if (crc32(bytes) !== entry.crc32) throw new ArchiveProblem('broken', 'a file of the archive is damaged');
  return { bytes, sizeBytes };
}

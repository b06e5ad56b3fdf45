import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { BackupFileError, isSystemError } from './error.ts';
import {
  type Header,
  kinds,
  MAGIC,
  MOST_DATA_BYTES,
  MOST_TEXT_BYTES,
  RECORD_HEAD,
  type RecordKind,
  type TableEnd,
  type Trailer,
} from './format.ts';
import { headerShape, readContent, tableEndShape, trailerShape } from './shapes.ts';

/** A backup file that is read once, from the beginning to the end. Every method throws BackupFileError. */
export class BackupReader {
  readonly #path: string;
  readonly #records: AsyncGenerator<FileRecord>;
  readonly #hash = createHash('sha256');
  #rows = 0;
  /** The end of the table whose data was read last. */
  #end: TableEnd | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#records = recordsOf(path);
  }

  async header(): Promise<Header> {
    const content = readContent(headerShape, await this.#next('header'), 'header', this.#path);
    return { ...content, takenAt: new Date(content.takenAt) };
  }

  /** The data of the next table. */
  async *data(): AsyncGenerator<Buffer> {
    for (;;) {
      const record = await this.#take();
      if (record.kind === 'tableEnd') {
        this.#end = readContent(tableEndShape, record.content, 'table', this.#path);
        return;
      }
      if (record.kind !== 'data') throw damaged(this.#path, `expected data, got ${record.kind}`);
      yield record.content;
    }
  }

  /** Throws unless the table whose data was read last is this one, with this number of rows. null: nobody counted them. */
  endTable(name: string, rows: number | null): void {
    const end = this.#end;
    if (end?.name !== name) throw damaged(this.#path, `expected the end of ${name}, got that of ${end?.name}`);
    if (rows !== null && end.rows !== rows)
      throw damaged(this.#path, `${name} has ${rows} rows, and ${end.rows} were written`);
    this.#rows += end.rows;
    this.#end = null;
  }

  /** Reads the trailer and the end of the file. Throws unless everything that was read is what was written. */
  async trailer(): Promise<Trailer> {
    const sha256 = this.#hash.copy().digest('hex');
    const trailer = readContent(trailerShape, await this.#next('trailer'), 'trailer', this.#path);
    if (trailer.sha256 !== sha256) throw damaged(this.#path, 'its checksum is another one');
    if (trailer.rows !== this.#rows) throw damaged(this.#path, `it has ${this.#rows} rows, not ${trailer.rows}`);
    if (!(await this.#records.next()).done) throw damaged(this.#path, 'something follows its end');
    return trailer;
  }

  /** Closes the file, wherever it is read to. */
  async close(): Promise<void> {
    await this.#records.return(undefined);
  }

  async #next(kind: RecordKind): Promise<Buffer> {
    const record = await this.#take();
    if (record.kind !== kind) throw damaged(this.#path, `expected the ${kind}, got ${record.kind}`);
    return record.content;
  }

  async #take(): Promise<FileRecord> {
    const { value, done } = await this.#records.next();
    if (done) throw damaged(this.#path, 'it is cut off');
    if (value.kind !== 'trailer') this.#hash.update(value.head).update(value.content);
    return value;
  }
}

interface FileRecord {
  kind: RecordKind;
  head: Buffer;
  content: Buffer;
}

const kindNames = new Map(Object.entries(kinds).map(([name, letter]) => [letter as string, name as RecordKind]));

async function* recordsOf(path: string): AsyncGenerator<FileRecord> {
  const bytes = new ByteReader(decompressed(path));
  try {
    for (;;) {
      const head = await bytes.take(RECORD_HEAD);
      if (head === null) return;
      const kind = kindNames.get(head.toString('latin1', 0, 1));
      if (kind === undefined) throw damaged(path, 'a record is of no known kind');
      const length = head.readUInt32BE(1);
      if (length > (kind === 'data' ? MOST_DATA_BYTES : MOST_TEXT_BYTES)) throw damaged(path, 'a record is too long');
      const content = await bytes.take(length);
      if (content === null) throw damaged(path, 'it is cut off');
      yield { kind, head, content };
    }
  } catch (error) {
    throw asFileError(path, error);
  } finally {
    await bytes.close();
  }
}

/** What follows MAGIC, decompressed as it is asked for. */
async function* decompressed(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    if (bytesRead < MAGIC.length || !buffer.equals(MAGIC)) throw new BackupFileError(noBackup(path));
    const file = handle.createReadStream({ start: MAGIC.length, highWaterMark: 1_048_576, autoClose: false });
    const zstd = createZstdDecompress({ chunkSize: 262_144 });
    pipeline(file, zstd, () => undefined); // An error ends the reading below, too.
    yield* zstd as AsyncIterable<Buffer>;
  } finally {
    await handle.close();
  }
}

function noBackup(path: string): string {
  return `${path}: expected a file that cresset backup wrote`;
}

/** Takes exact numbers of bytes from chunks. */
class ByteReader {
  readonly #source: AsyncGenerator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncGenerator<Buffer>) {
    this.#source = source;
  }

  /** null: the source has ended, and there is none left. Fewer than asked for are an error. */
  async take(length: number): Promise<Buffer | null> {
    const parts = [this.#rest];
    let have = this.#rest.length;
    while (have < length) {
      const { value, done } = await this.#source.next();
      if (done) {
        if (have === 0 && length > 0) return null;
        throw new CutOff();
      }
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }

  async close(): Promise<void> {
    await this.#source.return(undefined);
  }
}

class CutOff extends Error {}

function damaged(path: string, how: string): BackupFileError {
  return new BackupFileError(`${path}: the backup is damaged: ${how}. Nothing of it is used.`);
}

/** Node's names of errors of zstd begin so. */
const fromZstd = /^(?:ZSTD_|Z_)/;

function asFileError(path: string, error: unknown): unknown {
  if (error instanceof CutOff) return damaged(path, 'it is cut off');
  const { code, message } = Object(error) as { code?: unknown; message?: string };
  if (typeof code === 'string' && fromZstd.test(code))
    return new BackupFileError(damaged(path, `it cannot be decompressed (${message})`).message, { cause: error });
  if (isSystemError(error)) return new BackupFileError(`${path}: ${error.message}`, { cause: error });
  return error;
}

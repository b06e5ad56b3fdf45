import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ImportFileError } from './entry.ts';

const chunkBytes = 1024 * 1024;

/** A file is the same file when every byte is the same. */
export interface FileIdentity {
  sizeBytes: number;
  sha256: Buffer;
}

/** Reads the whole file, at about 1 GB/s. Throws ImportFileError when the file cannot be read. */
export async function identify(path: string): Promise<FileIdentity> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of readFile(path)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest() };
}

/** The bytes of a file. Throws ImportFileError. */
export async function* readFile(path: string): AsyncGenerator<Buffer> {
  try {
    if (!(await stat(path)).isFile()) throw new ImportFileError(`${path} is not a file.`);
    yield* createReadStream(path, { highWaterMark: chunkBytes });
  } catch (cause) {
    if (cause instanceof ImportFileError) throw cause;
    const { code } = Object(cause) as { code?: string };
    throw new ImportFileError(`${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}.`, {
      cause,
    });
  }
}

/** Unpacks gzip, and refuses UTF-16 and zip; the first bytes tell. Throws ImportFileError. */
export async function* unpack(bytes: AsyncIterable<Buffer>, encoding = 'utf-8'): AsyncGenerator<Buffer> {
  const { head, whole } = await peek(bytes, 4);
  const mark = head.subarray(0, 2).toString('hex');
  if (encoding === 'utf-8' && (mark === 'fffe' || mark === 'feff')) {
    const label = mark === 'fffe' ? 'utf-16le' : 'utf-16be';
    throw new ImportFileError(`The file is UTF-16; expected UTF-8. Did you mean --encoding ${label}?`);
  }
  if (isZip(head))
    throw new ImportFileError('The file is a zip, which is read only with --from braze, and from a file.');
  if (mark === '1f8b') yield* gunzip(whole);
  else yield* whole;
}

/** Whether bytes begin as those of a zip do. */
export function isZip(head: Buffer): boolean {
  return /^504b(?:0304|0506)/.test(head.subarray(0, 4).toString('hex'));
}

/** The first bytes, at least `atLeast` if there are as many. The rest is not read. */
export async function beginningOf(bytes: AsyncIterable<Buffer>, atLeast: number): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= atLeast) break;
  }
  return head;
}

/** The first bytes, at least `atLeast` if there are as many, and all of them. */
export async function peek(
  bytes: AsyncIterable<Buffer>,
  atLeast: number,
): Promise<{ head: Buffer; whole: AsyncGenerator<Buffer> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < atLeast) {
    const { value, done } = await iterator.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return { head, whole: chain(head, iterator) };
}

/** The bytes as UTF-8. `encoding`: a name that `readEncoding` returned. */
export async function* toUtf8(bytes: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  if (encoding === 'utf-8') return yield* bytes;
  const decoder = new TextDecoder(encoding);
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

/** The name of the encoding that a label of the WHATWG standard means: `latin1` is `windows-1252`. null: unknown. */
export function readEncoding(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

async function* chain(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacked = createGunzip({ chunkSize: chunkBytes });
  const flowing = pipeline(Readable.from(bytes, { objectMode: false }), unpacked);
  // Whoever stops reading early ends it with an error that nobody waits for.
  flowing.catch(() => undefined);
  try {
    yield* unpacked;
    await flowing;
  } catch (cause) {
    await flowing.catch(() => undefined);
    if (cause instanceof ImportFileError) throw cause;
    throw new ImportFileError(`The file cannot be unpacked: ${(cause as Error).message}.`, { cause });
  }
}

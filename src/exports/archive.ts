import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import yazl from 'yazl';
import type { FileForm } from './store.ts';

/** People in one file of a zip. Source: more-endpoints.md §4.1. */
export const PEOPLE_PER_FILE = 5_000;

/** Every line is the JSON text of one person, without its end. */
type Lines = AsyncIterator<string>;

/** Packs lines into a file: one file in a gzip, or files of 5,000 lines in a zip. An error of `lines` ends the stream. */
export function archive(lines: AsyncIterable<string>, { form, prefix }: { form: FileForm; prefix: string }): Readable {
  if (form === 'gzip') {
    const packed = createGzip();
    pipeline(ended(lines), packed).catch((error: Error) => packed.destroy(error));
    return packed;
  }
  const zip = new yazl.ZipFile();
  const out = new PassThrough();
  zip.outputStream.pipe(out);
  fill(zip, lines[Symbol.asyncIterator](), prefix).catch((error: Error) => out.destroy(error));
  return out;
}

async function* ended(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

/** Adds file after file. One without lines is added only if it is the first, so that an empty zip is a zip. */
async function fill(zip: yazl.ZipFile, lines: Lines, prefix: string): Promise<void> {
  let next = await lines.next();
  for (let number = 1; number === 1 || !next.done; number += 1) {
    const file = new PassThrough();
    zip.addReadStream(file, `${prefix}-${number}.txt`, { mtime: new Date(0), compress: true });
    await pipeline(async function* () {
      for (let count = 0; count < PEOPLE_PER_FILE && !next.done; count += 1) {
        yield `${next.value}\n`;
        next = await lines.next();
      }
    }, file);
  }
  zip.end();
}

/** Cuts a stream into pieces of at least `bytes`, but for the last. */
export async function* cut(stream: Readable, bytes: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    waiting.push(part);
    size += part.length;
    if (size < bytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

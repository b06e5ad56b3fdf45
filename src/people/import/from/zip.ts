import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { ImportFileError } from '../entry.ts';

/** Most files of an archive. The original packs 5,000 people into one. */
const MOST_FILES = 100_000;
/** No packed byte becomes more than 1,032 by deflate, so if all together are more, files of the archive overlap. */
const MOST_TIMES_LARGER = 1_100;
/** What the packing program of macOS adds for itself. */
const OF_MACOS = '__MACOSX/';

const lineEnd = Buffer.from('\n');

/**
 * The bytes of all files of a zip, in its order, with a line end between two of them: as `unzip -p` prints them. Unpacks
 * while it is read, and holds one chunk. `onBytes` is told how many packed bytes were read. Throws ImportFileError.
 */
export async function* unzipped(
  path: string,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  // Names are not used, so those that lead out of the archive do no harm.
  const options = { lazyEntries: true, decodeStrings: false, autoClose: false };
  const zip = await yauzl.openPromise(path, options).catch(broken);
  // Whoever reads gets the error. One that comes when nobody does would end the process.
  zip.on('error', () => undefined);
  try {
    if (zip.entryCount > MOST_FILES) broken(new Error(`it has more than ${MOST_FILES} files`));
    let left = zip.fileSize * MOST_TIMES_LARGER;
    for await (const entry of entriesOf(zip)) {
      let last: Buffer | null = null;
      for await (const chunk of contentOf(zip, entry)) {
        left -= chunk.length;
        if (left < 0) broken(new Error('its files are larger than a file of this size can hold'));
        last = chunk;
        yield chunk;
      }
      if (last !== null && last.at(-1) !== lineEnd[0]) yield lineEnd;
      onBytes(entry.compressedSize);
    }
  } finally {
    zip.close();
  }
}

async function* entriesOf(zip: yauzl.ZipFile): AsyncGenerator<yauzl.Entry> {
  const entries = zip.eachEntry();
  for (;;) {
    const next = await entries.next().catch(broken);
    if (next.done === true) return;
    const { generalPurposeBitFlag: flags, fileNameRaw, extraFields } = next.value;
    const name = yauzl.getFileNameLowLevel(flags, fileNameRaw, extraFields, false);
    if (!name.endsWith('/') && !name.startsWith(OF_MACOS)) yield next.value;
  }
}

async function* contentOf(zip: yauzl.ZipFile, entry: yauzl.Entry): AsyncGenerator<Buffer> {
  if (entry.isEncrypted()) broken(new Error('a file in it is encrypted'));
  const stream = await zip.openReadStreamPromise(entry).catch(broken);
  let sum = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    broken(error);
  }
  if (sum !== entry.crc32) broken(new Error('a file in it is damaged'));
}

function broken(cause: unknown): never {
  if (cause instanceof ImportFileError) throw cause;
  throw new ImportFileError(`The zip cannot be read: ${(cause as Error).message}.`, { cause });
}

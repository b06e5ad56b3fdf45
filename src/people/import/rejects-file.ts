import { once } from 'node:events';
import { createReadStream, createWriteStream, renameSync, rmSync, type WriteStream } from 'node:fs';
import { finished, pipeline } from 'node:stream/promises';
import { LineCutter, type TextLine } from '../../lib/text-lines.ts';
import { ImportFileError, type Shown } from './entry.ts';
import type { Later } from './later-lines.ts';
import type { Reject } from './progress.ts';
import { rejectsHeader } from './rejects-header.ts';

/** Only its owner may read the file, because it holds personal data. */
const mode = { mode: 0o600 };

/**
 * The file of rejected records: one JSON object per line. The first may name the options that read the records.
 * It is created with the first rejected record.
 */
export class RejectsFile {
  readonly path: string;
  readonly #options: readonly string[] | null;
  #stream: WriteStream | null = null;
  #failure: ImportFileError | null = null;

  /**
   * Deletes the file of an earlier run, because this run reports all its rejects again. `options` say, as on a command
   * line, how the records are read. null: no line says it.
   */
  constructor(path: string, options: readonly string[] | null) {
    this.path = path;
    this.#options = options;
    rmSync(path, { force: true });
  }

  /** Resolves when the stream can take more. */
  async write(reject: Reject, shown: Shown): Promise<void> {
    const stream = this.#open();
    if (this.#failure !== null) throw this.#failure;
    // `once` takes its listeners away again. The failure is thrown by the next write or by `close`.
    if (!stream.write(`${JSON.stringify({ line: reject.line, reason: reasonOf(reject), ...shown })}\n`))
      await once(stream, 'drain').catch(() => undefined);
  }

  /**
   * Adds to the lines what later lines of the imported file said of the same people, by the rejected line. To be called
   * after `close`. Throws ImportFileError.
   */
  async addLater(later: ReadonlyMap<number, Later>): Promise<void> {
    if (later.size === 0) return;
    const aside = `${this.path}.marked`;
    try {
      await pipeline(createReadStream(this.path), (bytes) => marked(bytes, later), createWriteStream(aside, mode));
      renameSync(aside, this.path);
    } catch (cause) {
      rmSync(aside, { force: true });
      throw new ImportFileError(`${this.path} cannot be written: ${Object(cause).code}.`, { cause });
    }
  }

  #open(): WriteStream {
    if (this.#stream === null) {
      this.#stream = createWriteStream(this.path, mode);
      this.#stream.once('error', (cause: NodeJS.ErrnoException) => {
        this.#failure = new ImportFileError(`${this.path} cannot be written: ${cause.code}.`, { cause });
      });
      if (this.#options !== null) this.#stream.write(`${rejectsHeader(this.#options)}\n`);
    }
    return this.#stream;
  }

  /** Throws ImportFileError when something could not be written. */
  async close(): Promise<void> {
    if (this.#stream === null) return;
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
    if (this.#failure !== null) throw this.#failure;
  }
}

async function* marked(bytes: AsyncIterable<Buffer>, later: ReadonlyMap<number, Later>): AsyncGenerator<string> {
  const cutter = new LineCutter(Number.POSITIVE_INFINITY);
  const lines = function* (cut: Iterable<TextLine>) {
    for (const { bytes: line } of cut) yield `${withLater(line?.toString() ?? '', later)}\n`;
  };
  for await (const chunk of bytes) yield* lines(cutter.add(chunk));
  yield* lines(cutter.end());
}

/** A rejects file that is imported may have rejects of its own, which keep what was said before. */
function withLater(text: string, later: ReadonlyMap<number, Later>): string {
  const found = later.get(Number(/^\{"line":(\d+),/.exec(text)?.[1]));
  if (found === undefined) return text;
  const line = JSON.parse(text) as { later?: Later };
  const [before, now] = [line.later?.members, found.members];
  const members = before === null || now === null ? null : [...new Set([...(before ?? []), ...now])];
  return JSON.stringify({ ...line, later: { line: found.line, members } });
}

/** The reasons in one text. */
export function reasonOf({ reasons, isPartial }: Reject): string {
  return `${isPartial ? 'applied, but for: ' : ''}${reasons.join('; ')}`;
}

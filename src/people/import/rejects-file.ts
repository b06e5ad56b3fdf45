import { once } from 'node:events';
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { ImportFileError, type Shown } from './entry.ts';
import type { Reject } from './progress.ts';
import { rejectsHeader } from './rejects-header.ts';

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

  /** Only its owner may read the file, because it holds personal data. */
  #open(): WriteStream {
    if (this.#stream === null) {
      this.#stream = createWriteStream(this.path, { mode: 0o600 });
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

/** The reasons in one text. */
export function reasonOf({ reasons, isPartial }: Reject): string {
  return `${isPartial ? 'applied, but for: ' : ''}${reasons.join('; ')}`;
}

import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { ImportFileError } from './entry.ts';

/** Where bad records are kept aside: one JSON object a line. There is no file while there is nothing to keep. */
export class RejectsFile {
  readonly path: string;
  #stream: WriteStream | null = null;
  #failure: ImportFileError | null = null;

  /** What an earlier run left there goes: its rejects are told again. */
  constructor(path: string) {
    this.path = path;
    rmSync(path, { force: true });
  }

  /** Resolves once there is room for more. */
  async write(line: number, reason: string, record: unknown): Promise<void> {
    const stream = this.#open();
    if (this.#failure !== null) throw this.#failure;
    if (!stream.write(`${JSON.stringify({ line, reason, record })}\n`)) {
      await new Promise<void>((ready) => {
        stream.once('drain', ready);
        stream.once('error', () => ready());
      });
    }
  }

  /** For its owner alone, since it holds what is known of people. */
  #open(): WriteStream {
    if (this.#stream === null) {
      this.#stream = createWriteStream(this.path, { mode: 0o600 });
      this.#stream.once('error', (cause: NodeJS.ErrnoException) => {
        this.#failure = new ImportFileError(`${this.path} cannot be written: ${cause.code}.`, { cause });
      });
    }
    return this.#stream;
  }

  /** Throws when something could not be written. */
  async close(): Promise<void> {
    if (this.#stream === null) return;
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
    if (this.#failure !== null) throw this.#failure;
  }
}

import { RequestError } from '../../../errors.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import { isBlankLine, LineCutter, type TextLine } from '../../../lib/text-lines.ts';
import { ChunkMaker, type RawChunk, type ReadChunk, readChunk } from './chunk-maker.ts';
import { MOST_HEAD_BYTES, readObject } from './read-line.ts';

/** Most people of a list. */
const MOST_PEOPLE = 1_000_000;
/** Most lines, blank ones too, so that a body of line ends does not keep a server busy. */
const MOST_LINES = 2 * MOST_PEOPLE + 1_000;
/** Most warnings of an answer that are about lines. */
const MOST_WARNINGS = 20;

/** Where the people of a list go, chunk by chunk. */
export interface ListSink {
  /** Whether the next chunk is there already. Throws RequestError if another one is. */
  has(raw: RawChunk): boolean;
  add(chunk: ReadChunk): Promise<void>;
  /** Called while nothing is added. Absent: it need not know. */
  keep?(): Promise<void>;
}

export interface ReadList {
  chunks: number;
  /** Number of people. */
  lines: number;
  /** Remarks on lines that leave nobody out. */
  warnings: readonly string[];
}

/** Reads a list as it comes: its first line, then its people. It holds a chunk in memory. */
export class ListReader {
  /** True: the list is wrong, so nothing of it may stay. */
  isRefused = false;
  readonly #pieces: AsyncGenerator<TextLine[]>;
  readonly #chunks = new ChunkMaker();
  /** The lines that came with the first one. */
  #rest: TextLine[] = [];
  #lines = 0;
  #chunkCount = 0;
  #warnings: string[] = [];

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#pieces = this.#linesOf(bytes);
  }

  /** The first line. To be asked once, before the people. Throws RequestError. */
  async head(): Promise<RawObject> {
    for (;;) {
      const { value: lines, done } = await this.#pieces.next();
      if (done === true)
        throw new RequestError('malformed_body', ['body: expected the send as JSON in the first line, got nothing']);
      const [first, ...rest] = lines;
      if (first === undefined) continue;
      this.#rest = rest;
      const problems = new Problems();
      const head = readObject(first, MOST_HEAD_BYTES, problems);
      problems.throwIfAny();
      return head ?? {};
    }
  }

  /** Reads the people. Throws RequestError, of a line, or of the sink. */
  async readInto(sink: ListSink): Promise<ReadList> {
    await this.#take(this.#rest, sink);
    for await (const lines of this.#pieces) {
      await this.#take(lines, sink);
      await sink.keep?.();
    }
    await this.#finish(this.#chunks.take(), sink);
    if (this.#lines === 0)
      this.#refuse('no_recipients', 'body: expected a line for each person after the first line, got none');
    return { chunks: this.#chunkCount, lines: this.#lines, warnings: this.#warnings };
  }

  /** Reads no more. What is left of the body stays unread. */
  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  async #take(lines: readonly TextLine[], sink: ListSink): Promise<void> {
    for (const line of lines) {
      this.#lines += 1;
      if (this.#lines > MOST_PEOPLE)
        this.#refuse('bad_request', `body: expected at most ${MOST_PEOPLE} people, got more`);
      await this.#finish(this.#chunks.add(line), sink);
    }
  }

  async #finish(raw: RawChunk | null, sink: ListSink): Promise<void> {
    if (raw === null) return;
    this.#chunkCount += 1;
    if (sink.has(raw)) return;
    await sink.add(this.#readChunk(raw));
  }

  #readChunk(raw: RawChunk): ReadChunk {
    try {
      const { chunk, warnings } = readChunk(raw);
      this.#warnings.push(...warnings.slice(0, MOST_WARNINGS - this.#warnings.length));
      return chunk;
    } catch (error) {
      this.isRefused = error instanceof RequestError;
      throw error;
    }
  }

  /** The lines that are not blank, as they come. */
  async *#linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<TextLine[]> {
    const cutter = new LineCutter(MOST_HEAD_BYTES);
    for await (const piece of bytes) yield this.#notBlank(cutter.add(piece));
    yield this.#notBlank(cutter.end());
  }

  #notBlank(lines: Iterable<TextLine>): TextLine[] {
    const kept: TextLine[] = [];
    for (const line of lines) {
      if (line.number > MOST_LINES) this.#refuse('bad_request', `body: expected at most ${MOST_LINES} lines, got more`);
      if (line.bytes === null || !isBlankLine(line.bytes)) kept.push(line);
    }
    return kept;
  }

  #refuse(code: 'bad_request' | 'no_recipients', problem: string): never {
    this.isRefused = true;
    throw new RequestError(code, [problem]);
  }
}

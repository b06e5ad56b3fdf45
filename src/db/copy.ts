import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type pg from 'pg';

/** What is used of the driver's connection. Its published types leave out what copies need. */
interface Wire {
  stream: Duplex;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

const CHUNK_BYTES = 65_536;
/** Chunks that wait for a slow reader until PostgreSQL is made to wait. */
const MOST_CHUNKS = 16;

/**
 * Runs one `copy … to stdout` and yields its data in chunks of about 64 KiB; a row may lie in two. Returns the number of
 * rows. A slow reader slows PostgreSQL down. A reader that stops early ends the connection.
 */
export async function* copyOut(client: pg.Client, statement: string): AsyncGenerator<Buffer, number, undefined> {
  const copy = new CopyOut(statement);
  client.query(copy as unknown as pg.Submittable);
  try {
    for (;;) {
      const chunk = await copy.next();
      if (chunk === null) return copy.rows;
      yield chunk;
    }
  } finally {
    copy.giveUp();
  }
}

/**
 * Runs one `copy … from stdin` with these chunks, and returns the number of rows that PostgreSQL stored. If `chunks` throws,
 * the copy fails, and its error is thrown.
 */
export async function copyIn(client: pg.Client, statement: string, chunks: AsyncIterable<Buffer>): Promise<number> {
  const copy = new CopyIn(statement);
  client.query(copy as unknown as pg.Submittable);
  const wire = await copy.ready;
  if (wire === null) return copy.ended;
  try {
    for await (const chunk of chunks) {
      if (copy.isOver) break;
      wire.sendCopyFromChunk(chunk);
      if (wire.stream.writableNeedDrain) await Promise.race([once(wire.stream, 'drain'), copy.ended]);
    }
  } catch (error) {
    if (!copy.isOver) {
      wire.sendCopyFail('the data ended with an error');
      await copy.ended.catch(() => undefined); // It fails because of the error that is thrown here.
    }
    throw error;
  }
  if (!copy.isOver) wire.endCopyFrom();
  return copy.ended;
}

/** The number at the end of `COPY 12`. */
function rowsOf(tag: string): number {
  return Number(/ (\d+)$/.exec(tag)?.[1] ?? Number.NaN);
}

/** A statement that the driver runs. It calls these methods as the answers arrive. */
class CopyOut {
  rows = 0;
  readonly #statement: string;
  readonly #chunks: Buffer[] = [];
  #filling = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #wire: Wire | null = null;
  #isOver = false;
  #error: unknown = null;
  #wake: () => void = () => undefined;

  constructor(statement: string) {
    this.#statement = statement;
  }

  /** The next chunk. null: there are no more. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#error !== null) throw this.#error;
      if (this.#isOver) return null;
      this.#wire?.stream.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  giveUp(): void {
    if (!this.#isOver) this.#wire?.stream.destroy();
  }

  submit(wire: Wire): void {
    this.#wire = wire;
    wire.query(this.#statement);
  }

  /** The driver uses the memory of `chunk` again. */
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.#filled + chunk.length > this.#filling.length) this.#flush();
    if (chunk.length > CHUNK_BYTES) {
      this.#chunks.push(Buffer.from(chunk));
    } else {
      chunk.copy(this.#filling, this.#filled);
      this.#filled += chunk.length;
    }
    if (this.#chunks.length === 0) return;
    if (this.#chunks.length >= MOST_CHUNKS) this.#wire?.stream.pause();
    this.#wake();
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#chunks.push(this.#filling.subarray(0, this.#filled));
    this.#filling = Buffer.allocUnsafe(CHUNK_BYTES);
    this.#filled = 0;
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rows = rowsOf(text);
  }

  handleReadyForQuery(): void {
    this.#flush();
    this.#end();
  }

  handleError(error: unknown): void {
    this.#error = error;
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#wire?.stream.resume();
    this.#wake();
  }
}

class CopyIn {
  isOver = false;
  /** The connection once it takes data. null: the statement failed before. */
  readonly ready: Promise<Wire | null>;
  /** Resolves with the number of rows, and rejects if the statement failed. */
  readonly ended: Promise<number>;
  readonly #statement: string;
  readonly #ready = Promise.withResolvers<Wire | null>();
  readonly #end = Promise.withResolvers<number>();
  #rows = 0;

  constructor(statement: string) {
    this.#statement = statement;
    this.ready = this.#ready.promise;
    this.ended = this.#end.promise;
    this.ended.catch(() => undefined); // It is awaited later.
  }

  submit(wire: Wire): void {
    wire.query(this.#statement);
  }

  handleCopyInResponse(wire: Wire): void {
    this.#ready.resolve(wire);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#rows = rowsOf(text);
  }

  handleReadyForQuery(): void {
    this.isOver = true;
    this.#end.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.isOver = true;
    this.#end.reject(error);
    this.#ready.resolve(null);
  }
}

import { once } from 'node:events';
import pg from 'pg';
import { clientConfig } from '../src/db/connection.ts';

/** Runs one `copy … from stdin` over a connection of its own. Returns the seconds from the statement to the commit. */
export async function copyIn(url: string, statement: string, lines: readonly string[]): Promise<number> {
  const client = new pg.Client(clientConfig(url));
  await client.connect();
  try {
    const copy = new CopyIn(statement, `${lines.join('\n')}\n`);
    const start = performance.now();
    client.query(copy as unknown as pg.Submittable);
    await copy.done;
    return (performance.now() - start) / 1_000;
  } finally {
    client.connection.stream.once('error', () => undefined);
    await client.end();
  }
}

interface Connection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  stream: NodeJS.WritableStream & { writableNeedDrain: boolean };
}

const CHUNK_BYTES = 65_536;

/** What `pg` wants of a query: it calls these methods as the answers of PostgreSQL arrive. */
class CopyIn {
  readonly done: Promise<void>;
  readonly #statement: string;
  readonly #data: Buffer;
  readonly #end = Promise.withResolvers<void>();

  constructor(statement: string, data: string) {
    this.#statement = statement;
    this.#data = Buffer.from(data);
    this.done = this.#end.promise;
  }

  submit(connection: Connection): void {
    connection.query(this.#statement);
  }

  handleCopyInResponse(connection: Connection): void {
    void this.#send(connection);
  }

  async #send(connection: Connection): Promise<void> {
    for (let at = 0; at < this.#data.length; at += CHUNK_BYTES) {
      connection.sendCopyFromChunk(this.#data.subarray(at, at + CHUNK_BYTES));
      if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
    }
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {
    // The end of the statement is awaited.
  }

  handleReadyForQuery(): void {
    this.#end.resolve();
  }

  handleError(error: Error): void {
    this.#end.reject(error);
  }
}

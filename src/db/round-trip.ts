import type { Duplex } from 'node:stream';
import pg from 'pg';
import { sqlstateOf } from './sqlstates.ts';
import { troubleOf } from './trouble.ts';

export interface Statement {
  /** PostgreSQL keeps the statement's plan under this name. Default: the statement is planned anew. */
  name?: string | undefined;
  text: string;
  values: readonly unknown[];
}

/** A statement that waits to be sent, and whom to tell of its result. */
export interface Waiting {
  statement: Statement;
  resolve(result: pg.QueryResult): void;
  /** `mayHaveRun`: nobody knows whether the server ran the statement, because the connection broke. */
  reject(error: unknown, mayHaveRun: boolean): void;
}

/** What is used of the driver's connection. Its published types leave out `parsedStatements`, and ask for more. */
interface Wire {
  stream: Duplex;
  /** The text of each statement that the server has prepared, by name. */
  parsedStatements: Record<string, string>;
  parse(statement: { name?: string | undefined; text: string }): void;
  bind(values: { statement?: string | undefined; values: readonly unknown[] }): void;
  describe(portal: { type: 'P' }): void;
  execute(): void;
  sync(): void;
}

/** The driver's own reader of results and writer of values, which its published types leave out. */
const { Result, utils } = pg as unknown as {
  Result: new () => pg.QueryResult & {
    addFields(fields: unknown): void;
    parseRow(fields: unknown): pg.QueryResultRow;
    addRow(row: pg.QueryResultRow): void;
    addCommandComplete(message: unknown): void;
  };
  utils: { prepareValue(value: unknown): unknown };
};

/**
 * Sends statements together and reads their answers together, so that many cost one trip to the server. The server runs
 * them in order up to the first that fails, and none after it. The driver calls these methods as the answers arrive.
 */
export class RoundTrip implements pg.Submittable {
  readonly #waiting: readonly Waiting[];
  readonly #onEnd: () => void;
  readonly #results = [new Result()];
  /** What was wrong with a row that could not be read, by the index of its statement. */
  readonly #unread = new Map<number, unknown>();
  #isSent = false;
  #isOver = false;

  /** `onEnd` is called once all have their answers. */
  constructor(waiting: readonly Waiting[], onEnd: () => void) {
    this.#waiting = waiting;
    this.#onEnd = onEnd;
  }

  /** The driver notes under this name that the server has prepared the present statement. */
  get name(): string | undefined {
    return this.#waiting[this.#index]?.statement.name;
  }

  get text(): string | undefined {
    return this.#waiting[this.#index]?.statement.text;
  }

  /** Place of the statement that is being answered. */
  get #index(): number {
    return this.#results.length - 1;
  }

  /** Returns an error if nothing was sent. */
  submit(connection: pg.Connection): Error | null {
    const wire = connection as unknown as Wire;
    try {
      const bound = this.#waiting.map(({ statement: { name, text, values } }) => {
        if (name !== undefined) refuseOtherText(name, text, wire.parsedStatements[name]);
        return { name, text, values: values.map((value) => utils.prepareValue(value)) };
      });
      this.#isSent = true;
      send(wire, bound);
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error('a statement could not be written', { cause: error });
    }
  }

  handleRowDescription({ fields }: { fields: unknown }): void {
    this.#result.addFields(fields);
  }

  handleDataRow({ fields }: { fields: unknown }): void {
    if (this.#unread.has(this.#index)) return;
    try {
      this.#result.addRow(this.#result.parseRow(fields));
    } catch (error) {
      this.#unread.set(this.#index, error);
    }
  }

  handleCommandComplete(message: unknown): void {
    this.#result.addCommandComplete(message);
    this.#results.push(new Result());
  }

  handleEmptyQuery(): void {
    this.#results.push(new Result());
  }

  /** The server refused the present statement, or the connection broke. */
  handleError(error: unknown): void {
    this.#end(error);
  }

  handleReadyForQuery(): void {
    this.#end(new Error('the database did not answer a statement'));
  }

  get #result() {
    return this.#results[this.#index] as InstanceType<typeof Result>;
  }

  /** Answers all. `error`: that of the present statement and those after it. */
  #end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const failed = this.#index;
    const isRefused = sqlstateOf(error) !== '';
    for (const [index, { resolve, reject }] of this.#waiting.entries()) {
      const result = this.#results[index];
      // Without a word from the server, its answers to statements that it ran may be lost.
      const mayHaveRun = this.#isSent && (!isRefused || (index === failed && troubleOf(error) !== null));
      if (index >= failed || result === undefined) reject(error, mayHaveRun);
      else if (this.#unread.has(index)) reject(this.#unread.get(index), false);
      else resolve(result);
    }
    this.#onEnd();
  }
}

function refuseOtherText(name: string, text: string, prepared: string | undefined): void {
  if (prepared !== undefined && prepared !== text)
    throw new Error(`two statements have the name ${name}, whose text must never vary`);
}

function send(wire: Wire, statements: readonly Statement[]): void {
  const prepared = new Set<string>();
  // Corked, so that all leave in one packet.
  wire.stream.cork();
  try {
    for (const { name, text, values } of statements) {
      const isPrepared = name !== undefined && (prepared.has(name) || name in wire.parsedStatements);
      if (!isPrepared) wire.parse({ name, text });
      if (name !== undefined) prepared.add(name);
      wire.bind({ statement: name, values });
      wire.describe({ type: 'P' });
      wire.execute();
    }
    wire.sync();
  } finally {
    wire.stream.uncork();
  }
}

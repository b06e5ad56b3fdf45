import type pg from 'pg';
import { RoundTrip, type Statement, type Waiting } from './round-trip.ts';
import { runner, type Transaction } from './statements.ts';
import { troubleOf } from './trouble.ts';
import type { FailureWatch } from './writes/write-watch.ts';

const BEGIN: Statement = { name: 'begin', text: 'begin', values: [] };
const COMMIT: Statement = { name: 'commit', text: 'commit', values: [] };

/** Errors of commits of which nobody knows whether they happened. */
const unclear = new WeakSet<object>();

/** Whether nobody knows if the transaction that threw this was committed. Its work must not be done again. */
export function isCommitUnclear(error: unknown): boolean {
  return unclear.has(Object(error));
}

/** Runs `work` in a transaction on a connection of the pool. Commits when it returns, rolls back when it throws. */
export async function transact<T>(
  pool: pg.Pool,
  watch: FailureWatch,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const client = await noting(watch, () => pool.connect());
  let broken: Error | undefined;
  // A connection that ends between two statements emits an error. Without a listener, it would end the process.
  const noteBroken = (error: Error) => {
    broken = error;
  };
  client.on('error', noteBroken);
  const session = new Session(client, watch);
  const execute = (statement: Statement) => session.run(statement);
  try {
    const result = await work({
      ...runner(execute),
      later: (name, { text, values }) => session.later({ name, text, values }),
    });
    await session.commit();
    return result;
  } catch (error) {
    await session.rollBack().catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    // This server may have become a standby. A new connection may reach its successor.
    if (error instanceof Error && troubleOf(error)?.kind === 'read_only') broken ??= error;
    throw error;
  } finally {
    client.off('error', noteBroken);
    client.release(broken);
  }
}

/** Tells the watch of a failure. */
export async function noting<T>(watch: FailureWatch, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    watch.failed(error);
    throw error;
  }
}

/**
 * The statements of one transaction. Those that begin in the same moment, or while others are on their way, travel
 * together. The first ones take `begin` with them.
 */
class Session {
  readonly #client: pg.PoolClient;
  readonly #watch: FailureWatch;
  #waiting: Waiting[] = [];
  /** Whether somebody waits for a result of `#waiting`. */
  #isAwaited = false;
  #isAway = false;
  #hasBegun = false;
  #isOver = false;
  /** The first failure of a statement whose result nobody reads. */
  #failure: { error: unknown } | null = null;

  constructor(client: pg.PoolClient, watch: FailureWatch) {
    this.#client = client;
    this.#watch = watch;
  }

  later(statement: Statement): void {
    if (this.#isOver) throw new Error('the transaction has ended');
    const reject = (error: unknown) => {
      this.#failure ??= { error };
    };
    this.#waiting.push({ statement, resolve: () => undefined, reject });
  }

  run(statement: Statement): Promise<pg.QueryResult> {
    return this.#send(statement).catch((error: unknown) => {
      // The trace leads to the caller instead of the driver's socket.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    });
  }

  async commit(): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error;
    const isEmpty = !this.#hasBegun && this.#waiting.length === 0;
    const { command } = isEmpty
      ? { command: 'COMMIT' }
      : await this.#send(COMMIT, (error) => unclear.add(Object(error)));
    this.#isOver = true;
    // Somebody went on after a statement that failed.
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back, because a statement had failed');
  }

  async rollBack(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const unsent = this.#waiting;
    this.#waiting = [];
    for (const { reject } of unsent) reject(new Error('the transaction has ended'), false);
    if (this.#hasBegun) await this.#client.query('rollback');
  }

  #send(statement: Statement, whenUnclear?: (error: unknown) => void): Promise<pg.QueryResult> {
    if (this.#isOver) return Promise.reject(new Error('the transaction has ended'));
    return new Promise((resolve, reject) => {
      const fail = (error: unknown, mayHaveRun: boolean) => {
        if (mayHaveRun) whenUnclear?.(error);
        this.#watch.failed(error);
        reject(error);
      };
      this.#waiting.push({ statement, resolve, reject: fail });
      if (!this.#isAwaited) queueMicrotask(() => this.#leave());
      this.#isAwaited = true;
    });
  }

  #leave(): void {
    if (this.#isAway || !this.#isAwaited || this.#isOver) return;
    this.#isAwaited = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (!this.#hasBegun) waiting.unshift({ statement: BEGIN, resolve: () => undefined, reject: () => undefined });
    this.#hasBegun = true;
    this.#isAway = true;
    this.#client.query(new RoundTrip(waiting, () => this.#arrive()));
  }

  #arrive(): void {
    this.#isAway = false;
    this.#leave();
  }
}

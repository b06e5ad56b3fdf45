import type pg from 'pg';
import type { Statement } from './round-trip.ts';
import type { Sql } from './sql.ts';

export type Row = pg.QueryResultRow;

/** Runs statements: on a pool, or in one transaction. */
export interface Db {
  /** Returns all rows. */
  query<T extends Row>(statement: Sql): Promise<T[]>;
  /** Returns the only row. Throws when there is none or more than one. */
  one<T extends Row>(statement: Sql): Promise<T>;
  /** Returns the only row, or null. Throws when there is more than one. */
  maybeOne<T extends Row>(statement: Sql): Promise<T | null>;
  /** Returns the number of rows that the statement changed or found. */
  run(statement: Sql): Promise<number>;
  /** Like `query`, but PostgreSQL keeps the plan under `name`. For the few hot statements whose text never varies. */
  prepared<T extends Row>(name: string, statement: Pick<Sql, 'text' | 'values'>): Promise<T[]>;
}

/** Runs statements in one transaction. Those that begin in the same moment are sent to the server together, in order. */
export interface Transaction extends Db {
  /**
   * Like `prepared`, for a statement whose result nobody reads. It is sent with the next statement, at the latest with
   * the commit, so that it costs no trip to the server. If it fails, so do those that come after it, and the commit.
   */
  later(name: string, statement: Pick<Sql, 'text' | 'values'>): void;
}

export interface Transactor extends Db {
  /** Commits when `work` returns, rolls back when it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

export function runner(execute: (statement: Statement) => Promise<pg.QueryResult>): Db {
  const rows = async <T extends Row>({ text, values }: Pick<Sql, 'text' | 'values'>, name?: string): Promise<T[]> =>
    (await execute({ text, values, name })).rows as T[];
  const maybeOne = async <T extends Row>(statement: Sql): Promise<T | null> => {
    const found = await rows<T>(statement);
    if (found.length > 1) throw new Error(`expected at most one row, got ${found.length}: ${statement.text}`);
    return found[0] ?? null;
  };
  return {
    query: (statement) => rows(statement),
    maybeOne,
    async one<T extends Row>(statement: Sql) {
      const row = await maybeOne<T>(statement);
      if (row === null) throw new Error(`expected one row, got none: ${statement.text}`);
      return row;
    },
    async run({ text, values }) {
      return (await execute({ text, values })).rowCount ?? 0;
    },
    prepared: (name, statement) => rows(statement, name),
  };
}

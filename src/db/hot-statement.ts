import type { Sql } from './sql.ts';
import type { Db, Row, Transaction } from './statements.ts';

/** Marks a parameter in a statement. Each call reads its value from its argument. */
export type Parameter<Given> = (read: (given: Given) => unknown) => unknown;

export interface HotStatement<Given, Found extends Row> {
  (db: Db, given: Given): Promise<Found[]>;
  /** Runs with the next statement of the transaction, at the latest with the commit. */
  later(tx: Transaction, given: Given): void;
}

/**
 * Makes a statement that runs often. Its text is made once by `write` and prepared under `name`; a call only reads the
 * parameters. Every value in the text must be a `param`.
 */
export function hotStatement<Given, Found extends Row>(
  name: string,
  write: (param: Parameter<Given>) => Sql,
): HotStatement<Given, Found> {
  const { text, values } = write((read) => read);
  const readers = values as ((given: Given) => unknown)[];
  const statement = (given: Given) => ({ text, values: readers.map((read) => read(given)) });
  return Object.assign((db: Db, given: Given) => db.prepared<Found>(name, statement(given)), {
    later: (tx: Transaction, given: Given) => tx.later(name, statement(given)),
  });
}

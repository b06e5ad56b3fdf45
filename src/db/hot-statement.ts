import type { Db, Row } from './database.ts';
import type { Sql } from './sql.ts';

/** Marks a parameter in a statement. Each call reads its value from its argument. */
export type Parameter<Given> = (read: (given: Given) => unknown) => unknown;

/**
 * Makes a statement that runs often. Its text is made once by `write` and prepared under `name`; a call only reads the
 * parameters. Every value in the text must be a `param`.
 */
export function hotStatement<Given, Found extends Row>(
  name: string,
  write: (param: Parameter<Given>) => Sql,
): (db: Db, given: Given) => Promise<Found[]> {
  const { text, values } = write((read) => read);
  const readers = values as ((given: Given) => unknown)[];
  return (db, given) => db.prepared(name, { text, values: readers.map((read) => read(given)) });
}

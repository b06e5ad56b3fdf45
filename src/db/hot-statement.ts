import type { Db, Row } from './database.ts';
import type { Sql } from './sql.ts';

/** Stands in a statement for a parameter that each call reads from what it is given. */
export type Parameter<Given> = (read: (given: Given) => unknown) => unknown;

/**
 * A statement that runs often: its text is made once, prepared under `name`, and a call only reads its parameters.
 * `write` makes the text; every value in it must be a `param`.
 */
export function hotStatement<Given, Found extends Row>(
  name: string,
  write: (param: Parameter<Given>) => Sql,
): (db: Db, given: Given) => Promise<Found[]> {
  const { text, values } = write((read) => read);
  const readers = values as ((given: Given) => unknown)[];
  return (db, given) => db.prepared(name, { text, values: readers.map((read) => read(given)) });
}

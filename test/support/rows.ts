import type { Database } from '../../src/db/database.ts';
import { raw, sql } from '../../src/db/sql.ts';

/** Inserts rows that all have the columns of the first one. */
export async function insert(db: Database, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return;
  const columnsOf = raw(columns.map((name) => `"${name}"`).join(', '));
  await db.run(sql`
    insert into ${raw(table)} (${columnsOf})
    select ${columnsOf} from jsonb_populate_recordset(null::${raw(table)}, ${JSON.stringify(rows)}::jsonb)`);
}

import type { Session } from './seed.ts';

/**
 * Drops all indexes and keys of these tables, which may be partitioned. Returns the statements that make them again; those
 * of one table may run beside those of another.
 */
export async function withoutIndexes({ run }: Session, tables: readonly string[]): Promise<string[]> {
  const again: string[] = [];
  for (const table of tables) {
    const keys = await run(`
      select conname as name, pg_get_constraintdef(oid) as definition
        from pg_constraint where conrelid = '${table}'::regclass and contype in ('p', 'u')`);
    const indexes = await run(`
      select i.indexrelid::regclass::text as name, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') as definition
        from pg_index i
       where i.indrelid = '${table}'::regclass
         and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`);
    const made = [
      ...keys.map(({ name, definition }) => `alter table ${table} add constraint ${name} ${definition}`),
      ...indexes.map(({ definition }) => String(definition)),
    ];
    for (const { name } of keys) await run(`alter table ${table} drop constraint ${name}`);
    for (const { name } of indexes) await run(`drop index ${name}`);
    if (made.length > 0) again.push(made.join(';\n'));
  }
  return again;
}

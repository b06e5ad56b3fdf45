import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { StoredPartition, StoredSequence, StoredTable } from './format.ts';

/**
 * Tables whose rows are worth nothing in another database: who is signed in, which processes run, what was counted for
 * the limits of this moment, and totals that housekeeping makes again, and what operators are told of this moment's troubles.
 */
const transient = [
  ...['operator_sessions', 'workers', 'rate_windows', 'call_quotas', 'campaign_day_totals', 'schema_migrations'],
  ...['alert_watch', 'alert_troubles', 'alert_messages'],
];

/** The tables of the schema that are saved, in an order in which they can be filled. */
export async function listTables(db: Db): Promise<StoredTable[]> {
  const tables = await db.query<StoredTable & Record<string, unknown>>(sql`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> all (${transient}::text[])
     group by c.relname
     order by c.relname`);
  const references = await db.query<{ from: string; to: string }>(sql`
    select conrelid::regclass::text as from, confrelid::regclass::text as to
      from pg_constraint
     where contype = 'f' and connamespace = 'public'::regnamespace and conrelid <> confrelid`);
  return inOrder(tables, references);
}

/** Puts each table behind those that it refers to. */
function inOrder(tables: readonly StoredTable[], references: readonly { from: string; to: string }[]): StoredTable[] {
  const placed = new Set<string>();
  const ordered: StoredTable[] = [];
  const place = (table: StoredTable): void => {
    if (placed.has(table.name)) return;
    placed.add(table.name);
    const targets = references.filter(({ from }) => from === table.name).map(({ to }) => to);
    for (const target of tables) if (targets.includes(target.name)) place(target);
    ordered.push(table);
  };
  for (const table of tables) place(table);
  return ordered;
}

/** The partitions, except those that take what no other takes: a migration makes them. */
export async function listPartitions(db: Db): Promise<StoredPartition[]> {
  const rows = await db.query<{ parent: string; name: string; bound: string }>(sql`
    select i.inhparent::regclass::text as parent, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
     where c.relispartition and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
     order by 1, 2`);
  return rows.flatMap(({ parent, name, bound }) => {
    if (bound === 'DEFAULT') return [];
    const [, from, to] = /^FOR VALUES FROM \('([^']*)'\) TO \('([^']*)'\)$/.exec(bound) ?? [];
    if (from === undefined || to === undefined) throw new Error(`${name}: a partition of an unknown kind: ${bound}`);
    return [{ parent, name, from, to }];
  });
}

/** Which of these tables and partitions have been dropped, whatever the snapshot of this transaction shows. */
export async function findDropped(db: Db, names: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ name: string }>(sql`
    select name from unnest(${names}::text[]) as x(name) where to_regclass('public.' || name) is null`);
  return rows.map(({ name }) => name);
}

/** The sequences from which a number was drawn. */
export async function listSequences(db: Db): Promise<StoredSequence[]> {
  return db.query<StoredSequence & Record<string, unknown>>(sql`
    select sequencename::text as name, last_value as last
      from pg_sequences
     where schemaname = 'public' and last_value is not null and sequencename <> 'schema_migrations_id_seq'
     order by 1`);
}

// Writes schema.sql: what the migrations make of an empty database. `--check` only compares.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Db } from '../src/db/database.ts';
import { startEmbedded } from '../src/db/embedded.ts';
import { migrate } from '../src/db/migrate.ts';
import { sql } from '../src/db/sql.ts';

const file = new URL('../schema.sql', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'cresset-schema-'));
const embedded = await startEmbedded({ dataDir: folder, durable: false });
await migrate(embedded.url);
const db = connect({ url: embedded.url });
const dump = await describe(db);
await db.close();
await embedded.stop();
rmSync(folder, { recursive: true });

if (!process.argv.includes('--check')) writeFileSync(file, dump);
else if (readFileSync(file, 'utf8') !== dump) {
  console.error('schema.sql is stale: run `node scripts/run.mjs scripts/schema.ts`');
  process.exitCode = 1;
}

/** Every statement that PostgreSQL itself would write, in the order of names. */
async function describe(on: Db): Promise<string> {
  const tables = await on.query<{ text: string }>(sql`
    select format(E'create %stable %I (\n%s\n)%s%s;', case c.relpersistence when 'u' then 'unlogged ' else '' end, c.relname,
             (select string_agg(format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                                       case when a.attnotnull then ' not null' else '' end,
                                       coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')), E',\n' order by a.attnum)
                from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
             coalesce(' partition by ' || pg_get_partkeydef(c.oid), ''),
             coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '')) ||
           coalesce(format(E'\ncomment on table %I is ', c.relname) || quote_literal(obj_description(c.oid, 'pg_class')) || ';', '') as text
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'schema_migrations'
     order by c.relname`);
  const rest = await on.query<{ text: string }>(sql`
    select format('alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid)) as text
      from pg_constraint
     where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
           and conrelid <> 'schema_migrations'::regclass
    union all
    select indexdef || ';' from pg_indexes where schemaname = 'public' and tablename <> 'schema_migrations'
    union all
    select pg_get_triggerdef(oid) || ';' from pg_trigger where not tgisinternal and tgparentid = 0
    union all
    select pg_get_functiondef(oid) || ';' from pg_proc where pronamespace = 'public'::regnamespace
     order by 1`);
  const heading = '-- What the migrations make of an empty database; written by scripts/schema.ts, never by hand.';
  return `${[heading, ...tables.map(({ text }) => text), ...rest.map(({ text }) => text)].join('\n\n')}\n`;
}

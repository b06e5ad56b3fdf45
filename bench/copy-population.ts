import { personOf } from '../rig/population.ts';
import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { copyIn } from './copy.ts';
import type { BenchServer } from './server.ts';

const columns = [
  ...['external_id', 'first_name', 'last_name', 'email', 'phone', 'country', 'language', 'time_zone', 'home_city'],
  ...['gender', 'dob'],
];

/**
 * Copies the first `count` people of the population into tables like those of people and of their names, with all indexes,
 * and merges the index of custom attributes, as an import does. Returns the seconds it took.
 */
export async function copyPopulation(server: BenchServer, count: number): Promise<number> {
  const url = (await attachEmbedded({ dataDir: server.dataDir })) ?? '';
  const db = connect({ url, max: 1 });
  try {
    await db.run(sql`create table copied (like profiles including all)`);
    await db.run(sql`create table copied_names (like user_names including all)`);
    const numbers = Array.from({ length: count }, (_, n) => n);
    const people = await copyIn(
      url,
      `copy copied (bucket, user_id, workspace_id, ${columns.join(', ')}, custom) from stdin`,
      numbers.map(profileLine),
    );
    const names = await copyIn(
      url,
      'copy copied_names (workspace_id, label, name, bucket, user_id) from stdin',
      numbers.map((n) => [1, '', `person-${n}`, n % 256, n].join('\t')),
    );
    const start = performance.now();
    await db.run(sql`select gin_clean_pending_list(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = 'copied'::regclass and c.relam = (select oid from pg_am where amname = 'gin')`);
    return people + names + (performance.now() - start) / 1_000;
  } finally {
    await db.close();
  }
}

function profileLine(n: number): string {
  const { email_subscribe: _, ...person } = personOf(n);
  const custom = Object.fromEntries(Object.entries(person).filter(([name]) => !columns.includes(name)));
  return [n % 256, n, 1, ...columns.map((name) => cell(person[name])), cell(JSON.stringify(custom))].join('\t');
}

/** A cell in the text format of `copy`. */
function cell(value: unknown): string {
  return value === undefined ? '\\N' : String(value).replaceAll('\\', '\\\\');
}

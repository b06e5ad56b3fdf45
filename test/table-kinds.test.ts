import assert from 'node:assert/strict';
import test from 'node:test';
import type { Db } from '../src/db/database.ts';
import { raw, sql } from '../src/db/sql.ts';
import { testDatabase } from './support/database.ts';

const kinds = ['person', 'name', 'shared', 'node'] as const;
/** Tables of the library that runs the migrations. */
const notOurs = ['schema_migrations'];

interface Table extends Record<string, unknown> {
  name: string;
  comment: string | null;
  /** Whether it has a column `bucket integer not null`. */
  hasBucket: boolean;
  /** The columns of each unique key, including the primary key, in order. */
  uniqueKeys: string[][];
}

test("every table's comment begins with its kind, and every key of a person begins with the bucket", async (t) => {
  const { db } = await testDatabase(t);
  const tables = await listTables(db);
  assert.ok(tables.length > 25, `${tables.length}`);
  assert.deepEqual(tables.flatMap(problemsOf), []);
  for (const kind of kinds)
    assert.ok(
      tables.some((table) => kindOf(table) === kind),
      kind,
    );
});

const wrong: readonly [string, string | null, string][] = [
  ['(a text)', null, 'wrong: its comment does not begin with its kind'],
  ['(a text)', 'kind: people. Who?', 'wrong: its comment does not begin with its kind'],
  ['(a text)', 'kind: person. No bucket.', 'wrong: a table of a person has a column "bucket integer not null"'],
  ['(bucket integer)', 'kind: person. None.', 'wrong: a table of a person has a column "bucket integer not null"'],
  [
    '(bucket integer, user_id bigint, primary key (user_id, bucket))',
    'kind: person. Turned round.',
    'wrong: the key (user_id, bucket) of a table of a person does not begin with bucket',
  ],
  [
    '(bucket integer not null, id bigint unique)',
    'kind: person. A key across all shards.',
    'wrong: the key (id) of a table of a person does not begin with bucket',
  ],
];
for (const [definition, comment, problem] of wrong)
  test(`a table ${definition} with the comment ${comment} is refused`, async (t) => {
    const { db } = await testDatabase(t);
    await db.run(sql`create table wrong ${raw(definition)}`);
    if (comment !== null) await db.run(sql`comment on table wrong is ${raw(`'${comment}'`)}`);
    assert.deepEqual((await listTables(db)).flatMap(problemsOf), [problem]);
  });

/** Partitions have the kind of the table they are part of. */
function listTables(db: Db): Promise<Table[]> {
  return db.query<Table>(sql`
    select c.relname as name, obj_description(c.oid, 'pg_class') as comment,
           exists (select from pg_attribute a
                    where a.attrelid = c.oid and a.attname = 'bucket' and a.atttypid = 'integer'::regtype and a.attnotnull
                  ) as "hasBucket",
           coalesce((select json_agg((select json_agg(a.attname order by k.position)
                                        from unnest(i.indkey) with ordinality as k(number, position)
                                        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number))
                       from pg_index i
                      where i.indrelid = c.oid and i.indisunique), '[]') as "uniqueKeys"
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and c.relname <> all(${notOurs})
     order by c.relname`);
}

function kindOf({ comment }: Table): (typeof kinds)[number] | undefined {
  const word = /^kind: (\w+)\. \S/.exec(comment ?? '')?.[1];
  return kinds.find((kind) => kind === word);
}

function problemsOf(table: Table): string[] {
  const kind = kindOf(table);
  if (kind === undefined) return [`${table.name}: its comment does not begin with its kind`];
  if (kind !== 'person') return [];
  if (!table.hasBucket) return [`${table.name}: a table of a person has a column "bucket integer not null"`];
  return table.uniqueKeys
    .filter(([first]) => first !== 'bucket')
    .map((key) => `${table.name}: the key (${key.join(', ')}) of a table of a person does not begin with bucket`);
}

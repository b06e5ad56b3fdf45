import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { findProblems, owners } from './writers.ts';

const schema = `
create table sends (
  bucket integer not null
) partition by RANGE (dispatch_id);

create table sends_default (
  bucket integer not null
);

create unlogged table tasks (
  id bigint not null
);
`;
const twoOwners = { sends: 'src/ledger', tasks: 'src/queue' };

/** What is found in a file outside of every owner. */
function problemsIn(source: string, path = 'src/elsewhere/file.ts'): string[] {
  return findProblems({ schema, owners: twoOwners, files: [{ path, source }] });
}

const onlyLedger = 'only src/ledger may write sends';
const refused: readonly [string, string, string][] = [
  ['an insert', 'sql`insert into sends (bucket) values (1)`', `1: ${onlyLedger}`],
  ['an update', 'sql`update sends s set bucket = 1`', `1: ${onlyLedger}`],
  ['an update of the table alone', 'sql`update only public."sends" set bucket = 1`', `1: ${onlyLedger}`],
  ['a delete', 'sql`delete from sends where true`', `1: ${onlyLedger}`],
  ['a truncate', 'sql`truncate table sends`', `1: ${onlyLedger}`],
  ['the second table of a truncate', 'sql`truncate pg_temp, sends`', `1: ${onlyLedger}`],
  ['a merge', 'sql`merge into sends using x on true when matched then delete`', `1: ${onlyLedger}`],
  ['a copy into the table', 'sql`copy sends (bucket) from stdin`', `1: ${onlyLedger}`],
  ['capitals', 'sql`DELETE FROM Sends`', `1: ${onlyLedger}`],
  ['the default partition', 'sql`delete from sends_default`', `1: ${onlyLedger}`],
  ['a line break between verb and table', 'const one = 1;\nsql`\n  delete\n    from\n      sends`', `3: ${onlyLedger}`],
  ['a comment between them', 'sql`\n  delete from -- all of them\n    sends`', `2: ${onlyLedger}`],
  ['one within another statement', 'sql`with x as (delete from sends returning 1) select 1`', `1: ${onlyLedger}`],
  [
    'one behind a value with braces',
    'sql`select ${ { a: `}` }.a }\n; update sends set bucket = 1`',
    `2: ${onlyLedger}`,
  ],
  ['one within the value of another', 'sql`select ${sql`delete from sends`}`', `1: ${onlyLedger}`],
  ['raw text', "raw('delete from sends')", `1: ${onlyLedger}`],
  ['any other template', 'client.query(`delete from sends where id = ${id}`)', `1: ${onlyLedger}`],
  [
    'a table that is not written out',
    'sql`delete from ${raw(table)}`',
    '1: expected the name of a table of schema.sql, got an expression',
  ],
  ['a verb alone', 'sql`insert into`', '1: expected the name of a table of schema.sql, got an expression'],
  ['an unknown table', 'sql`update sent set a = 1`', '1: expected the name of a table of schema.sql, got sent'],
];
for (const [name, source, problem] of refused)
  test(`refused outside of its owner: ${name}`, () => {
    const found = problemsIn(source).filter((one) => !one.includes('pg_temp'));
    assert.deepEqual(found, [`src/elsewhere/file.ts:${problem}`]);
  });

const allowed: readonly [string, string][] = [
  ['a read', 'sql`select 1 from sends join tasks on true`'],
  ['a lock', 'sql`select 1 from sends for update`'],
  ['a lock of one table', 'sql`select 1 from sends s for update of s skip locked`'],
  ['a weak lock over a line break', 'sql`select 1 from sends for no key\n update of sends`'],
  ['a copy out of the table', 'sql`copy sends (bucket) to stdout`'],
  ['a literal that only talks', "sql`select 'delete from sends', 'it''s update sends'`"],
  ['a comment in SQL', 'sql`select 1 -- update sends\n /* delete from sends */`'],
  ['a comment in code', '// update sends\n/* sql`delete from sends` */'],
  ['prose', "const text = 'update the people, insert into nothing';"],
  ['a regular expression with a quote', 'const one = /["`]/; const two = a / b;\n// sql`delete from sends`'],
];
for (const [name, source] of allowed)
  test(`allowed everywhere: ${name}`, () => assert.deepEqual(problemsIn(source), []));

test('the owner writes, whichever file of its folder, and so does a test', () => {
  const source = 'sql`insert into sends values (1) on conflict (bucket) do update set bucket = 2`';
  assert.deepEqual(problemsIn(source, 'src/ledger/deep/file.ts'), []);
  assert.deepEqual(problemsIn(source, 'src/elsewhere/file.test.ts'), []);
  assert.deepEqual(problemsIn(source, 'src/ledgers/file.ts'), [`src/ledgers/file.ts:1: ${onlyLedger}`]);
});

test('a table without an owner is refused, and an owner without a table', () => {
  const lacking = findProblems({ schema, owners: { sends: 'src/ledger', gone: 'src/ledger' }, files: [] });
  assert.deepEqual(lacking, [
    'schema.sql: tasks has no owner yet; give it one in scripts/writers.ts',
    'scripts/writers.ts: schema.sql has no table gone',
  ]);
});

test('a second writer of each table of the real schema is found', () => {
  const real = readFileSync('schema.sql', 'utf8');
  for (const table of Object.keys(owners)) {
    const files = [{ path: 'src/elsewhere.ts', source: `sql\`update ${table} set a = 1\`` }];
    const expected = `src/elsewhere.ts:1: only ${owners[table]} may write ${table}`;
    assert.deepEqual(findProblems({ schema: real, owners, files }), [expected]);
  }
});

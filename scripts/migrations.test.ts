import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { breaksOf, hashOf, problemsOf, statementsOf } from './migrations.ts';

const first = '0010_message_extras.sql';
const run = { [first]: hashOf('select 1;') };

test('a migration that databases may have run is not changed, removed or preceded by a new one', () => {
  assert.deepEqual(problemsOf({ [first]: 'select 1;' }, run), []);
  const problems = (texts: Record<string, string>) => problemsOf(texts, run).join('\n');
  assert.match(problems({ [first]: 'select 2;' }), /^0010_message_extras\.sql: it has changed/);
  assert.match(problems({}), /^0010_message_extras\.sql: it is missing/);
  assert.match(
    problems({ [first]: 'select 1;', '0009_late.sql': '' }),
    /0009_late\.sql: a new migration comes after 0010/,
  );
  assert.match(problems({ [first]: 'select 1;', '0011_new.sql': '' }), /^0011_new\.sql: it is not in .*npm run pages/);
});

test('what older servers do not survive is refused with the line and the reason', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['drop table cards;', /still use the table/],
    ['alter table sends drop column extras;', /still use the column/],
    ['ALTER TABLE sends\n  RENAME COLUMN extras TO pairs;', /the old name/],
    ['alter table sends add column note text not null;', /without the column/],
    ['alter table sends add column note text default random()::text;', /rewrites/],
    ['alter table sends alter column extras type text;', /rewrites/],
    ['alter table sends alter column extras set not null;', /may write null/],
    ['alter table sends add constraint short check (length(note) < 9);', /not valid/],
    ['alter table sends add unique (id);', /makes an index/],
    ['create index sends_note on sends (note);', /nobody can write/],
    ['update profiles set email = lower(email);', /in pieces/],
    ['lock table sends;', /in pieces/],
    ['drop function allowed_move(text);', /still use it/],
    ['create or replace function allowed_move() returns void language sql as $$ select; $$;', /what it did/],
    ['create trigger sends_moves before update on sends for each row execute function f();', /may refuse/],
  ];
  for (const [statement, because] of refused) {
    const [problem = '', ...more] = breaksOf(`-- A comment; with a semicolon.\n\n${statement}`);
    assert.match(problem, /^line 3: /, statement);
    assert.match(problem, because, statement);
    assert.deepEqual(more, [], statement);
  }
});

test('what older servers survive is taken, and so is what a migration does to a table of its own', () => {
  for (const statement of [
    'alter table sends add column extras jsonb;',
    "alter table sends add column note text not null default 'drop table cards;';",
    'alter table sends add constraint short check (length(note) < 9) not valid;',
    'alter table activity_totals set (fillfactor = 75);',
    'create table later (id bigint); create index on later (id); insert into later values (1);',
    'create function f() returns void language plpgsql as $$ begin delete from sends; end $$;',
    '-- survives: the table has one row for each workspace\nupdate workspaces set name = name;',
  ])
    assert.deepEqual(breaksOf(statement), [], statement);
  const unreasoned = '-- survives: yes\nupdate workspaces set name = name;';
  assert.equal(breaksOf(unreasoned).length, 1, 'a reason is a sentence');
});

test('every migration is read to its end', () => {
  for (const path of globSync('migrations/*.sql')) {
    const statements = statementsOf(readFileSync(path, 'utf8'));
    assert.ok(statements.length > 0, path);
    for (const { plain } of statements) assert.match(plain, /^(create|alter|comment|insert|drop|do|select)\b/, path);
  }
});

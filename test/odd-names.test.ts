// Names travel as arrays inside arrays of texts: each of PostgreSQL's marks, and of JSON's, must come out as it went in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

const ODD = [
  ...[
    'null',
    'NULL',
    'Null',
    '{',
    '}',
    '{}',
    '{a,b}',
    'a,b',
    ',',
    '"',
    '"q"',
    '\\',
    '\\\\',
    '\\"',
    "'",
    '{"a"}',
    '{null}',
  ],
  ...[
    ' x',
    'x ',
    'a b',
    'é',
    'É',
    '🙂',
    'İ',
    '%',
    '_',
    '$1',
    ';',
    '--',
    '/*',
    'tab\there',
    'line\nhere',
    '\u0001',
    'x'.repeat(200),
  ],
];

test('an odd name makes one person, and the next request finds them, by external id and by alias', async (t) => {
  const app = await startTestApp(t);
  const external = ODD.map((external_id) => ({ external_id }));
  const aliased = ODD.flatMap((alias_name, at) => [
    { user_alias: { alias_name, alias_label: 'crm' }, _update_existing_only: false },
    { user_alias: { alias_name, alias_label: ODD.at(-1 - at) }, _update_existing_only: false },
  ]);
  for (const visit of [1, 2]) {
    for (const people of [external, aliased]) {
      const { status, body } = await app.post('/users/track', {
        attributes: people.slice(0, 75).map((person) => ({ ...person, visit })),
      });
      assert.deepEqual([status, body.errors], [201, undefined]);
    }
    const names = await app.db.query<{ label: string; name: string; visit: number }>(sql`
      select n.label, n.name, (p.custom ->> 'visit')::integer as visit
        from user_names n join profiles p on p.bucket = n.bucket and p.user_id = n.user_id`);
    const wanted = [
      ...ODD.map((name) => ({ label: '', name, visit })),
      ...aliased.slice(0, 75).map(({ user_alias: { alias_label, alias_name } }) => ({
        ...{ label: alias_label, name: alias_name, visit },
      })),
    ];
    const sorted = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort();
    assert.deepEqual(sorted(names), sorted(wanted));
  }
  const { people } = await app.db.one<{ people: number }>(sql`select count(*)::integer as people from profiles`);
  assert.equal(people, ODD.length + Math.min(aliased.length, 75));
});

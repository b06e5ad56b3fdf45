import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { testDatabase } from '../../../test/support/database.ts';
import { sql } from '../../db/sql.ts';
import { re2Matches } from '../evaluate/matches.ts';
import type { Pattern } from './filter.ts';
import { PatternError, readPattern } from './pattern.ts';

/** Asks PostgreSQL and RE2 whether each text contains a match. */
async function bothSay(db: Awaited<ReturnType<typeof testDatabase>>['db'], cases: [Pattern, string][]) {
  const rows = await db.query<{ holds: boolean }>(sql`
    select c.text ~ c.pattern as holds
      from unnest(${cases.map(([pattern]) => pattern.forPostgres)}::text[], ${cases.map(([, text]) => text)}::text[])
           with ordinality as c(pattern, text, n)
     order by c.n`);
  return cases.map(([pattern, text], index) => [rows[index]?.holds, re2Matches(pattern, text)]);
}

test('patterns mean the same to both engines', async (t) => {
  const { db } = await testDatabase(t);
  const table: [text: string, pattern: string, matches: boolean][] = [
    ['a\nb', 'a.b', false],
    ['a\nb', '^b', false],
    ['a\nb', 'b$', true],
    ['a\nb', 'a[^x]b', true],
    ['ab\n', 'b$', false],
    ['foo bar', '\\bbar\\b', true],
    ['foobar', '\\bbar', false],
    ['foobar', '\\Bbar', true],
    ['ébar', '\\bbar', true],
    ['a.b', 'a\\.b', true],
    ['axb', 'a\\.b', false],
    ['aaa', '^a{2,3}$', true],
    ['aaaa', '^a{2,3}$', false],
    ['AbC', '(?i)abc', true],
    ['ÉCOLE', 'école', true],
    ['Straße', 'STRAßE', true],
    ['ΣΊΣΥΦΟΣ', 'σίσυφοσ', true],
    ['É', '[à-ÿ]', true],
    ['Q', '[^q]', false],
    ['ß', '\\w', false],
    ['٣', '\\d', false],
    ['\u000b', '\\s', true],
    ['\u00a0', '\\s', false],
    ['x]y', '[]]', true],
    ['-', '[a-]', true],
    ['b', '[a-]', false],
    ['tab\there', '\\t', true],
    ['{x}', '{x}', true],
    ['abd', '^(?:a|b)+?c', false],
    ['abac', '^(?:a|b)+?c', true],
    ['5', '[\\d]', true],
    ['5', '[\\D]', false],
    ['x', '[^\\D]', false],
    ['[', '[[]', true],
    ['2026-01-31', '^\\d{4}-\\d{2}-\\d{2}$', true],
    ['0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', true],
    ['anything', '', true],
    ['b', '|a', true],
    ['😀x', '^.x$', true],
  ];
  const said = await bothSay(
    db,
    table.map(([text, pattern]) => [readPattern(pattern), text]),
  );
  for (const [index, [text, pattern, matches]] of table.entries()) {
    assert.deepEqual(said[index], [matches, matches], `${pattern} on ${JSON.stringify(text)}`);
  }
});

test('patterns that are not portable or too large are refused', () => {
  const refused = [
    ...[
      '(?=a)',
      '(?<!a)b',
      '(a)\\1',
      '(?<n>a)',
      '(?i:a)',
      '(',
      ')',
      '[',
      '[a',
      'a\\',
      '*a',
      'a**',
      'a{2}{3}',
      'a++',
      '^*',
    ],
    ...['a{300}', 'a{3,2}', '(a{200}){200}', '(?:a?){255}', '\\pL', '\\Q', '\\x41', '[[:alpha:]]', '[z-a]', '[\\d-z]'],
    ...['\u0000', '\ud800', 'a'.repeat(32_765), `${'('.repeat(101)}a${')'.repeat(101)}`],
  ];
  for (const pattern of refused) assert.throws(() => readPattern(pattern), PatternError, pattern.slice(0, 40));
  assert.equal(readPattern('a'.repeat(32_764)).size, 32_764);
});

const pieces = [
  ...[
    'a',
    'B',
    'é',
    'Σ',
    'k',
    '.',
    '*',
    '+?',
    '?',
    '+',
    '(',
    ')',
    '(?:',
    '[',
    ']',
    '[^',
    '^',
    '$',
    '|',
    ' ',
    'ß',
    '-',
    '_',
  ],
  ...[
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\b',
    '\\B',
    '\\.',
    '\\n',
    '\n',
    '{2}',
    '{1,3}',
    '{0,}',
    '{,',
    '\\]',
    '\\[',
    ',',
  ],
];

test('for every accepted pattern, both engines find the same in any text', async (t) => {
  const { db } = await testDatabase(t);
  const patterns = fc.sample(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), 12_000).flatMap((parts) => {
    try {
      return readPattern(parts.join(''));
    } catch (error) {
      assert.ok(error instanceof PatternError, String(error));
      return [];
    }
  });
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(...'aAbBéÉΣσςKkß 1_-.\n,'), maxLength: 8 }), 97);
  const cases = patterns.map((pattern, index): [Pattern, string] => [pattern, texts[index % texts.length] ?? '']);
  assert.ok(cases.length > 3_000, `${cases.length} accepted`);
  const said = await bothSay(db, cases);
  for (const [index, [pattern, text]] of cases.entries()) {
    assert.equal(said[index]?.[0], said[index]?.[1], `${JSON.stringify(pattern)} on ${JSON.stringify(text)}`);
  }
  t.diagnostic(`${cases.length} patterns, ${said.filter(([holds]) => holds).length} of them found`);
});

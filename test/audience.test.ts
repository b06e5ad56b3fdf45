// Every worked example of audience.md 5: stored by /users/track, asked of PostgreSQL.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { compile } from '../src/audience/compile.ts';
import type { Filter } from '../src/audience/filter.ts';
import { parseAudience } from '../src/audience/parse.ts';
import { translatePattern } from '../src/audience/pattern.ts';
import { sql } from '../src/db/sql.ts';
import { RequestError } from '../src/errors.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { testDatabase } from './support/database.ts';

interface Example {
  n: number;
  filter: unknown;
  profile: Record<string, unknown>;
  result: 'match' | 'no match' | 'refused';
  why: string;
}

const examples = JSON.parse(
  readFileSync(new URL('../src/audience/examples.json', import.meta.url), 'utf8'),
) as Example[];

const ada = {
  eye_color: 'blue',
  favorite_foods: ['salad', 'pizza'],
  last_purchase_time: '2026-03-14T12:00:00Z',
  push_subscribe: 'subscribed',
  email_subscribe: 'opted_in',
  last_used_app: '2026-03-01',
};
const reference = {
  AND: [
    ['eye_color', 'equals', 'blue'],
    ['favorite_foods', 'includes_value', 'pizza'],
    {
      OR: [
        ['last_purchase_time', 'less_than_x_days_ago', 2],
        { push_subscription_status: { comparison: 'is', value: 'opted_in' } },
      ],
    },
    { email_subscription_status: { comparison: 'is_not', value: 'subscribed' } },
    { last_used_app: { comparison: 'after', value: '2019-07-22T13:17:55+0000' } },
  ],
};
const old = { last_purchase_time: '2026-03-01' };
const variants: Example[] = (
  [
    [124, {}, 'match'],
    [125, old, 'no match'],
    [126, { ...old, push_subscribe: 'opted_in' }, 'match'],
    [127, { email_subscribe: 'subscribed' }, 'no match'],
    [128, { eye_color: 'Blue' }, 'no match'],
  ] as const
).map(([n, change, result]) => ({
  n,
  filter: reference,
  profile: { ...ada, ...change },
  result,
  why: 'reference example',
}));

/** `["a","equals",1]` stands for a custom attribute filter. */
function unfold(filter: unknown, isRoot = true): unknown {
  if (Array.isArray(filter)) {
    if (typeof filter[0] !== 'string') return filter.map((one) => unfold(one, false));
    const [custom_attribute_name, comparison, ...value] = filter;
    const test = { custom_attribute_name, comparison, ...(value.length > 0 && { value: value[0] }) };
    return { custom_attribute: test };
  }
  if (typeof filter !== 'object' || filter === null) return filter;
  const entries = Object.entries(filter).map(([key, inner]) => [
    key,
    /^(AND|OR)$/.test(key) && Array.isArray(inner) ? inner.map((one) => unfold(one, false)) : inner,
  ]);
  return isRoot || entries.length > 0 ? Object.fromEntries(entries) : filter;
}

async function givenProfiles(app: TestApp, all: Example[]): Promise<void> {
  const attributes = all.map(({ n, profile: { last_used_app, ...profile } }) => ({
    external_id: `row-${n}`,
    ...profile,
    ...(last_used_app !== undefined && { date_of_last_session: last_used_app }),
  }));
  for (let at = 0; at < attributes.length; at += 75) {
    const { status, body } = await app.post('/users/track', { attributes: attributes.slice(at, at + 75) });
    assert.equal(status, 201);
    assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  }
}

test('the worked examples', async (t) => {
  const all = [...examples, ...variants];
  assert.deepEqual(
    all.map(({ n }) => n),
    Array.from({ length: 128 }, (_, index) => index + 1),
  );
  const app = await startTestApp(t, { worker: false });
  await givenProfiles(
    app,
    all.filter(({ result }) => result !== 'refused'),
  );
  for (const { n, filter, result, why } of all) {
    await t.test(`${n}: ${why}`, async () => {
      const unfolded = Array.isArray(filter) && Array.isArray(filter[0]) ? filter : unfold(filter);
      if (result === 'refused') {
        assert.throws(
          () => parseAudience(unfolded, 'audience'),
          (error) => error instanceof RequestError && error.errors.every((text) => text.startsWith('audience')),
        );
        return;
      }
      const condition = compile(parseAudience(unfolded, 'audience'), { now: app.clock.now() });
      const found = await app.db.query(
        sql`select 1 from profiles p where p.external_id = ${`row-${n}`} and ${condition}`,
      );
      assert.equal(found.length === 1 ? 'match' : 'no match', result);
    });
  }
});

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({
    custom_attribute: fc.record({
      custom_attribute_name: fc.oneof(
        fc.constantFrom('a', 'b', "x'y", 'a.b', '__proto__'),
        fc.string({ minLength: 1 }),
      ),
      comparison: fc.constantFrom(
        'equals',
        'not_equal',
        'exists',
        'includes_value',
        'does_not_include_value',
        'greater_than',
        'less_than_or_equal_to',
        'less_than_x_days_ago',
        'greater_than_x_days_in_the_future',
        'after',
        'matches_regex',
        'does_not_match_regex',
      ),
      value: fc.oneof(
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constantFrom(0, 1e308, -1e308, '2026-01-01', '3000-12-31T23:59:59+14:00', '(a|b)*c', '\u0000', '\ud800'),
      ),
    }),
  }),
  fc.constant({ push_subscription_status: { comparison: 'is', value: 'opted_in' } }),
  fc.constant({ last_used_app: { comparison: 'before', value: '2026-01-01' } }),
);
const anyAudience = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({ AND: fc.array(tie('node'), { maxLength: 3 }) }),
    fc.record({ OR: fc.array(tie('node'), { maxLength: 3 }) }),
    fc.jsonValue({ maxDepth: 3 }),
  ),
})).node;

test('any value is an audience that PostgreSQL can evaluate, or is refused', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  await db.run(sql`
    insert into profiles (bucket, user_id, workspace_id, custom, custom_times)
    values (0, 1, ${workspaceId}, '{"a": 1e300, "b": "2026-01-01", "a.b": [1, "c", {"d": 1}]}', '{"b": 1767225600000}'),
           (0, 2, ${workspaceId}, '{"a": "abc", "b": [true], "__proto__": {}}', '{}')`);
  await fc.assert(
    fc.asyncProperty(anyAudience, async (value) => {
      let filter: Filter;
      try {
        filter = parseAudience(value, 'audience');
      } catch (error) {
        assert.ok(error instanceof RequestError, String(error));
        return;
      }
      const condition = compile(filter, { now: new Date('2026-03-15T12:00:00Z') });
      const rows = await db.query<{ holds: boolean | null }>(sql`select (${condition}) as holds from profiles p`);
      assert.ok(
        rows.every(({ holds }) => typeof holds === 'boolean'),
        'never null',
      );
    }),
    { numRuns: 1_500 },
  );
});

test('patterns: what is portable works alike, the rest is refused', async (t) => {
  const { db } = await testDatabase(t);
  const matches = async (text: string, pattern: string) =>
    (await db.one<{ holds: boolean }>(sql`select ${text}::text ~* ${translatePattern(pattern)} as holds`)).holds;
  const table: [string, string, boolean][] = [
    ['a\nb', 'a.b', false],
    ['a\nb', '^b', false],
    ['a\nb', 'b$', true],
    ['foo bar', '\\bbar\\b', true],
    ['foobar', '\\bbar', false],
    ['a.b', 'a\\.b', true],
    ['aaa', '^a{2,3}$', true],
    ['AbC', '(?i)abc', true],
    ['x]y', '[]]', true],
    ['tab\there', '\\t', true],
    ['{x}', '{x}', true],
    ['abd', '^(?:a|b)+?c', false],
    ['abac', '^(?:a|b)+?c', true],
    ['5', '[\\d]', true],
  ];
  for (const [text, pattern, expected] of table)
    assert.equal(await matches(text, pattern), expected, `${pattern} on ${JSON.stringify(text)}`);
  for (const refused of [
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    '(?<n>a)',
    '(',
    '[',
    'a{300}',
    'a{200}{200}',
    '\\pL',
    '[[:alpha:]]',
    '\u0000',
  ]) {
    assert.throws(() => translatePattern(refused), refused);
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.constantFrom(
          'a',
          'b',
          '.',
          '*',
          '+?',
          '?',
          '(',
          ')',
          '[',
          ']',
          '^',
          '$',
          '|',
          '\\d',
          '\\b',
          '{2}',
          '{1,3}',
          '-',
          '\\.',
          ' ',
          'ß',
        ),
        { maxLength: 12 },
      ),
      async (parts) => {
        let translated: string;
        try {
          translated = translatePattern(parts.join(''));
        } catch {
          return; // refused, which is one of the two right answers
        }
        await db.query(sql`select 'ab 1' ~* ${translated}`);
      },
    ),
    { numRuns: 1_500 },
  );
});

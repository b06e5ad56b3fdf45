// The worked examples of audience.md §5 that are built: stored by /users/track, evaluated by PostgreSQL and by the evaluator.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { RequestError } from '../src/errors.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { bothEngines } from './support/audience.ts';

interface Example {
  n: number;
  /** Whether only a segment may use the filter. Absent: an audience in a request may, too. */
  isSegment?: boolean;
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

/** Expands `["a","equals",1]`, the short form of a custom attribute filter. */
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
  const all = [...examples, ...variants].sort((one, other) => one.n - other.n);
  assert.deepEqual(
    all.map(({ n }) => n),
    Array.from({ length: 147 }, (_, index) => index + 1),
  );
  const app = await startTestApp(t, { worker: false });
  await givenProfiles(
    app,
    all.filter(({ result }) => result !== 'refused'),
  );
  const engines = bothEngines(app);
  for (const { n, isSegment = false, filter: given, result, why } of all) {
    await t.test(`${n}: ${why}`, async () => {
      const unfolded = Array.isArray(given) && Array.isArray(given[0]) ? given : unfold(given);
      if (result === 'refused') {
        assert.throws(
          () => parseAudience(unfolded, 'audience', { isSegment }),
          (error) => error instanceof RequestError && error.errors.every((text) => text.startsWith('audience')),
        );
        return;
      }
      const filter = parseAudience(unfolded, 'audience', { isSegment });
      const { bySql, byEvaluator } = await engines.ask(filter, `row-${n}`);
      assert.deepEqual(
        [bySql, byEvaluator].map((holds) => (holds ? 'match' : 'no match')),
        [result, result],
      );
    });
  }
});

// Audiences that are made to cause harm.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compile } from '../src/audience/compile/compile.ts';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { referenceProblems } from '../src/audience/grammar/references.ts';
import { joinSql, sql } from '../src/db/sql.ts';
import { RequestError } from '../src/errors.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { anyFilter, connectedFilter } from './support/audience-worlds.ts';

const nasty = fc.oneof(
  fc.constantFrom<unknown>(null, [], {}, '', 0, -0, true, '\u0000', '\ud800', '__proto__', 1e308, -1e308, 5e-324),
  fc.constantFrom<unknown>({ AND: [] }, { NOT: {} }, [[]], { AND: {}, OR: [] }, { __proto__: null }, 'x'.repeat(1_000)),
  fc.constantFrom('2026-02-30', '9999-01-01', '(', '(?=a)', '(a*)*b', '[z-a]', '\\', '{', 'a{999}'),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Changes a filter at the position `place`: replaces the value there, or adds a member beside it. */
function mutate(value: unknown, place: number, by: unknown): unknown {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [name, inner] = entries[place % (entries.length + 1)] ?? [];
  if (name === undefined) return by;
  const changed = entries.map(([key, one]) => [key, key === name ? mutate(inner, place >> 2, by) : one]);
  if (Array.isArray(value)) return changed.map(([, one]) => one);
  return Object.fromEntries(place % 7 === 0 ? [...changed, [`extra ${place}`, by]] : changed);
}

async function givenTwo(app: TestApp): Promise<void> {
  await app.db.run(sql`
    insert into profiles (bucket, user_id, workspace_id, external_id, custom, custom_times)
    values (0, 1, ${app.workspaceId}, 'ada', '{"a": 1e300, "b": "2026-01-01", "a.b": [1, "c", {"d": 1}]}', '{"b": 1767225600000}'),
           (0, 2, ${app.workspaceId}, 'bob', '{"a": "abc", "b": [true], "__proto__": {}}', '{}')`);
  await app.db.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id) values (${app.workspaceId}, '', 'ada', 0, 1)`);
}

const mutated = (filter: fc.Arbitrary<object>) =>
  fc
    .record({ filter, place: fc.nat(), by: nasty, isMutated: fc.nat({ max: 3 }) })
    .map(({ filter: whole, place, by, isMutated }) => {
      return isMutated > 0 ? mutate(whole, place, by) : whole;
    });

test('any value as an audience is answered or refused, and never causes a server error', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await givenTwo(app);
  const seen = { 201: 0, 400: 0 };
  await fc.assert(
    fc.asyncProperty(mutated(connectedFilter), async (audience) => {
      const answers = await Promise.all([
        app.post('/audience/preview', { audience }),
        app.post('/audience/explain', { external_id: 'ada', audience }),
      ]);
      for (const { status, body } of answers) {
        assert.ok(status === 201 || status === 400, `${status} ${JSON.stringify(audience)}`);
        if (status === 400)
          assert.ok(body.errors.length > 0 && body.errors.every((error: string) => error.length < 2_000));
        seen[status as 201 | 400] += 1;
      }
    }),
    { numRuns: 120, endOnFailure: true },
  );
  t.diagnostic(JSON.stringify(seen));
});

test('any value as the filter of a segment is evaluated or refused', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await givenTwo(app);
  const given = fc.sample(mutated(anyFilter), 2_000);
  const accepted = given.flatMap((value) => {
    try {
      // Once unchanged, and once through JSON.
      return [value, JSON.parse(JSON.stringify(value))].map((one) =>
        parseAudience(one, 'segment', { isSegment: true }),
      );
    } catch (error) {
      assert.ok(error instanceof RequestError, `${error} ${JSON.stringify(value)}`);
      return [];
    }
  });
  const context = { now: app.clock.now(), workspace: app.workspace() };
  const known = accepted.filter((filter) => referenceProblems(filter, context.workspace).length === 0);
  const rows = await app.db.query<{ answers: unknown[] }>(
    sql`select array[${joinSql(known.map((filter) => compile(filter, context)))}] as answers from profiles p`,
  );
  for (const { answers } of rows)
    assert.ok(
      answers.every((answer) => typeof answer === 'boolean'),
      'never null',
    );
  t.diagnostic(`${given.length} given, ${accepted.length / 2} accepted, ${known.length} evaluated`);
});

test('too large audiences are refused at once', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const one = { custom_attribute: { custom_attribute_name: 'a', comparison: 'exists' } };
  const deep = (levels: number): object => (levels === 0 ? one : { AND: [deep(levels - 1)] });
  const table: [audience: object, error: string][] = [
    [{ AND: Array.from({ length: 201 }, () => one) }, 'audience.AND: expected at most 200 filters'],
    [
      { AND: [{ OR: Array.from({ length: 101 }, () => one) }, { OR: Array.from({ length: 101 }, () => one) }] },
      'audience: expected at most 200 filters',
    ],
    [{ AND: Array.from({ length: 500_000 }, () => 1) }, 'audience: expected at most 256 KiB'],
    [{ AND: [{ ...one, x: 'x'.repeat(270_000) }] }, 'audience: expected at most 256 KiB'],
    [deep(10), `audience${'.AND[0]'.repeat(10)}: expected at most 10 levels`],
  ];
  for (const [audience, error] of table) {
    const { status, body } = await app.post('/audience/preview', { audience });
    assert.deepEqual([status, body.errors], [400, [error]]);
  }
});

const matching = (value: string) => ({
  custom_attribute: { custom_attribute_name: 'a', comparison: 'matches_regex', value },
});

test('patterns that make other engines hang are answered', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.db.run(sql`
    insert into profiles (bucket, user_id, workspace_id, external_id, custom)
    select 0, 1, ${app.workspaceId}, 'ada', jsonb_build_object('a', repeat('a', 100000))`);
  await app.db.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id) values (${app.workspaceId}, '', 'ada', 0, 1)`);
  const patterns = [
    '(a*)*b',
    '(a+a+)+b',
    '(a|aa)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(a|a?)+b',
    `(?:${'a?'.repeat(200)})b`,
    '([a-zA-Z]+)*b',
    '(.*a){40}b',
  ];
  for (const value of patterns) {
    const preview = await app.post('/audience/preview', { audience: matching(value) });
    assert.equal(preview.status, 201, value);
    const explained = await app.post('/audience/explain', { external_id: 'ada', audience: matching(value) });
    // The database answers. The server's own engine may refuse the pattern as too much work.
    if (explained.status === 201) assert.equal(explained.body.targeted, preview.body.count === 1, value);
    else assert.deepEqual([explained.status, explained.body.message], [400, 'Audience Too Expensive'], value);
  }
});

/** 32,000 states on texts of 100,000 characters take seconds for each person, where fifty people may take five. */
const expensive = matching('(?:\\w{200}){160}x');

test('an audience that takes too long is refused, and its dispatch fails as a whole with the reason', async (t) => {
  const app = await startTestApp(t);
  await app.db.run(sql`
    insert into profiles (bucket, user_id, workspace_id, external_id, custom)
    select 0, n, ${app.workspaceId}, 'p' || n, jsonb_build_object('a', repeat(chr(96 + n), 100000)) from generate_series(1, 20) n`);
  await app.db.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${app.workspaceId}, '', external_id, bucket, user_id from profiles`);
  const names = Array.from({ length: 20 }, (_, n) => `p${n + 1}`);
  const messages = { webhook: { url: 'https://example.com/', request_method: 'POST' } };
  const [preview, dryRun, sent] = await Promise.all([
    app.post('/audience/preview', { audience: expensive }),
    app.post('/messages/send', { audience: expensive, broadcast: true, messages, cresset: { dry_run: true } }),
    app.post('/messages/send', { audience: expensive, external_user_ids: names, messages }),
  ]);
  for (const answer of [preview, dryRun]) {
    assert.deepEqual([answer.status, answer.body.message], [400, 'Audience Too Expensive']);
  }
  assert.equal(sent.status, 201);
  await app.drain();
  const { body } = await app.get(`/dispatches/${sent.body.dispatch_id}`);
  assert.deepEqual([body.state, body.failure, body.channels], ['failed', 'audience_too_expensive', {}]);
  assert.ok(body.finished_at);
  const logged = await app.db.query(sql`select category, record, dispatch_id from activity_log`);
  assert.deepEqual(
    logged.map(({ category, record }) => [category, record]),
    [['REST API connected audience errors', { error: 'audience_too_expensive' }]],
  );
  const { left } = await app.db.one<{ left: number }>(sql`select count(*) as left from tasks`);
  assert.equal(left, 0);
});

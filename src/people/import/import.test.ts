import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { appId, emailGroup, smsGroup, start } from '../../../test/support/people.ts';
import { sql } from '../../db/sql.ts';
import { loadCatalog } from '../../workspace/load-catalog.ts';
import { secretFrom } from '../../workspace/secrets.ts';
import { sentenceOf } from '../remarks.ts';
import type { TrackProblem } from '../track/request.ts';
import type { Entry } from './entry.ts';
import { type ImportOptions, type ImportTotals, importPeople } from './import.ts';
import { readNdjson } from './ndjson.ts';
import { noProgress, openImport, type Progress } from './progress.ts';
import { reasonOf } from './rejects-file.ts';

type Body = Record<string, unknown>;

const workspaceYaml = `
apps: [{ id: ${appId}, name: Acme iOS, platform: ios }]
subscription_groups:
  - { id: ${emailGroup}, name: News, channel: email }
  - { id: ${smsGroup}, name: Alerts, channel: sms }
`;

async function startWorld(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(workspaceYaml);
  return app;
}

async function* lines(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

interface Imported extends ImportTotals {
  end: 'finished' | 'stopped';
  rejects: [line: number, reason: string, shown: unknown][];
}

interface ImportSetUp extends Partial<ImportOptions> {
  now?: () => Date;
}

async function importLines(
  app: TestApp,
  text: string,
  { now = () => start, ...more }: ImportSetUp = {},
): Promise<Imported> {
  const catalog = await loadCatalog(app.db, secretFrom(app.secret));
  const workspace = catalog.workspace(app.workspaceId);
  assert.ok(workspace);
  const rejects: Imported['rejects'] = [];
  const totals = await importPeople(
    { db: app.db, workspace, now },
    {
      entries: readNdjson(lines(text)),
      progress: noProgress,
      dryRun: false,
      parallelBatches: 3,
      signal: new AbortController().signal,
      onReject: (reject, shown) => void rejects.push([reject.line, reasonOf(reject), Object.values(shown)[0]]),
      onProgress: () => undefined,
      ...more,
    },
  );
  return { ...totals, rejects };
}

const ndjson = (objects: readonly unknown[]) => objects.map((object) => JSON.stringify(object)).join('\n');

async function exported(app: TestApp, request: Body): Promise<unknown> {
  const { status, body } = await app.post('/users/export/ids', request);
  assert.equal(status, 201);
  return body;
}

const externalIds = ['ada', 'grace', 'alan', 'édith', 'bob'];
const aliases = [
  { alias_name: 'a1', alias_label: 'crm' },
  { alias_name: 'a2', alias_label: 'crm' },
];
const emails = ['one@example.test', 'ONE@example.test', 'two@example.test', 'three@example.test'];
const phones = ['+15125550100', '+15125550101'];

/** Good and bad objects, some about the same people, some about people who share addresses and tokens. */
function attributesObject(): fc.Arbitrary<Body> {
  const identifier = fc.oneof(
    { weight: 6, arbitrary: fc.record({ external_id: fc.constantFrom(...externalIds) }) },
    {
      weight: 2,
      arbitrary: fc.record({ user_alias: fc.constantFrom(...aliases), _update_existing_only: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ email: fc.constantFrom(...emails) }) },
    { weight: 1, arbitrary: fc.record({ phone: fc.constantFrom(...phones) }) },
    {
      weight: 1,
      arbitrary: fc.record({ external_id: fc.constantFrom('ada', 'x'.repeat(988)), braze_id: fc.constant('1') }),
    },
    { weight: 1, arbitrary: fc.constant({}) },
  );
  const token = fc.record({
    app_id: fc.constantFrom(appId, 'nope'),
    token: fc.constantFrom('t1', 't2'),
    device_id: fc.constantFrom('device-1', 'device-2', 'short', 'x'.repeat(256)),
  });
  const group = fc.record({
    subscription_group_id: fc.constantFrom(emailGroup, smsGroup, 'nope'),
    subscription_state: fc.constantFrom('subscribed', 'unsubscribed', 'x'),
  });
  const state = fc.constantFrom('opted_in', 'subscribed', 'unsubscribed', 'x');
  const fields = fc.record(
    {
      email: fc.oneof(fc.constantFrom(...emails), fc.constant(null), fc.constant('x')),
      phone: fc.constantFrom(...phones, null, '1'),
      first_name: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.constant(5)),
      email_subscribe: state,
      push_subscribe: state,
      country: fc.constantFrom('Austria', 'US', null),
      time_zone: fc.constantFrom('Vienna', 'Europe/Paris'),
      dob: fc.constantFrom('2000-02-29', '2001-02-29'),
      current_location: fc.constantFrom({ longitude: 1, latitude: 2 }, null, { longitude: 1 }),
      date_of_last_session: fc.constantFrom('2026-01-01', 'x'),
      image_url: fc.json().map((text) => text.slice(0, 20)),
      marked_email_as_spam_at: fc.constantFrom('2026-01-01', null),
      push_tokens: fc.oneof(fc.array(token, { maxLength: 2 }), fc.constant(null)),
      subscription_groups: fc.array(group, { maxLength: 2 }),
      push_token_import: fc.boolean(),
      _merge_objects: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const custom = fc.dictionary(
    fc.constantFrom('points', ' points ', 'plan', 'tags', 'address', '__proto__', 'joined', ' email'),
    fc.oneof(
      fc.constantFrom<unknown>({ inc: 2 }, { add: ['x', 'y'] }, { remove: ['x'] }, '2026-01-31', 5, null, [
        'x',
        'x',
        1,
      ]),
      fc.constantFrom<unknown>(
        { city: 'Rome', zip: null },
        { city: { part: 1 } },
        1.5,
        true,
        '',
        'é\u0000',
        'x'.repeat(256),
      ),
      fc.jsonValue(),
    ),
    { maxKeys: 3 },
  );
  return fc.tuple(fields, custom, identifier).map((parts) => Object.assign({}, ...parts) as Body);
}

/** The answer without what differs by chance: user ids and random buckets. */
function comparable(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value) =>
    key === 'braze_id' || key === 'random_bucket' ? 'x' : value,
  );
}

async function everything(app: TestApp): Promise<unknown> {
  const byName = await exported(app, { external_ids: externalIds, user_aliases: aliases });
  const tokens = await app.db.query(sql`
    select p.external_id, p.email, p.phone, t.token, t.device_id
      from push_targets t join profiles p using (bucket, user_id) order by 1, 2, 3, 4`);
  const groups = await app.db.query(sql`
    select p.external_id, p.email, p.phone, s.group_id, s.state
      from subscription_states s join profiles p using (bucket, user_id) order by 1, 2, 3, 4`);
  const rows = await app.db.query(sql`
    select external_id, email, phone, first_name, email_state, push_state, email_state_changed_at, push_state_changed_at,
           updated_at, custom, custom_times, nested_times, extras, last_session_at, session_count
      from profiles order by 1, 2, 3, 4, 5, updated_at`);
  const addresses = await app.db.query(sql`select kind, address, marked_spam_at from addresses order by 1, 2`);
  return comparable({ byName, tokens, groups, rows, addresses });
}

async function forget(app: TestApp): Promise<void> {
  await app.db.run(sql`
    truncate profiles, user_names, push_targets, push_token_owners, subscription_states, addresses, imports, import_batches`);
}

test('a file leaves the same people and the same problems as the same objects over HTTP', async (t) => {
  const [http, file] = [await startWorld(t), await startWorld(t)];
  await fc.assert(
    fc.asyncProperty(
      fc.array(attributesObject(), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (objects, records) => {
        await forget(http);
        await forget(file);
        // The rate limit of exports starts anew.
        for (const { clock } of [http, file]) clock.advance(60_000);
        const problems: [number, string][] = [];
        let time = http.clock.now().getTime();
        for (let at = 0; at < objects.length; at += records) {
          http.clock.advance(1_000);
          const { body } = await http.post('/users/track', { attributes: objects.slice(at, at + records) });
          const errors: TrackProblem[] = body.errors ?? [];
          for (const [index, ofObject] of Map.groupBy(errors, (error) => error.index))
            problems.push([at + index + 1, ofObject.map(sentenceOf).join('; ')]);
        }
        const imported = await importLines(file, ndjson(objects), {
          limits: { records, bytes: 1e9 },
          now() {
            time += 1_000;
            return new Date(time);
          },
        });
        assert.deepEqual(
          imported.rejects.map(([line, reason]) => [line, reason.replace(/^applied, but for: /, '')]),
          problems,
        );
        assert.deepEqual(await everything(file), await everything(http));
      },
    ),
    { numRuns: 30 },
  );
});

test('the last line about a person wins, however many batches run at once', async (t) => {
  const app = await startWorld(t);
  const objects = Array.from({ length: 600 }, (_, n) => ({ external_id: `p${n % 20}`, at: n, seen: { inc: 1 } }));
  await importLines(app, ndjson(objects), { limits: { records: 5, bytes: 1e9 } });
  const rows = await app.db.query(sql`select custom from profiles order by (custom ->> 'at')::integer`);
  assert.deepEqual(
    rows.map(({ custom }) => custom),
    Array.from({ length: 20 }, (_, n) => ({ at: 580 + n, seen: 30 })),
  );
});

test('changes of live requests during an import are not lost, and no person is made twice', async (t) => {
  const app = await startWorld(t);
  const people = Array.from({ length: 40 }, (_, n) => `p${n}`);
  const objects = Array.from({ length: 800 }, (_, n) => {
    const external_id = people[(n * 7) % people.length];
    return { external_id, email: `${external_id}@example.test`, email_subscribe: 'opted_in', count: { inc: 1 } };
  });
  const requests = Array.from({ length: 20 }, (_, n) =>
    app.post('/users/track', {
      attributes: people.map((external_id) => ({ external_id, email: `p${n}@example.test`, count: { inc: 1 } })),
    }),
  );
  const [imported, ...answers] = await Promise.all([
    importLines(app, ndjson(objects), { limits: { records: 50, bytes: 1e9 } }),
    ...requests,
  ]);
  assert.equal(imported.rejected, 0);
  for (const answer of answers) assert.equal(answer.status, 201);
  const rows = await app.db.query(sql`select external_id, custom -> 'count' as count from profiles order by user_id`);
  assert.deepEqual(new Set(rows.map((row) => row.external_id)), new Set(people));
  assert.equal(rows.length, people.length);
  for (const { count } of rows) assert.equal(count, 20 + 20);
});

test('records that cannot be applied are reported with their line; the others are applied', async (t) => {
  const app = await startWorld(t);
  const text = `${ndjson([{ external_id: 'ada', plan: 'gold' }, { plan: 'none' }])}\n{"external_id":\n"x"\n${ndjson([
    { external_id: 'ada', plan: { inc: 1 } },
    { external_id: 'bob', email: 'no' },
    { external_id: 'bob', points: 1, gender: 'x', country: 'Wien', dob: '01/01/1971', at: '2019-02-15 00:00:00 UTC' },
  ])}`;
  const { rejects, ...totals } = await importLines(app, text, { limits: { records: 3, bytes: 1e9 } });
  assert.deepEqual(totals, { records: 7, rejected: 6, partial: 2, resumed: 0, end: 'finished' });
  assert.deepEqual(rejects, [
    [2, "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required", { plan: 'none' }],
    [3, 'the line is not JSON', '{"external_id":'],
    [4, 'expected an object', 'x'],
    [5, 'applied, but for: plan: inc needs a stored number', { external_id: 'ada', plan: { inc: 1 } }],
    [6, "The value provided for the 'email' field is not a valid email.", { external_id: 'bob', email: 'no' }],
    [
      7,
      'applied, but for: gender: expected M, F, O, N or P; dob: expected YYYY-MM-DD; country: expected a code of two letters (ISO 3166-1) such as AT, or the English name of a country',
      { external_id: 'bob', points: 1, gender: 'x', country: 'Wien', dob: '01/01/1971', at: '2019-02-15 00:00:00 UTC' },
    ],
  ]);
  const rows = await app.db.query(sql`select external_id, custom from profiles order by 1`);
  assert.deepEqual(rows, [
    { external_id: 'ada', custom: { plan: 'gold' } },
    { external_id: 'bob', custom: { points: 1, at: '2019-02-15 00:00:00 UTC' } },
  ]);
});

test('a dry run reports problems and applies nothing', async (t) => {
  const app = await startWorld(t);
  const { rejects, ...totals } = await importLines(app, ndjson([{ external_id: 'ada' }, {}]), { dryRun: true });
  assert.deepEqual([totals.records, rejects.length], [2, 1]);
  assert.deepEqual(await app.db.query(sql`select user_id from profiles`), []);
});

const file = { path: '/people.ndjson', sizeBytes: 10, sha256: Buffer.from('a'), settings: { format: 'ndjson' } };

async function open(app: TestApp, more: Partial<typeof file> = {}, restart = false): Promise<Progress> {
  const opened = await openImport(app.db, {
    ...{ workspaceId: app.workspaceId, file: { ...file, ...more }, restart, now: start },
  });
  assert.equal(opened.kind, 'open');
  assert.ok(opened.kind === 'open');
  return opened.progress;
}

const counting = ndjson([
  ...Array.from({ length: 40 }, (_, n) => ({ external_id: `p${n}`, count: { inc: 1 } })),
  { external_id: '' },
]);
const small = { limits: { records: 4, bytes: 1e9 } };

test('a stopped import continues with the missing batches, and reports all rejects again', async (t) => {
  const app = await startWorld(t);
  const stopping = new AbortController();
  const first = await importLines(app, `{}\n${counting}`, {
    ...small,
    parallelBatches: 1,
    progress: await open(app),
    signal: stopping.signal,
    onProgress: ({ records }) => records >= 12 && stopping.abort(),
  });
  assert.equal(first.end, 'stopped');
  assert.ok(first.records >= 12 && first.records < 42, String(first.records));
  const second = await importLines(app, `{}\n${counting}`, { ...small, progress: await open(app) });
  assert.deepEqual([second.end, second.records, second.rejected], ['finished', 42, 2]);
  assert.equal(second.resumed, first.records);
  assert.deepEqual(
    second.rejects.map(([line]) => line),
    [1, 42],
  );
  const rows = await app.db.query(sql`select custom from profiles`);
  assert.deepEqual(
    rows,
    Array.from({ length: 40 }, () => ({ custom: { count: 1 } })),
  );
});

test('two simultaneous runs apply every line once', async (t) => {
  const app = await startWorld(t);
  const runs = await Promise.all(
    [await open(app), await open(app)].map((progress) => importLines(app, counting, { ...small, progress })),
  );
  for (const { records, rejected, rejects } of runs) assert.deepEqual([records, rejected, rejects.length], [41, 1, 1]);
  const rows = await app.db.query(sql`select custom from profiles`);
  assert.deepEqual(
    rows,
    Array.from({ length: 40 }, () => ({ custom: { count: 1 } })),
  );
});

test('a batch that commits after its client died is not applied a second time', async (t) => {
  const app = await startWorld(t);
  const [dying, next] = [await open(app), await open(app)];
  const committed = Promise.withResolvers<void>();
  const claimed = Promise.withResolvers<void>();
  const dead = app.db.transaction(async (tx) => {
    await dying.claim(tx, 0, { records: 4, rejects: [{ line: 2, reasons: ['said by the dead'], isPartial: false }] });
    claimed.resolve();
    await committed.promise;
  });
  await claimed.promise;
  const going = importLines(app, counting, { ...small, progress: next });
  committed.resolve();
  await dead;
  const { records, rejects } = await going;
  assert.equal(records, 41);
  assert.deepEqual(rejects.map(([line, reason]) => [line, reason])[0], [2, 'said by the dead']);
  assert.deepEqual(await app.db.query(sql`select user_id from profiles where external_id in ('p0', 'p3')`), []);
});

test('a changed file is refused while its import is unfinished, and is a new import afterwards', async (t) => {
  const app = await startWorld(t);
  await open(app);
  await open(app, { settings: { format: 'csv' } }); // nothing was applied yet, so it begins anew
  const begun = await open(app);
  await app.db.transaction((tx) => begun.claim(tx, 0, { records: 1, rejects: [] }));
  await assert.rejects(open(app, { sha256: Buffer.from('b') }), /The contents of \/people\.ndjson changed .*--restart/);
  await assert.rejects(open(app, { settings: { format: 'csv' } }), /The options that say how to read .* changed/);
  const anew = await open(app, { sha256: Buffer.from('b') }, true);
  await anew.finish(start, { records: 5, rejected: 1 });
  assert.deepEqual(
    await openImport(app.db, {
      ...{ workspaceId: app.workspaceId, file: { ...file, sha256: Buffer.from('b') }, restart: false, now: start },
    }),
    { kind: 'finished', at: start, records: 5, rejected: 1 },
  );
  assert.equal((await open(app)).done.size, 0);
});

test('a run ends with an error when another run restarts its import', async (t) => {
  const app = await startWorld(t);
  const old = await open(app);
  await open(app, {}, true);
  await assert.rejects(importLines(app, counting, { ...small, progress: old }), /Another run has begun the import/);
  assert.deepEqual(await app.db.query(sql`select user_id from profiles`), []);
});

test('memory holds only a few batches, however slow the database is', async (t) => {
  const app = await startWorld(t);
  let [read, applied, most] = [0, 0, 0];
  async function* entries(): AsyncGenerator<Entry[]> {
    for await (const group of readNdjson(lines(counting))) {
      for (const entry of group) {
        read += 1;
        most = Math.max(most, read - applied);
        yield [entry];
      }
    }
  }
  await importLines(app, '', {
    ...small,
    parallelBatches: 2,
    entries: entries(),
    onProgress({ records }) {
      applied = records;
    },
  });
  assert.equal(applied, 41);
  assert.ok(most <= 4 * (2 + 2), `${most} records were read ahead`);
});

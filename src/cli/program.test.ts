import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import type { Config } from '../config.ts';
import { startEmbedded } from '../db/embedded.ts';
import { sql } from '../db/sql.ts';
import { hashKey } from '../workspace/keys.ts';
import { loadCatalog } from '../workspace/load-catalog.ts';
import { secretFrom } from '../workspace/secrets.ts';
import { type Actions, runProgram } from './program.ts';

const SECRET = 'a secret of the tests, long enough';

/** Runs command lines as a person would, and keeps what they print. */
function terminal(env: Record<string, string>, actions: Partial<Actions> = {}) {
  return async (...args: string[]) => {
    const out: string[] = [];
    const errors: string[] = [];
    const code = await runProgram(
      args,
      { serve: async () => undefined, checkFilter: () => [], checkReferences: () => [], ...actions },
      { env, print: (text) => out.push(text), printError: (text) => errors.push(text) },
    );
    return { code, out: out.join('\n'), errors: errors.join('\n') };
  };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'cresset-cli-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function onDatabase(t: TestContext, more: Record<string, string> = {}) {
  const { db, url, workspaceId } = await testDatabase(t);
  return { db, workspaceId, run: terminal({ DATABASE_URL: url, CRESSET_SECRET: SECRET, ...more }) };
}

const helps: [string[], RegExp[]][] = [
  [['--help'], [/^Usage: cresset/, /serve/, /apply/, /keys/, /tokens/, /users/, /simulate/]],
  [
    ['simulate', '--help'],
    [/fcm, apns, adm, web-push, or all/, /--fault/, /--json/, /Examples:\n {2}cresset simulate all/],
  ],
  [
    ['users', '--help'],
    [/^Usage: cresset users/, /import/],
  ],
  [
    ['users', 'import', '--help'],
    [/--types/, /--rejects/, /--dry-run/, /--restart/, /Exit codes: 0 /, /Examples:\n {2}cresset users import people/],
  ],
  [
    ['serve', '--help'],
    [/^Usage: cresset serve/, /--json/, /Examples:\n {2}cresset serve/],
  ],
  [
    ['apply', '--help'],
    [/^Usage: cresset apply/, /--dry-run/, /--reseal/, /--json/, /Examples:\n {2}cresset apply workspace/],
  ],
  [
    ['keys', '--help'],
    [/^Usage: cresset keys/, /create/, /list/, /delete/],
  ],
  [
    ['keys', 'create', '--help'],
    [/--allow-from/, /messages\.send {6}POST \/messages\/send/, /Examples:\n {2}cresset keys create/, /--json/],
  ],
  [
    ['keys', 'list', '--help'],
    [/--json/, /Examples:\n {2}cresset keys list/],
  ],
  [
    ['tokens', '--help'],
    [/^Usage: cresset tokens/, /list/, /restore/],
  ],
  [
    ['tokens', 'list', '--help'],
    [/--app/, /--since/, /--reason/, /--json/, /Examples:\n {2}cresset tokens list/],
  ],
  [
    ['tokens', 'restore', '--help'],
    [/--app/, /--json/, /Examples:\n {2}cresset tokens restore/],
  ],
  [
    ['keys', 'delete', '--help'],
    [/--json/, /Examples:\n {2}cresset keys delete/],
  ],
];
for (const [args, patterns] of helps) {
  test(`cresset ${args.join(' ')} explains the command`, async () => {
    const { code, out, errors } = await terminal({})(...args);
    assert.equal(code, 0);
    assert.equal(errors, '');
    for (const pattern of patterns) assert.match(out, pattern);
  });
}

const misuses: [string[], Record<string, string>, RegExp][] = [
  [['srve'], {}, /unknown command 'srve'/],
  [['serve', '--jsn'], {}, /unknown option '--jsn'/],
  [['apply'], {}, /missing required argument 'file'/],
  [['keys', 'delete'], {}, /missing required argument 'id or name'/],
  [['keys', 'create', 'x'], {}, /^give either --permission or --all-permissions$/],
  [
    ['keys', 'create', 'x', '--all-permissions', '-p', 'users.track'],
    {},
    /^give either --permission or --all-permissions$/,
  ],
  [['keys', 'create', ' ', '--all-permissions'], {}, /^the name of a key has 1 to 255 characters$/],
  [
    ['keys', 'create', 'x', '-p', 'message.send'],
    {},
    /^--permission message\.send: there is no such permission; did you mean messages\.send\?$/,
  ],
  [
    ['keys', 'create', 'x', '-p', 'umbrella'],
    {},
    /^--permission umbrella: there is no such permission; known are messages\.send, /,
  ],
  [
    ['keys', 'create', 'x', '--all-permissions', '-a', '10.0.0.0/40'],
    {},
    /^--allow-from 10\.0\.0\.0\/40: expected an IPv4/,
  ],
  [['tokens', 'restore'], {}, /^say which: --app, --since or --reason$/],
  [['tokens', 'list', '--since', 'soon'], {}, /^--since soon: expected an ISO time, or 30m, 6h, 2d ago$/],
  [['tokens', 'list', '--limit', '0'], {}, /^--limit: expected a number above 0$/],
  [['keys', 'list'], { PORT: 'x' }, /^The environment is not usable:\n {2}- PORT: expected an integer/],
  [['serve'], { CRESSET_ROLE: 'api' }, /CRESSET_ROLE: there is no such variable; did you mean CRESSET_ROLES\?/],
];
for (const [args, env, message] of misuses) {
  test(`cresset ${args.join(' ')} ${JSON.stringify(env)} is a misuse: exit code 2`, async () => {
    const { code, out, errors } = await terminal(env)(...args);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(errors, message);
  });
}

test('serve gets the config and the environment', async () => {
  const served: [Config, unknown][] = [];
  const serve: Actions['serve'] = async (config, options) => void served.push([config, options]);
  const env = { PORT: '9000' };
  assert.equal((await terminal(env, { serve })('serve', '--json')).code, 0);
  assert.equal(served[0]?.[0].port, 9000);
  assert.deepEqual(served[0]?.[1], { json: true, env });
});

test('a server that fails ends with exit code 1, and a bug shows where it comes from', async () => {
  const serve = async () => {
    throw new TypeError('x is not a function');
  };
  const { code, errors } = await terminal({}, { serve })('serve');
  assert.equal(code, 1);
  assert.match(errors, /^TypeError: x is not a function\n {4}at /);
});

test('a key is made, listed without itself, and deleted', async (t) => {
  const { db, run } = await onDatabase(t);
  assert.equal((await run('keys', 'list')).out, 'There are no keys.');
  const made = await run(
    'keys',
    'create',
    'backend',
    '-p',
    'messages.send',
    'users.track',
    '-a',
    '10.0.0.0/8',
    '--json',
  );
  assert.equal(made.code, 0);
  const { id, name, key } = JSON.parse(made.out);
  assert.equal(name, 'backend');
  const stored = (await loadCatalog(db, secretFrom(SECRET))).apiKey(hashKey(key));
  assert.deepEqual(stored?.permissions, new Set(['messages.send', 'users.track']));

  const listed = await run('keys', 'list', '--json');
  const [record] = JSON.parse(listed.out);
  assert.deepEqual(
    { ...record, created_at: null },
    {
      id,
      name: 'backend',
      hint: key.slice(0, 4),
      permissions: ['messages.send', 'users.track'],
      allow_from: ['10.0.0.0/8'],
      created_by: 'cresset keys create',
      created_at: null,
      last_used_at: null,
    },
  );
  const shown = (await run('keys', 'list')).out;
  assert.match(shown, /^NAME +KEY +LAST USED +CREATED +BY +ALLOWED FROM +PERMISSIONS +ID\nbackend +.{4}… +never /);
  assert.equal(shown.includes(key) || listed.out.includes(key), false);

  assert.equal((await run('keys', 'delete', 'backend')).out, 'The key "backend" is deleted.');
  assert.equal((await run('keys', 'list', '--json')).out, '[]');
});

test('a key made for a person is printed first, with a warning', async (t) => {
  const { run } = await onDatabase(t);
  const { out } = await run('keys', 'create', 'ops', '--all-permissions');
  assert.match(out, /^[0-9a-f-]{36}\n\nThis is the only time the key "ops" is shown\. Its id is [0-9a-f-]{36}\.$/);
  assert.match((await run('keys', 'list')).out, / anywhere +all /);
});

test('what the database refuses ends with exit code 1 and one line', async (t) => {
  const { run } = await onDatabase(t);
  await run('keys', 'create', 'ops', '--all-permissions');
  assert.deepEqual(await run('keys', 'create', 'ops', '--all-permissions'), {
    code: 1,
    out: '',
    errors: 'there is a key named "ops" already',
  });
  assert.deepEqual(await run('keys', 'delete', 'nobody', '--json'), {
    code: 1,
    out: '',
    errors: '{"error":{"name":"KeyError","problems":["there is no key with the id or name \\"nobody\\""]}}',
  });
});

test('push tokens that were removed are listed and put back', async (t) => {
  const { db, workspaceId, run } = await onDatabase(t);
  assert.equal((await run('tokens', 'list')).out, 'There are none.');
  const app = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
  await db.run(
    sql`insert into profiles (bucket, user_id, workspace_id, external_id) values (7, 1, ${workspaceId}, 'ada')`,
  );
  await db.run(sql`
    insert into token_removals (workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground,
                                registered_at, reason, dispatch_id, removed_at)
    values (${workspaceId}, ${app}, 't1', 7, 1, 'ios', 'd', true, now(), 'BadDeviceToken',
            '019cf15e-1200-7ec5-94a1-f4f71e602caf', now())`);
  const [removal] = JSON.parse(
    (await run('tokens', 'list', '--since', '1h', '--app', app.toUpperCase(), '--json')).out,
  );
  assert.deepEqual([removal.token, removal.state, removal.external_id], ['t1', 'removed', 'ada']);
  assert.equal((await run('tokens', 'list', '--reason', 'other')).out, 'There are none.');
  const restored = JSON.parse((await run('tokens', 'restore', '--since', '1h', '--json')).out);
  assert.deepEqual(restored, { restored: 1, owned_by_others: 0, people_gone: 0 });
  assert.match((await run('tokens', 'list')).out, /^WHEN +STATE +REASON .*\n.* restored +BadDeviceToken +ada /);
  const { count } = await db.one<{ count: number }>(sql`select count(*) as count from push_targets where token = 't1'`);
  assert.equal(count, 1);
});

test('a database that is not there ends with exit code 1 and one line', async () => {
  const { code, errors } = await terminal({ DATABASE_URL: 'postgres://ada:the-password@127.0.0.1:1/x' })(
    'keys',
    'list',
  );
  assert.equal(code, 1);
  assert.equal(errors, 'The database cannot be used: connect ECONNREFUSED 127.0.0.1:1. Check DATABASE_URL.');
});

test('a database that refuses us ends with exit code 1 and one line', async (t) => {
  const { url } = await testDatabase(t);
  const { code, errors } = await terminal({ DATABASE_URL: url.replace(/db=\w+/, 'db=nowhere') })('keys', 'list');
  assert.equal(code, 1);
  assert.equal(errors, 'The database cannot be used: database "nowhere" does not exist. Check DATABASE_URL.');
});

const source = `
email: { smtp: { url: "smtp://u:\${env:CRESSET_SMTP_PASSWORD}@relay.test" } }
campaigns: [{ id: c, name: Receipts, kind: api }]
`;

test('a file is applied, may refer to variables of any name, and applied again changes nothing', async (t) => {
  const file = join(folder(t), 'workspace.yaml');
  writeFileSync(file, source);
  const { db, workspaceId, run } = await onDatabase(t, { CRESSET_SMTP_PASSWORD: 'the-password' });
  const dry = await run('apply', '--dry-run', file);
  assert.match(
    dry.out,
    /^~ email: .*\n\+ campaign "Receipts" c\n1 to create, 1 to change, .*\nThis was a dry run: nothing was changed\.$/,
  );
  const first = await run('apply', file);
  assert.deepEqual([first.code, first.errors], [0, '']);
  const second = JSON.parse((await run('apply', file, '--json')).out);
  assert.deepEqual(second, {
    dry_run: false,
    plan: [
      { what: 'email', id: null, name: '', kind: 'unchanged', changed: [] },
      { what: 'campaign', id: 'c', name: 'Receipts', kind: 'unchanged', changed: [] },
    ],
  });
  const { settings } = (await loadCatalog(db, secretFrom(SECRET))).workspace(workspaceId) ?? {};
  assert.equal(settings?.email.smtp?.[0]?.url, 'smtp://u:the-password@relay.test');
  assert.equal((dry.out + first.out).includes('the-password'), false);
});

test('a bad file ends with exit code 2 and every problem', async (t) => {
  const file = join(folder(t), 'workspace.yaml');
  writeFileSync(file, 'nme: x\ncampaigns: [{ id: c }]');
  const { run } = await onDatabase(t);
  const problems = [
    'nme: there is no such key; did you mean name?',
    'campaigns[0].name: is required',
    'campaigns[0].kind: is required',
  ];
  const { code, out, errors } = await run('apply', file);
  assert.deepEqual([code, out], [2, '']);
  assert.equal(errors, `${file} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  const json = await run('apply', file, '--json');
  assert.deepEqual(JSON.parse(json.errors), { error: { name: 'WorkspaceFileError', problems } });
});

test('a file that is not there ends with exit code 2', async (t) => {
  const { run } = await onDatabase(t);
  const file = join(folder(t), 'none.yaml');
  assert.deepEqual(await run('apply', file), {
    code: 2,
    out: '',
    errors: `${file} is not usable:\n  - the file cannot be read (ENOENT)`,
  });
});

test('without DATABASE_URL the embedded database is started for the duration, or shared with who runs it', async (t) => {
  const dataDir = folder(t);
  const run = terminal({ CRESSET_DATA_DIR: dataDir });
  assert.equal((await run('keys', 'create', 'alone', '--all-permissions')).code, 0);
  const server = await startEmbedded({ dataDir, durable: false });
  try {
    assert.equal(server.tookOver, false);
    assert.equal((await run('keys', 'create', 'beside', '--all-permissions')).code, 0);
    const names = JSON.parse((await run('keys', 'list', '--json')).out).map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['alone', 'beside']);
  } finally {
    await server.stop();
  }
});

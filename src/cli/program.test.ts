import assert from 'node:assert/strict';
import test from 'node:test';
import { commandLine } from '../../test/support/command-line.ts';
import type { Config } from '../config.ts';
import type { Actions } from './program.ts';

const helps: [string[], RegExp[]][] = [
  [['--help'], [/^Usage: cresset/, /serve/, /apply/, /keys/, /tokens/, /users/, /simulate/]],
  [
    ['simulate', '--help'],
    [
      /fcm, apns, adm, web-push, twilio, whatsapp,\s+smtp,\s+or\s+all/,
      /--fault/,
      /--json/,
      /Examples:\n {2}cresset simulate all/,
    ],
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
    const { code, out, errors } = await commandLine({})(...args);
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
  [
    ['tokens', 'list', '--since', 'soon'],
    {},
    /^--since soon: expected today, yesterday, a date such as 2026-03-15, .* or 30m, 6h, 2d ago$/,
  ],
  [['tokens', 'list', '--limit', '0'], {}, /^--limit: expected a number above 0$/],
  [['keys', 'list'], { PORT: 'x' }, /^The environment is not usable:\n {2}- PORT: expected an integer/],
  [['serve'], { CRESSET_ROLE: 'api' }, /CRESSET_ROLE: there is no such variable; did you mean CRESSET_ROLES\?/],
];
for (const [args, env, message] of misuses) {
  test(`cresset ${args.join(' ')} ${JSON.stringify(env)} is refused with exit code 2`, async () => {
    const { code, out, errors } = await commandLine(env)(...args);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(errors, message);
  });
}

test('serve gets the configuration and the environment', async () => {
  const served: [Config, unknown][] = [];
  const serve: Actions['serve'] = async (config, options) => void served.push([config, options]);
  const env = { PORT: '9000' };
  assert.equal((await commandLine(env, { serve })('serve', '--json')).code, 0);
  assert.equal(served[0]?.[0].port, 9000);
  assert.deepEqual(served[0]?.[1], { json: true, env });
});

test('a server that fails ends with exit code 1, and a bug prints its stack', async () => {
  const serve = async () => {
    throw new TypeError('x is not a function');
  };
  const { code, errors } = await commandLine({}, { serve })('serve');
  assert.equal(code, 1);
  assert.match(errors, /^TypeError: x is not a function\n {4}at /);
});

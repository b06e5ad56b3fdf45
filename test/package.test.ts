// The package as somebody gets it: packed, installed into an empty folder without running scripts, and used from there.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageEnv as env, installPackage, packageVersion } from '../rig/installed-package.ts';

const run = promisify(execFile);

async function givenInstalled(t: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-package-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await installPackage(folder);
  return folder;
}

/** Starts `cresset dev` as a terminal does: in a process group of its own, with what it prints. */
async function startDev(t: TestContext, folder: string) {
  const child = spawn('npx', ['cresset', 'dev', '--port', '0'], {
    cwd: folder,
    env: { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const interrupt = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGINT');
  };
  t.after(interrupt);
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  let printed = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    printed += chunk;
    if (/^ {2}curl .*sandbox\/messages/m.test(printed)) break;
  }
  return {
    printed,
    errors: () => errors,
    /** As Ctrl+C does, it reaches every process of the group. */
    async interrupt() {
      interrupt();
      await closed;
    },
  };
}

/** Waits until the first send to Ada is decided. */
async function statusOfFirst(url: string): Promise<string> {
  for (;;) {
    const response = await fetch(`${url}/users/ada/messages`, { headers: { authorization: 'Bearer cresset-dev' } });
    const { messages } = (await response.json()) as { messages: { status: string }[] };
    const [first] = messages;
    if (first !== undefined && first.status !== 'pending' && first.status !== 'sending') return first.status;
    await pause(20);
  }
}

// Rows 1, 10 and 11 of the traps of the product.
test('an installed package runs: the command, a server to try things on, and the test double with its types', async (t) => {
  const folder = await givenInstalled(t);
  await t.test('npx cresset --version', async () => {
    const { stdout } = await run('npx', ['cresset', '--version'], { cwd: folder, env });
    assert.equal(stdout, `${packageVersion()}\n`);
  });

  await t.test('cresset mcp finds the protocol, and ends with its input', async () => {
    const running = run('npx', ['cresset', 'mcp'], { cwd: folder, env: { ...env, CRESSET_MCP_KEY: 'a-key' } });
    running.child.stdin?.end();
    const { stdout, stderr } = await running;
    assert.equal(stdout, '');
    assert.match(stderr, /^Serving MCP for http:\/\/127\.0\.0\.1:8080 /);
  });

  await t.test('cresset dev takes a send, by the lines that it prints, and leaves nothing behind', async (t) => {
    const before = performance.now();
    const dev = await startDev(t, folder);
    const [send = '', read = ''] = dev.printed.split('\n').filter((line) => line.startsWith('  curl '));
    const accepted = await run('sh', ['-c', `${send.trim()} -s`]);
    t.diagnostic(`from the start to the first accepted send: ${Math.round(performance.now() - before)} ms`);
    assert.match(accepted.stdout, /"message":"success"/, dev.errors());
    const [, url = ''] = /listening on (\S+),/.exec(dev.printed) ?? [];
    assert.equal(await statusOfFirst(url), 'sent');
    assert.match((await run('sh', ['-c', `${read.trim()} -s`])).stdout, /"body":"Hello Ada"/);
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    assert.equal(page.status, 200, 'the console was packed');
    for (const path of ['/health', '/operator/v1/events']) {
      const foreign = await run('curl', ['-si', '-H', 'Host: evil.example', url + path]);
      assert.match(foreign.stdout, /^HTTP\/1\.1 403 [\s\S]*"message":"Host not allowed"/, path);
    }
    const elsewhere = { ...env, HOST: '0.0.0.0' };
    await assert.rejects(
      run('npx', ['cresset', 'dev'], { cwd: folder, env: elsewhere }),
      /HOST: expected 127\.0\.0\.1/,
    );
    const [, data = ''] = /^ {2}data +(\S+)/m.exec(dev.printed) ?? [];
    assert.ok(existsSync(join(data, 'postgres')));
    await dev.interrupt();
    assert.equal(existsSync(data), false);
    assert.equal(dev.errors(), '', 'no crash of the database was logged');
  });

  await t.test('cresset/testing starts its own database, and its types are those of its answers', async () => {
    writeFileSync(join(folder, 'double.ts'), double);
    const types = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2024,dom', '--types', ''];
    await run(join(process.cwd(), 'node_modules/.bin/tsc'), [...types, 'double.ts'], { cwd: folder, env });
    const { stdout } = await run(process.execPath, ['double.ts'], { cwd: folder, env });
    assert.equal(stdout, 'Hello Ada\n');
  });

  await t.test('cresset/client sends, and its types refuse members that there are not', async () => {
    writeFileSync(join(folder, 'caller.ts'), caller);
    const types = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2024,dom', '--types', ''];
    await run(join(process.cwd(), 'node_modules/.bin/tsc'), [...types, 'caller.ts'], { cwd: folder, env });
    const { stdout } = await run(process.execPath, ['caller.ts'], { cwd: folder, env });
    assert.equal(stdout, 'true\nsuccess\n');
  });
});

const caller = `
import { createCresset } from 'cresset/testing';
import { CressetError, createClient } from 'cresset/client';

const { url, key } = await createCresset({ workspace: {} });
const client = createClient({ url, key });
await client.call('POST /users/track', { body: { attributes: [{ external_id: 'ada' }] } });
const webhook = { url: 'https://example.com', request_method: 'POST', body: 'Hello' } as const;
const sent = await client.call('POST /messages/send', { body: { external_user_ids: ['ada'], messages: { webhook } } });
// @ts-expect-error: there is no such member
await client.call('POST /messages/send', { body: { external_user_idz: ['ada'] } }).catch((error) => console.log(error instanceof CressetError));
// @ts-expect-error: there is no such operation
await client.call('GET /messages/sent').catch(() => undefined);
console.log(sent.message);
`;

const double = `
import { createCresset, type SentMessage } from 'cresset/testing';

const cresset = await createCresset({ workspace: {} });
const post = (path: string, body: unknown) =>
  fetch(cresset.url + path, { method: 'POST', headers: { authorization: 'Bearer ' + cresset.key }, body: JSON.stringify(body) });
await post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada' }] });
await post('/messages/send', {
  external_user_ids: ['ada'],
  messages: { webhook: { url: 'https://example.com', request_method: 'POST', body: 'Hello {{\${first_name}}}' } },
});
const sent: SentMessage = await cresset.waitForMessage({ externalId: 'ada' }, { timeoutMs: 600_000 });
// @ts-expect-error: there is no such channel
await cresset.sent({ channel: 'telegram' }).catch(() => undefined);
console.log(sent.message.body);
`;

test('the oldest Node.js that the command allows is that of engines', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const file of ['bin/cresset.mjs', 'bin/testing.mjs'])
    assert.match(readFileSync(file, 'utf8'), new RegExp(`OLDEST_NODE = ${engines.node.slice(2)};`), file);
});

test('in a clone, cresset/testing is its sources; an older Node.js is told which one is needed', async () => {
  const script = "const { createCresset } = await import('cresset/testing'); console.log(typeof createCresset);";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
  assert.equal(stdout, 'function\n');
  const old = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } }); Object.defineProperty(process, 'version', { value: 'v20.20.2' }); ${script}`;
  await assert.rejects(
    run(process.execPath, ['--input-type=module', '-e', old], { env }),
    /cresset\/testing needs Node\.js 24 or newer, and this is v20\.20\.2\. The clone of Cresset has one: node_modules\/\.bin\/node/,
  );
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { runProgram } from './program.ts';

interface Announced {
  fcm: string;
  control: string;
  [name: string]: string;
}

/** Runs the command until `work` has ended. `work` gets the announced addresses. */
async function run(args: readonly string[], work: (announced: Announced) => Promise<void> = async () => undefined) {
  const out: string[] = [];
  const errors: string[] = [];
  let ready: () => void = () => undefined;
  const announced = new Promise<void>((done) => {
    ready = done;
  });
  const simulateUntil = () => announced.then(() => work(JSON.parse(out.join(''))));
  const print = (text: string) => {
    out.push(text);
    ready();
  };
  const terminal = { env: {}, print, printError: (text: string) => void errors.push(text) };
  const code = await runProgram(
    ['simulate', ...args],
    {
      serve: async () => undefined,
      checkFilter: () => [],
      checkReferences: () => [],
      checkContent: () => [],
      simulateUntil,
    },
    terminal,
  );
  return { code, out: out.join('\n'), errors: errors.join('\n') };
}

const anyPorts = ['--port', '0', '--control-port', '0', '--json'];

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'cresset-simulate-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('all stand-ins and their control run until they are stopped, and leave nothing listening', async () => {
  let urls: Announced | undefined;
  const { code, errors } = await run(['all', ...anyPorts, '--fault', '503:5%', 'gone:1%'], async (announced) => {
    urls = announced;
    const counts = await fetch(`${announced.control}/__sim/counts`);
    assert.deepEqual(Object.keys((await counts.json()) as object), [
      'fcm',
      'apns',
      'adm',
      'web-push',
      'twilio',
      'whatsapp',
      'smtp',
    ]);
    assert.equal((await fetch(`${announced.fcm}/token`, { method: 'POST' })).status, 400);
  });
  assert.deepEqual([code, errors], [0, '']);
  await assert.rejects(fetch(`${urls?.control}/__sim/counts`));
  await assert.rejects(fetch(String(urls?.fcm)));
});

test('the written workspace can be applied, and keeps its credentials at the next start', async (t) => {
  const path = folder(t);
  const { url } = await testDatabase(t);
  const read = (name: string) => readFileSync(join(path, name), 'utf8');
  assert.equal((await run(['all', ...anyPorts, '--workspace', path])).code, 0);
  const [key, account] = [read('AuthKey.p8'), JSON.parse(read('service-account.json'))];
  assert.equal(statSync(join(path, 'credentials.json')).mode & 0o777, 0o600);
  const errors: string[] = [];
  const applied = await runProgram(
    ['apply', join(path, 'workspace.yaml')],
    { serve: async () => undefined, checkFilter: () => [], checkReferences: () => [], checkContent: () => [] },
    {
      env: { DATABASE_URL: url, CRESSET_SECRET: 'a secret of the tests, long enough' },
      print: () => undefined,
      printError: (text) => void errors.push(text),
    },
  );
  assert.equal(applied, 0);
  assert.match(errors.join('\n'), /^Database: \S+ at \S+$/);
  assert.equal((await run(['all', ...anyPorts, '--workspace', path])).code, 0);
  assert.equal(read('AuthKey.p8'), key);
  assert.equal(JSON.parse(read('service-account.json')).private_key, account.private_key);
  const person = JSON.parse(read('track.json')).attributes[0];
  assert.equal(person.push_tokens.length, 4);
  assert.equal(person.email, 'ada@example.test');
});

const misuses: [string[], RegExp][] = [
  [['sms'], /there is no stand-in for sms; known are fcm, apns, adm, web-push, twilio, whatsapp, smtp and all/],
  [['fcm', '--port', 'x'], /--port x: expected a whole number from 0 to/],
  [['fcm', '--fault', '503'], /503|nothing: expected 0% to 100%/],
  [['fcm', '--port', '0', '--control-port', '0', '--fault', 'gone:5%'], /there is no answer "gone"/],
  [['fcm', '--latency', 'long'], /long: expected milliseconds/],
  [
    ['smtp', '--mail-service', 'acme'],
    /--mail-service acme: expected ses, sendgrid, postmark, mailgun, resend or none/,
  ],
  [['smtp', '--mail-reports', 'http://x'], /--mail-reports http:\/\/x: expected a URL that starts with smtp:/],
  [['fcm', '--seed', '-1'], /--seed -1: expected a whole number/],
];
for (const [args, message] of misuses) {
  test(`cresset simulate ${args.join(' ')} is refused with exit code 2`, async () => {
    const { code, out, errors } = await run(args);
    assert.deepEqual([code, out], [2, '']);
    assert.match(errors, message);
  });
}

test('a port in use is reported in one line, and nothing is left running', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await new Promise((done) => taken.once('listening', done));
  const { port } = taken.address() as { port: number };
  const { code, errors } = await run(['adm', '--port', String(port), '--control-port', '0']);
  assert.equal(code, 1);
  assert.match(errors, new RegExp(`^[^\\n]*127\\.0\\.0\\.1:${port}[^\\n]*$`));
});

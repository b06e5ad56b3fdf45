import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import type { RenderedEmail } from '../rendered.ts';
import { createDkimSigner, type DkimOptions } from './dkim.ts';
import { dkimKeyProblem } from './dkim-key.ts';
import { buildMime } from './mime.ts';

const pair = (type: 'rsa' | 'ed25519', modulusLength = 2_048) =>
  generateKeyPairSync(type as 'rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const rsa = pair('rsa');
const record = `v=DKIM1; k=rsa; p=${rsa.publicKey.replace(/-----[A-Z ]+-----|\s/g, '')}`;
const keys = [{ domain: 'acme.test', selector: 'cresset', key: rsa.privateKey }];
const options: DkimOptions = { domain: 'acme.test', date: new Date(), replaced: new Set() };

const rendered: RenderedEmail = {
  from: 'Äcme <hello@acme.test>',
  reply_to: 'help@acme.test',
  subject: `Grüße an ${'viele '.repeat(30)}`,
  html: '<p>Hello  \t there</p>  \n\n<p>ü</p>\n\n\n',
  plaintext: '  two  blanks \t\n\n ends with empty lines\n\n\n',
  headers: { 'X-Own': 'not signed', 'List-Id': 'News <news.acme.test>' },
  extras: {},
  unsubscribe_url: 'https://cresset.test/s/token',
};
const mail = (changes: Partial<RenderedEmail> = {}, files: Parameters<typeof buildMime>[0]['files'] = []) =>
  buildMime({
    rendered: { ...rendered, ...changes },
    to: 'ada@example.test',
    messageId: 'd.1.7@acme.test',
    date: options.date,
    files,
  });

/** The word of a checker that shares no code with us. */
async function verdictOf(signed: string): Promise<{ result: string; signedHeaders: string[] }> {
  const resolver = async (name: string) => {
    assert.equal(name, 'cresset._domainkey.acme.test');
    return [[record]];
  };
  const { results } = await dkimVerify(Buffer.from(signed), { resolver });
  const [first] = results;
  return { result: first?.status.result ?? 'none', signedHeaders: headerNames(signed) };
}

function headerNames(signed: string): string[] {
  return (/\bh=([^;]+);/.exec(signed)?.[1] ?? '').replace(/\s/g, '').split(':');
}

const base64 = Buffer.from('a file').toString('base64');
const mails: [what: string, text: string][] = [
  ['a mail in plain ASCII', mail({ subject: 'Hi', html: '<p>Hi</p>', plaintext: 'Hi', headers: {} })],
  ['a mail with much white space, encoded words and folded headers', mail()],
  ['a mail with empty texts', mail({ html: '', plaintext: '' })],
  ['a mail with a file', mail({}, [{ name: 'Rechnung für Ada.pdf', type: 'application/pdf', base64, sizeBytes: 6 }])],
];
for (const [what, text] of mails) {
  test(`the signature of ${what} holds, and covers both headers of the one-click unsubscribe`, async () => {
    const signed = await createDkimSigner(keys)(text, options);
    assert.ok(signed.endsWith(text));
    const { result, signedHeaders } = await verdictOf(signed);
    assert.equal(result, 'pass');
    for (const name of ['from', 'list-unsubscribe', 'list-unsubscribe-post'])
      assert.ok(signedHeaders.includes(name), name);
    assert.ok(!signedHeaders.includes('x-own'));
    for (const line of signed.split('\r\n')) assert.ok(line.length <= 998);
  });
}

const changes: [what: string, change: (signed: string) => string][] = [
  ['another word in the body', (signed) => signed.replace('blanks', 'planks')],
  ['another unsubscribe link', (signed) => signed.replace('/s/token', '/s/other')],
  ['a second sender', (signed) => `From: evil@evil.test\r\n${signed}`],
  ['a second subject', (signed) => `Subject: buy\r\n${signed}`],
];
for (const [what, change] of changes) {
  test(`${what} breaks the signature`, async () => {
    const text = mail({ html: '<p>blanks</p>', plaintext: 'blanks' });
    const signed = change(await createDkimSigner(keys)(text, options));
    assert.notEqual((await verdictOf(signed)).result, 'pass');
  });
}

test('the key of the nearest domain signs, in any letter case, and mails of other domains are not signed', async () => {
  const sign = createDkimSigner([...keys, { domain: 'news.acme.test', selector: 'news', key: rsa.privateKey }]);
  const domainOf = async (domain: string) =>
    /\bd=([^;]+);/.exec(await sign(mail(), { ...options, domain }))?.[1] ?? null;
  assert.equal(await domainOf('ACME.test'), 'acme.test');
  assert.equal(await domainOf('shop.acme.test'), 'acme.test');
  assert.equal(await domainOf('a.news.acme.test'), 'news.acme.test');
  assert.equal(await domainOf('notacme.test'), null);
  assert.equal(await domainOf('test'), null);
});

test('headers that the relay replaces are not signed', async () => {
  const signed = await createDkimSigner(keys)(mail(), { ...options, replaced: new Set(['date', 'message-id']) });
  assert.deepEqual(
    headerNames(signed).filter((name) => /date|message-id/.test(name)),
    [],
  );
  const replaced = signed.replace(/Date: [^\r]+/, 'Date: Mon, 1 Jan 2024 00:00:00 +0000');
  assert.equal((await verdictOf(replaced)).result, 'pass');
});

test('keys that nobody checks are refused: Ed25519, a text that is none, a short one', () => {
  assert.equal(dkimKeyProblem(rsa.privateKey), null);
  assert.match(dkimKeyProblem(pair('ed25519').privateKey) ?? '', /^expected an RSA key/);
  assert.equal(dkimKeyProblem('garbage'), 'expected a private key as PEM');
  assert.equal(dkimKeyProblem(rsa.publicKey), 'expected a private key as PEM');
  assert.match(dkimKeyProblem(pair('rsa', 512).privateKey) ?? '', /^expected an RSA key of 1024 to 4096 bits/);
});

const hasOpenDkim =
  spawnSync('opendkim-testmsg', ['-?']).error === undefined && spawnSync('opendkim', ['-V']).error === undefined;
test('OpenDKIM says that the signature is good', {
  skip: hasOpenDkim ? false : 'opendkim is not installed',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'opendkim-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const publicKey = rsa.publicKey.replace(/-----[A-Z ]+-----|\s/g, '');
  writeFileSync(join(folder, 'keys'), `cresset._domainkey.acme.test v=DKIM1; k=rsa; p=${publicKey}\n`);
  writeFileSync(join(folder, 'opendkim.conf'), `Mode v\nTestPublicKeys ${join(folder, 'keys')}\n`);
  for (const [what, text] of mails) {
    const signed = await createDkimSigner(keys)(text, options);
    const judge = (content: string) => {
      writeFileSync(join(folder, 'mail.eml'), content);
      const { stdout, stderr } = spawnSync('opendkim', [
        '-vvv',
        '-x',
        join(folder, 'opendkim.conf'),
        '-t',
        join(folder, 'mail.eml'),
      ]);
      return `${stdout}${stderr}`;
    };
    assert.match(judge(signed), /verification \(s=cresset,? d=acme\.test[^)]*\) succeeded/, what);
    assert.doesNotMatch(judge(signed.replace('help@', 'evil@')), /succeeded/, what);
  }
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import type { RenderedEmail } from '../rendered.ts';
import { buildMime } from './mime.ts';

const plain: RenderedEmail = {
  from: 'Acme <hello@acme.test>',
  reply_to: null,
  subject: 'Hello',
  html: '<p>Hello</p>',
  plaintext: 'Hello',
  headers: {},
  extras: {},
  unsubscribe_url: null,
};

function build(changes: Partial<RenderedEmail>): string {
  const date = new Date('2026-03-15T12:00:00Z');
  return buildMime({ rendered: { ...plain, ...changes }, to: 'ada@example.test', messageId: 'd1.1.7@acme.test', date });
}

test('a mail in plain ASCII is sent unencoded', () => {
  const wire = build({}).replace(/=_[0-9a-f]{24}/g, 'BOUNDARY');
  assert.equal(
    wire,
    [
      'From: "Acme" <hello@acme.test>',
      'To: ada@example.test',
      'Subject: Hello',
      'Date: Sun, 15 Mar 2026 12:00:00 +0000',
      'Message-ID: <d1.1.7@acme.test>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/alternative; boundary="BOUNDARY"',
      '',
      '--BOUNDARY',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 7bit',
      '',
      'Hello',
      '--BOUNDARY',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: 7bit',
      '',
      '<p>Hello</p>',
      '--BOUNDARY--',
      '',
    ].join('\r\n'),
  );
});

test('an unsubscribe link gets the headers of RFC 8058, unless the caller gives their own header', async () => {
  const ours = await simpleParser(build({ unsubscribe_url: 'https://c.test/s/x' }));
  assert.match(
    ours.headerLines.map(({ line }) => line).join('\n'),
    /List-Unsubscribe: <https:\/\/c\.test\/s\/x>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click/,
  );
  const theirs = build({ unsubscribe_url: 'https://c.test/s/x', headers: { 'list-unsubscribe': '<mailto:a@b.test>' } });
  assert.equal(theirs.match(/list-unsubscribe/gi)?.length, 1);
});

const line = fc.string({ unit: 'grapheme', maxLength: 120 }).map((text) =>
  text
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim(),
);
const text = fc
  .array(
    fc.string({ unit: 'grapheme', maxLength: 1_500 }).map((one) => one.replace(/[\p{Cc}]/gu, '')),
    { minLength: 1, maxLength: 5 },
  )
  .map((lines) => lines.join('\n'));

test('a mail program reads any text as written, and no line is too long for a relay', async () => {
  await fc.assert(
    fc.asyncProperty(line, line, text, text, async (name, subject, html, plaintext) => {
      const from =
        name.replace(/[<>"\\]/g, '') === '' ? 'hello@acme.test' : `"${name.replace(/[<>"\\]/g, '')}" <hello@acme.test>`;
      const wire = build({ from, subject, html: `<p>${html}</p>`, plaintext, headers: { 'X-Note': subject } });
      assert.ok(wire.split('\r\n').every((one) => one.length <= 998 && !/[\r\n]/.test(one)));
      assert.match(wire, /^[\t\r\n\x20-\x7e]*$/);
      const mail = await simpleParser(wire);
      assert.equal(mail.subject ?? '', subject);
      assert.equal(mail.html, `<p>${html}</p>`);
      assert.equal(mail.text?.trimEnd(), plaintext.trimEnd());
      assert.equal(mail.from?.value[0]?.address, 'hello@acme.test');
    }),
    { numRuns: 300 },
  );
});

const lines = (wire: string) => wire.slice(0, wire.indexOf('\r\n\r\n')).split('\r\n');
test('no line of the headers is empty or blank, whatever a template leaves at the end', async () => {
  for (const kept of [
    '',
    'x',
    'Hello',
    'x'.repeat(66),
    'x'.repeat(67),
    'x '.repeat(33),
    'Grüße '.repeat(12),
    'x'.repeat(960),
  ])
    for (const blank of ['', ' ', '\t', '  \t ', ' '.repeat(80), ' '.repeat(1_200)]) {
      for (const value of [`${kept}${blank}`, `${blank}${kept}`, `${blank}${kept}${blank}${kept}${blank}`]) {
        const headers = {
          'X-Note': value,
          'X-A-Name-That-Is-Longer-Than-A-Whole-Line-Of-A-Header-Which-Is-Allowed-As-Well': value,
        };
        const wire = build({ subject: value, headers });
        for (const one of lines(wire)) assert.ok(/\S/.test(one) && one.length <= 998, JSON.stringify(one));
        assert.match(wire, /^[\r\n\x20-\x7e]*$/);
        const mail = await simpleParser(wire);
        assert.equal(mail.html, '<p>Hello</p>', 'the header did not end early');
        assert.equal((mail.subject ?? '').replace(/\s+/g, ' ').trim(), value.replace(/\s+/g, ' ').trim());
      }
    }
});

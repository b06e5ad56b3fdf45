// A broadcast through Postfix: each mail as it lies in the mailbox, judged by OpenDKIM, and the bounce mail that comes back.
// CRESSET_POSTFIX_MAILS says how many people get it.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { untilTrue } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';
import { startFileServer } from './support/file-server.ts';
import { givenPopulation } from './support/population.ts';
import { startPostfix, whyNoPostfix } from './support/postfix.ts';

const PEOPLE = Number(process.env.CRESSET_POSTFIX_MAILS ?? 20);
const GONE = 7;
const PATIENCE_MS = 120_000;
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const RETURN_PATH = 'bounces.acme.test';
const terms = Buffer.from('%PDF-1.7 invented terms');

const email = {
  app_id: 'x',
  from: 'Äcme Shop <hello@acme.test>',
  reply_to: 'help@acme.test',
  subject: 'Grüße an {{${first_name}}}',
  preheader: 'Only for {{${user_id}}}',
  body: '<style>p { color: #333 }</style><p>Hello {{${first_name}}}, see <a href="https://acme.test/o?a=1&amp;u={{${user_id}}}">your order</a>.</p>',
  should_inline_css: true,
  headers: { 'X-Campaign': 'spring {{${user_id}}}' },
};

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const dkim = {
  name: 'cresset._domainkey.acme.test',
  record: `v=DKIM1; k=rsa; p=${publicKey.replace(/-----[A-Z ]+-----|\s/g, '')}`,
};

test(`Postfix takes a broadcast to ${PEOPLE} people whole, OpenDKIM passes each mail, and the one that bounces is marked`, {
  skip: whyNoPostfix() ?? false,
}, async (t) => {
  const app = await startTestApp(t);
  assert.ok(app.app.mailListener);
  const port = await app.app.mailListener.listen({ host: '127.0.0.1', port: 0 });
  const postfix = await startPostfix(t, { mailboxes: 'p[0-9]+', route: { domain: RETURN_PATH, port }, dkim });
  const files = await startFileServer(t, (_request, response) => void response.end(terms));
  await app.givenWorkspace(
    JSON.stringify({
      segments: [{ id: EVERYBODY, name: 'Everybody', filter: null }],
      email: {
        ...{ default_from: 'Acme <hello@acme.test>', list_unsubscribe: true, return_path: RETURN_PATH },
        smtp: { url: postfix.url },
        dkim: [{ domain: 'acme.test', selector: 'cresset', key: privateKey }],
        attachments: { allow: [files.host] },
      },
    }),
  );
  await givenPopulation(app.db, {
    ...{ workspaceId: app.workspaceId, count: PEOPLE },
    email: sql`case n when ${GONE}::integer then 'gone' else 'p' || n end || '@example.test'`,
  });

  const beganAt = Math.floor(Date.now() / 1_000) * 1_000;
  const attachments = [{ file_name: 'terms', url: `${files.origin}/terms.pdf` }];
  const messages = { email: { ...email, attachments } };
  const { body } = await app.post('/messages/send', { broadcast: true, segment_id: EVERYBODY, messages });
  const show = async () => (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  await untilTrue('the end of the dispatch', PATIENCE_MS, async () => {
    app.clock.advance(1_000); // a mail that Postfix took too long to greet is tried again
    await app.drain();
    return (await show()).state === 'finished';
  });
  const dispatch = await show();
  assert.deepEqual([dispatch.state, dispatch.channels.email.sent], ['finished', PEOPLE]);

  const names = () => (existsSync(postfix.mailbox) ? readdirSync(postfix.mailbox) : []);
  await untilTrue(`mails in the mailbox\n${postfix.log()}`, PATIENCE_MS, () => names().length >= PEOPLE - 1);
  assert.equal(names().length, PEOPLE - 1, 'each got one mail');
  const seen = { addresses: new Set<string>(), messageIds: new Set<string>(), links: new Set<string>() };
  for (const name of names()) {
    const mail = await simpleParser(readFileSync(join(postfix.mailbox, name)));
    const person = checkMail(mail);
    const sentAt = mail.date?.getTime() ?? 0;
    assert.ok(sentAt >= beganAt && sentAt <= Date.now(), `${person}: ${mail.date}`);
    seen.addresses.add(person);
    seen.messageIds.add(mail.messageId ?? '');
    seen.links.add(headerOf(mail, 'list-unsubscribe'));
  }
  const all = Array.from({ length: PEOPLE }, (_, index) => index + 1).filter((n) => n !== GONE);
  assert.deepEqual([...seen.addresses].sort(), all.map((n) => `p${n}`).sort());
  assert.deepEqual([seen.messageIds.size, seen.links.size], [PEOPLE - 1, PEOPLE - 1]);

  const isDead = async (name: string) =>
    (await app.get(`/email/hard_bounces?email=${name}@example.test`)).body.emails.length === 1;
  await untilTrue(`the bounce\n${postfix.log()}`, PATIENCE_MS, () => isDead('gone'));
  assert.equal(await isDead('p1'), false);
  const [event, ...others] = await app.db.query(sql`select kind, provider, code, said, outcome from feedback_events`);
  assert.deepEqual(
    [event, others.length],
    [
      {
        kind: 'bounced',
        provider: 'smtp',
        code: '5.1.1',
        said: 'X-Postfix; unknown user: "gone@example.test"',
        outcome: 'applied',
      },
      0,
    ],
  );
});

/** Compares every field with what was sent to this person. Returns the person's external id. */
function checkMail(mail: ParsedMail): string {
  const to = headerOf(mail, 'to');
  const person = to.replace('@example.test', '');
  const name = `Name ${person.slice(1)}`;
  const link = `https://acme.test/o?a=1&u=${person}`;
  assert.equal(mail.from?.text, '"Äcme Shop" <hello@acme.test>');
  assert.equal(mail.replyTo?.text, 'help@acme.test');
  assert.equal(mail.subject, `Grüße an ${name}`);
  assert.match(mail.messageId ?? '', /^<[^<>@]+@acme\.test>$/);
  assert.equal(
    mail.html,
    `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">Only for ${person}</div>` +
      `<p style="color: #333;">Hello ${name}, see <a href="${link.replace('&', '&amp;')}">your order</a>.</p>`,
  );
  assert.equal(mail.text?.trimEnd(), `Hello ${name}, see your order (${link}).`);
  assert.equal(headerOf(mail, 'x-campaign'), `spring ${person}`);
  const [file, ...others] = mail.attachments;
  assert.deepEqual([file?.filename, file?.contentType, others.length], ['terms.pdf', 'application/pdf', 0]);
  assert.ok(file?.content.equals(terms));
  assert.match(headerOf(mail, 'list-unsubscribe'), /^<http:\/\/cresset\.test\/[^<>, ]+>$/);
  assert.equal(headerOf(mail, 'list-unsubscribe-post'), 'List-Unsubscribe=One-Click');
  assert.equal(headerOf(mail, 'return-path'), `<bounce+${headerOf(mail, 'x-cresset-ref')}@${RETURN_PATH}>`);
  assert.equal(headerOf(mail, 'delivered-to'), to);
  const verdict = headerOf(mail, 'authentication-results');
  assert.match(verdict, /^mx\.example\.test;\s+dkim=pass \(2048-bit key[^)]*\) header\.d=acme\.test /, person);
  const signed = /\bh=([^;]+);/.exec(headerOf(mail, 'dkim-signature'))?.[1]?.replace(/\s/g, '').split(':') ?? [];
  for (const header of ['from', 'to', 'subject', 'list-unsubscribe', 'list-unsubscribe-post'])
    assert.ok(signed.includes(header), `${person}: ${header} in ${signed}`);
  return person;
}

/** The value of a header as it came. It must be there once. */
function headerOf(mail: ParsedMail, name: string): string {
  const found = mail.headerLines.filter(({ key }) => key === name);
  assert.equal(found.length, 1, name);
  return (found[0]?.line ?? '').replace(/^[^:]*:\s*/, '').trim();
}

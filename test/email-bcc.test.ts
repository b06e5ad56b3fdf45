// Copies of mails to the BCC addresses of a workspace, over a real mail server.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { smtpReply } from './support/mail-server.ts';
import { RETURN_PATH, startMailWorld } from './support/mail-world.ts';
import { dsn } from './support/reports.ts';

const ARCHIVE = 'Archive@acme.test';
const { privateKey: key } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const dkim = [{ domain: 'acme.test', selector: 'cresset', key }];

test('a mail with bcc goes out twice, equal but for what names its send, and counts once; a failing copy marks nobody', async (t) => {
  const bcc = { addresses: [ARCHIVE, 'audit@acme.test'] };
  const { app, server, isDead } = await startMailWorld(t, { email: { bcc, dkim } });
  const variations = [{ id: 'm', name: 'Mail', channel: 'email' }];
  await app.givenWorkspace(JSON.stringify({ campaigns: [{ id: 'spring', name: 'Spring', kind: 'api', variations }] }));
  const send = async (more: object, person = 'ada') => {
    const email = { app_id: 'x', subject: 'Hi', body: '<p>Hi</p>', message_variation_id: 'm', ...more };
    const { status, body } = await app.post('/messages/send', {
      ...{ external_user_ids: [person], campaign_id: 'spring', messages: { email } },
    });
    await app.drain();
    const recipients =
      status === 201 ? (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients : [];
    return { status, body, recipients, mails: server.mails.splice(0) };
  };

  const { recipients, mails } = await send({ bcc: 'ARCHIVE@acme.test' });
  assert.deepEqual(
    recipients.map((one: Record<string, unknown>) => [one.external_id, one.status, one.address, one.detail]),
    [['ada', 'sent', 'ada@example.test', null]],
  );
  const [mail, copy] = mails;
  assert.ok(mail && copy && mails.length === 2);
  assert.deepEqual([mail.to, copy.to], ['ada@example.test', ARCHIVE]);
  assert.match(mail.from, new RegExp(`^bounce\\+[0-9a-z]+@${RETURN_PATH}$`));
  assert.equal(copy.from, 'hello@acme.test');
  const headers = (of: typeof mail) =>
    of.mail.headerLines.filter(({ key }) => key !== 'dkim-signature' && key !== 'date' && key !== 'content-type');
  assert.deepEqual(
    headers(mail).filter(({ key }) => key !== 'x-cresset-ref'),
    headers(copy),
  );
  for (const { mail: one } of mails) {
    assert.ok(one.headers.has('dkim-signature'));
    assert.ok(!one.headers.has('bcc') && !one.headerLines.some(({ line }) => /archive/i.test(line)));
  }
  assert.deepEqual([copy.mail.html, copy.mail.text], [mail.mail.html, mail.mail.text]);

  const raw = dsn({ recipient: ARCHIVE });
  const { status } = await app.post(`/callbacks/email/mime?recipient=${encodeURIComponent(mail.from)}`, raw, {
    key: null,
  });
  await app.drain();
  assert.equal(status, 200);
  assert.equal(await isDead('ada'), false, 'even a report to the return path of the mail is about the copy');

  server.refuse = (address) => (address === ARCHIVE ? smtpReply(550, '5.1.1 no such mailbox') : null);
  const uncopied = await send({ bcc: ARCHIVE });
  const [verdict] = uncopied.recipients;
  assert.deepEqual([verdict.status, uncopied.mails.map(({ to }) => to)], ['sent', ['ada@example.test']]);
  assert.match(verdict.detail, /^no copy to Archive@acme\.test: bounced .*5\.1\.1/);
  assert.equal(await isDead('ada'), false);
  server.refuse = (address) => (address === 'bob@example.test' ? smtpReply(550, '5.1.1 no such mailbox') : null);
  const bounced = await send({ bcc: 'audit@acme.test' }, 'bob');
  assert.deepEqual([bounced.recipients[0].status, bounced.mails], ['bounced', []], 'what nobody got is not copied');
  server.refuse = () => null;

  const series = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
  const [{ sent, bounces, delivered }] = series.body.data[0].messages.email;
  assert.deepEqual({ sent, bounces, delivered }, { sent: 2, bounces: 1, delivered: 2 });

  for (const other of [
    'eve@example.test',
    '{{${email_address}}}',
    'archive@acme.test, eve@example.test',
    'a\r\nBcc: b@c.de',
  ]) {
    const refused = await send({ bcc: other });
    assert.equal(refused.status, 400, other);
    assert.deepEqual(refused.body.errors, [
      'messages.email.bcc: is none of the addresses of email.bcc in the workspace file',
    ]);
  }
  assert.deepEqual((await send({})).mails.length, 1);

  await app.givenWorkspace(
    JSON.stringify({
      email: {
        ...{ default_from: 'Acme <hello@acme.test>', smtp: { url: server.url } },
        bcc: { ...bcc, default: 'audit@acme.test' },
      },
    }),
  );
  const everybody = await send({});
  assert.deepEqual(
    everybody.mails.map(({ to }) => to),
    ['ada@example.test', 'audit@acme.test'],
  );
});

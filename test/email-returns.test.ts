// Bounce mails and complaints: from the return path of a mail to the person, over SMTP and over HTTP.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import nodemailer from 'nodemailer';
import { makeCertificate } from '../src/simulate/certificate.ts';
import { RETURN_PATH, startMailWorld } from './support/mail-world.ts';
import { arf, type Dsn, dsn } from './support/reports.ts';

const at = (reference = '') => `bounce+${reference}@${RETURN_PATH}`;

async function start(t: TestContext, options?: Parameters<typeof startMailWorld>[1]) {
  const world = await startMailWorld(t, options);
  const { mailListener } = world.app.app;
  assert.ok(mailListener);
  const port = await mailListener.listen({ host: '127.0.0.1', port: 0 });
  const bySmtp = async (to: string, raw: string) => {
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
    try {
      const { response } = await transport.sendMail({ envelope: { from: '', to }, raw });
      await world.app.drain();
      return response;
    } finally {
      transport.close();
    }
  };
  const byHttp = async (to: string, raw: string) => {
    const query = to === '' ? '' : `?recipient=${encodeURIComponent(to)}`;
    const { status, body } = await world.app.post(`/callbacks/email/mime${query}`, raw, { key: null });
    await world.app.drain();
    return `${status} ${String(body).trim()}`;
  };
  return { ...world, port, bySmtp, byHttp };
}

test('each mail has a return path of its own, at most 64 characters before the @, and asks for reports', async (t) => {
  const world = await start(t);
  const references = await world.send('ada', 'bob');
  const senders = world.server.mails.map(({ from }) => from);
  assert.deepEqual(senders.sort(), [at(references.ada), at(references.bob)].sort());
  for (const sender of senders) assert.ok((sender.split('@')[0]?.length ?? 99) <= 64, sender);
  assert.notEqual(references.ada, references.bob);
});

test('a bounce mail to the return path marks the address as dead, over SMTP and over HTTP, in either letter case', async (t) => {
  const world = await start(t);
  const { ada = '', bob = '' } = await world.send('ada', 'bob', 'eve');
  assert.match(
    await world.bySmtp(at(ada).toLowerCase(), dsn({ recipient: 'ada@example.test' })),
    /^250 2\.0\.0 taken$/,
  );
  assert.equal(await world.byHttp(at(bob).toUpperCase(), dsn({ recipient: 'BOB@Example.test' })), '200 taken');
  assert.deepEqual(
    [await world.isDead('ada'), await world.isDead('bob'), await world.isDead('eve')],
    [true, true, false],
  );
  assert.deepEqual(await world.events(), ['bounced dead applied', 'bounced dead applied']);
  assert.equal(await world.isMailed('ada'), false);
  assert.equal(await world.isMailed('eve'), true);
});

const told: [what: string, report: Partial<Dsn>, events: string[]][] = [
  ['the remote server still tries', { action: 'delayed', status: '4.4.1' }, ['deferred applied']],
  ['a full mailbox', { status: '5.2.2', diagnostic: '552 5.2.2 mailbox full' }, ['bounced applied']],
  ['a policy', { status: '5.7.1', diagnostic: '550 5.7.1 blocked' }, ['failed applied']],
  ['the relay gave up', { status: '4.2.0', prose: '5.1.1 is our booth' }, ['failed applied']],
  ['a delivery', { action: 'delivered', status: '2.0.0' }, ['delivered applied']],
  ['an action that nobody knows', { action: 'pondered' }, ['unknown no_effect']],
  ['another address, of a copy or of a forwarding', { recipient: 'archive@example.com' }, ['unknown no_effect']],
];
for (const [what, report, events] of told) {
  test(`a bounce mail that tells of ${what} suppresses nobody`, async (t) => {
    const world = await start(t);
    const { ada = '' } = await world.send('ada');
    const raw = dsn({ recipient: 'ada@example.test', returned: 'Subject: 5.1.1 and Status: 5.1.1', ...report });
    assert.equal(await world.byHttp(at(ada), raw), '200 taken');
    assert.deepEqual(await world.events(), events);
    assert.equal(await world.isDead('ada'), false);
    assert.equal(await world.isMailed('ada'), true);
  });
}

test('a bounce of a forwarded mail whose original recipient is ours marks it', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada');
  await world.byHttp(at(ada), dsn({ recipient: 'lovelace@elsewhere.test', original: 'ada@example.test' }));
  assert.equal(await world.isDead('ada'), true);
});

test('a reference in the envelope id or in the returned headers serves as well, and a report counts once', async (t) => {
  const world = await start(t);
  const { ada = '', bob = '' } = await world.send('ada', 'bob');
  const report = dsn({ recipient: 'ada@example.test', envelopeId: ada });
  for (let times = 0; times < 3; times += 1) assert.equal(await world.byHttp('', report), '200 taken');
  await world.byHttp('', dsn({ recipient: 'bob@example.test', returned: `X-Cresset-Ref: ${bob}` }));
  assert.deepEqual(await world.events(), ['bounced dead applied', 'bounced dead applied']);
});

const forged = (reference: string) => (reference.startsWith('a') ? 'b' : 'a') + reference.slice(1);
test('nobody can suppress others: a changed token is refused, and a good one names its own person alone', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada', 'bob');
  const report = dsn({ recipient: 'ada@example.test' });
  await assert.rejects(world.bySmtp(at(forged(ada)), report), { responseCode: 550 });
  assert.equal(await world.byHttp(at(forged(ada)), report), '200 without effect: no_reference');
  await world.byHttp(at(ada), dsn({ recipient: 'bob@example.test' }));
  assert.deepEqual([await world.isDead('ada'), await world.isDead('bob')], [false, false]);
});

test('a mail that is no report has no effect: a vacation reply, prose, something broken, a report cut off', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada');
  const vacation =
    'From: ada@example.test\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\n550 5.1.1 I am away\r\n';
  for (const raw of [vacation, 'Status: 5.1.1', '\0\xff', dsn({ recipient: 'ada@example.test' }).slice(0, 500)])
    assert.equal(await world.byHttp(at(ada), raw), '200 without effect: not_a_report');
  assert.deepEqual(await world.events(), []);
  assert.equal(await world.isMailed('ada'), true);
});

test('a complaint unsubscribes the person, found by the returned headers; not-spam has no effect', async (t) => {
  const world = await start(t);
  const { ada = '', bob = '', eve = '' } = await world.send('ada', 'bob', 'eve');
  assert.match(
    await world.bySmtp(`FBL@${RETURN_PATH}`, arf({ returned: `From: x@acme.test\r\nX-Cresset-Ref: ${ada}` })),
    /^250/,
  );
  await world.byHttp('', arf({ fields: [`Original-Mail-From: <${at(bob)}>`] }));
  await world.byHttp(at(eve), arf({ type: 'not-spam' }));
  assert.deepEqual((await world.events()).sort(), ['complained applied', 'complained applied', 'unknown no_effect']);
  assert.deepEqual(
    [await world.isMailed('ada'), await world.isMailed('bob'), await world.isMailed('eve')],
    [false, false, true],
  );
});

test('a large bounce mail is taken, though only its beginning is read', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada');
  const filler = `${'x'.repeat(76)}\r\n`.repeat(40_000);
  const raw = dsn({ recipient: 'ada@example.test', returned: `Subject: Hi\r\n\r\n${filler}` });
  assert.match(await world.bySmtp(at(ada), raw), /^250/);
  assert.equal(await world.isDead('ada'), true);
});

test('the listener relays nothing, has no other addresses, and offers neither logins nor, without a certificate, TLS', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada');
  const answers = await dialogue(world.port, [
    'EHLO mx.example.test',
    'AUTH PLAIN AGEAYg==',
    'STARTTLS',
    'MAIL FROM:<>',
    'RCPT TO:<someone@example.com>',
    `RCPT TO:<nobody@${RETURN_PATH}>`,
    `RCPT TO:<bounce+${ada}@other.test>`,
    'RCPT TO:<fbl@other.test>',
    `RCPT TO:<${at(ada)}>`,
    'DATA',
    `${'.'}\r\nQUIT`,
  ]);
  assert.doesNotMatch(answers[1] ?? '', /AUTH|STARTTLS/);
  const codes = answers.slice(2).map((one) => one.slice(0, 3));
  assert.deepEqual(codes, ['500', '500', '250', '550', '550', '550', '550', '250', '354', '250']);
});

test('with a certificate it offers STARTTLS', async (t) => {
  const world = await start(t, { app: { mailTls: makeCertificate() } });
  const { ada = '' } = await world.send('ada');
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: world.port,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  t.after(() => transport.close());
  const { response } = await transport.sendMail({
    envelope: { from: '', to: at(ada) },
    raw: dsn({ recipient: 'ada@example.test' }),
  });
  assert.match(response, /^250/);
  await world.app.drain();
  assert.equal(await world.isDead('ada'), true);
});

/** Sends line by line, each after the answer to the one before. The first answer is the greeting. */
async function dialogue(port: number, lines: readonly string[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  const answers: string[] = [];
  let answer = '';
  const left = [...lines];
  for await (const chunk of socket as AsyncIterable<string>) {
    answer += chunk;
    if (!/^\d{3} [^\n]*\n$/m.test(answer.split('\n').slice(-2).join('\n'))) continue;
    answers.push(answer);
    answer = '';
    const line = left.shift();
    if (line === undefined) break;
    socket.write(`${line}\r\n`);
  }
  socket.destroy();
  return answers;
}

// Which addresses get mail, and how they look on the wire.
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startTestApp } from './support/app.ts';
import { startMailServer } from './support/mail-server.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

async function start(t: TestContext, options: { takesUtf8?: boolean } = {}) {
  const server = await startMailServer(t, options);
  const wire = await recordBetween(t, Number(new URL(server.url).port));
  const app = await startTestApp(t);
  await app.givenWorkspace(
    `apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail: { default_from: "a@acme.test", smtp: { url: "${wire.url}" } }`,
  );
  const track = (external_id: string, address: string) =>
    app.post('/users/track', { attributes: [{ external_id, email: address }] });
  const send = async (name: string, more = {}) => {
    const email = { app_id: APP, subject: 's', body: 'b', ...more };
    const { status, body } = await app.post('/messages/send', { external_user_ids: [name], messages: { email } });
    if (status !== 201) return { status, errors: body.errors };
    await app.drain();
    return (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients[0];
  };
  return { server, wire, track, send };
}

/** Passes a relay's connections on, and keeps what the client says. */
async function recordBetween(t: TestContext, port: number) {
  const wire = { url: '', said: '' };
  const between = createServer((client) => {
    const relay = connect(port, '127.0.0.1');
    client.on('data', (bytes) => {
      wire.said += bytes;
    });
    client.pipe(relay).pipe(client);
    for (const socket of [client, relay]) socket.once('error', () => client.destroy());
    client.once('close', () => relay.destroy());
  });
  await new Promise<void>((ready) => between.listen(0, '127.0.0.1', ready));
  t.after(() => between.close());
  wire.url = `smtp://127.0.0.1:${(between.address() as AddressInfo).port}`;
  return wire;
}

test('a domain in Unicode is punycode in the envelope and in every header', async (t) => {
  const { server, wire, track, send } = await start(t, { takesUtf8: false });
  await track('ada', 'ada@bücher.example');
  const { status } = await send('ada', { from: 'Zoë <zoe@bücher.example>', reply_to: 'r@例子.测试' });
  assert.equal(status, 'sent');
  const [one] = server.mails;
  assert.match(wire.said, /^MAIL FROM:<zoe@xn--bcher-kva\.example>\r$/m);
  assert.match(wire.said, /^RCPT TO:<ada@xn--bcher-kva\.example>\r$/m);
  assert.match(wire.said, /^[\r\n\x20-\x7e]*$/);
  const lines = one?.mail.headerLines.map(({ line }) => line).join('\n') ?? '';
  assert.match(lines, /^To: ada@xn--bcher-kva\.example$/m);
  assert.match(lines, /^From: =\?utf-8\?B\?Wm/m);
  assert.match(lines, /<zoe@xn--bcher-kva\.example>$/m);
  assert.match(lines, /^Reply-To: r@xn--fsqu00a\.xn--0zwm56d$/m);
  assert.match(lines, /^Message-ID: <.*@xn--bcher-kva\.example>$/m);
  assert.match(lines, /^[\n\x20-\x7e]*$/);
});

test('a local part beyond ASCII needs a relay that offers SMTPUTF8', async (t) => {
  const old = await start(t, { takesUtf8: false });
  await old.track('zoe', 'zoë@bücher.example');
  await old.track('ada', 'ada@example.test');
  const refused = await old.send('zoe');
  assert.deepEqual([refused.status, refused.provider_code], ['failed', 'smtputf8_unsupported']);
  assert.equal((await old.send('ada', { from: 'zoë@example.test' })).provider_code, 'smtputf8_unsupported');
  assert.equal((await old.send('ada')).status, 'sent');
  assert.deepEqual(
    old.server.mails.map(({ to }) => to),
    ['ada@example.test'],
  );
  assert.doesNotMatch(old.wire.said, /zoë/);
  const modern = await start(t);
  await modern.track('zoe', 'zoë@bücher.example');
  assert.equal((await modern.send('zoe')).status, 'sent');
  assert.match(modern.wire.said, /^MAIL FROM:.* SMTPUTF8/m);
  assert.match(modern.server.mails[0]?.to ?? '', /^zoë@/);
});

// Row 58 of the traps of the product.
test('a line break or NUL in what becomes a header is refused at once, or ends that mail after rendering', async (t) => {
  const { server, track, send } = await start(t);
  for (const mark of ['\r', '\n', '\r\n', '\0']) {
    const injected = `a@example.com${mark}Bcc: b@example.com`;
    for (const member of ['from', 'reply_to', 'subject'])
      assert.equal((await send('ada', { [member]: injected })).status, 400, `${member}: ${JSON.stringify(mark)}`);
    for (const headers of [{ 'X-Note': injected }, { [`X-Note${mark}Bcc`]: 'b@example.com' }])
      assert.equal((await send('ada', { headers })).status, 400, JSON.stringify(headers));
  }
  await track('ada', 'ada@example.test');
  const rendered = "{{ 'a@example.com%0DBcc: b@example.com' | url_decode }}";
  for (const more of [
    { subject: rendered },
    { from: rendered },
    { reply_to: rendered },
    { headers: { 'X-Note': rendered } },
  ])
    assert.equal((await send('ada', more)).status, 'aborted', JSON.stringify(more));
  assert.deepEqual(server.mails, []);
});

test('what is no address of a profile is none of a sender, and the other way round', async (t) => {
  const { track, send } = await start(t);
  await track('ada', 'ada@example.test');
  for (const address of [
    'a@192.168.0.1',
    'a@localhost',
    'a@b.123',
    'x@gmail.com',
    '+a@outlook.com',
    'a{b}@acme.test',
  ]) {
    const { status, body } = await track('bob', address);
    assert.ok(status === 400 || body.errors.length > 0, address);
    assert.equal((await send('ada', { from: address })).status, 400, address);
    assert.equal((await send('ada', { reply_to: address })).status, 400, address);
  }
  for (const address of ['^$!%*=?`|~@acme.test', 'jürgen@acme.test']) {
    assert.deepEqual((await track('bob', address)).body.errors, undefined, address);
    assert.equal((await send('ada', { from: address })).status, 'sent', address);
  }
});

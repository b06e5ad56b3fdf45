// What others have got wrong about mail: the one-click unsubscribe, senders, and refusals within SMTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';
import { givenOperator } from './support/console/console.ts';
import { contentServer } from './support/content-server.ts';
import { smtpReply } from './support/mail-server.ts';
import { startMailWorld } from './support/mail-world.ts';

test('one List-Unsubscribe with one https URL; opening it changes nothing, any POST unsubscribes, again and again', async (t) => {
  const { app, server, send, isMailed } = await startMailWorld(t, { email: { list_unsubscribe: true } });
  await send('ada', 'bob');
  const linesOf = (to: string) =>
    server.mails
      .find((mail) => mail.to === to)
      ?.mail.headerLines.filter(({ key }) => key.startsWith('list-unsubscribe'))
      .map(({ line }) => line.replace(/\r\n /g, ' ')) ?? [];
  const pathOf = (to: string) => /<http:\/\/cresset\.test(\/s\/[^>]+)>$/.exec(linesOf(to)[0] ?? '')?.[1] ?? '';
  assert.deepEqual(linesOf('ada@example.test').length, 2);
  assert.equal(linesOf('ada@example.test')[1], 'List-Unsubscribe-Post: List-Unsubscribe=One-Click');

  const [ada, bob] = [pathOf('ada@example.test'), pathOf('bob@example.test')];
  assert.equal((await app.get(ada, { key: null })).status, 200);
  await fetch(`${app.url}${ada}`, { method: 'HEAD' });
  assert.equal(await isMailed('ada'), true);

  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  const bodies: [path: string, body: string | FormData, type?: string][] = [
    [ada, 'List-Unsubscribe=One-Click', 'application/x-www-form-urlencoded'],
    [ada, 'List-Unsubscribe=One-Click', 'application/x-www-form-urlencoded'],
    [bob, form],
    [bob, ''],
  ];
  for (const [path, body, type] of bodies) {
    const headers = type === undefined ? {} : { 'content-type': type };
    const response = await fetch(`${app.url}${path}`, { method: 'POST', redirect: 'manual', body, headers });
    assert.deepEqual([response.status, response.headers.get('location')], [200, null]);
  }
  assert.deepEqual([await isMailed('ada'), await isMailed('bob')], [false, false]);
});

test('a sender whose name has a colon is one mailbox, and an address that is a list is refused', async (t) => {
  const { app, server } = await startMailWorld(t, { email: { default_from: 'Alerts: Orders <a@example.com>' } });
  const people = { attributes: [{ external_id: 'two', email: 'a@example.com, b@example.org' }] };
  assert.match(JSON.stringify((await app.post('/users/track', people)).body.errors), /email/);
  const email = { app_id: 'x', subject: 'Hi', body: '<p>Hi</p>' };
  await app.post('/messages/send', { external_user_ids: ['ada', 'two'], messages: { email } });
  await app.drain();
  assert.deepEqual(
    server.mails.map(({ to }) => to),
    ['ada@example.test'],
  );
  assert.deepEqual(
    server.mails[0]?.mail.from?.value.map(({ name, address }) => [name, address]),
    [['Alerts: Orders', 'a@example.com']],
  );
});

// Row 3 of the traps of the product.
test('what a mail names is never fetched by the server: not to inline its styles, to preview it, to send it or to show it', async (t) => {
  const outside = await contentServer(t, {});
  const { app, server } = await startMailWorld(t);
  const body = `<html><head><link rel="stylesheet" href="${outside.origin}/a.css"><style>@import url(${outside.origin}/b.css); p { background: url(${outside.origin}/c.png) }</style></head>
<body><p>Hi</p><img src="${outside.origin}/d.gif"><link rel="stylesheet" href="http://169.254.169.254/a.css"></body></html>`;
  const email = { app_id: 'x', subject: 'Hi', body, should_inline_css: true };
  assert.equal((await app.post('/messages/preview', { external_user_ids: ['ada'], messages: { email } })).status, 201);
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await app.drain();
  assert.match(String(server.mails[0]?.mail.html), /<p style="background: url\(/, 'its styles were inlined');

  const unsent = await startTestApp(t);
  const viewer = await givenOperator(unsent, 'viewer');
  await unsent.givenWorkspace('email: { default_from: hello@acme.test }');
  await unsent.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  const sent = await unsent.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await unsent.drain();
  const { dispatch_id: id } = sent.body;
  const [{ braze_id: person }] = (await unsent.get(`/dispatches/${id}/recipients`)).body.recipients;
  const shown = await fetch(`${unsent.url}/operator/v1/outbox/${id}/${person}/mail?remote=1`, {
    headers: { cookie: `cresset_session=${viewer.token}` },
  });
  assert.equal(shown.status, 200);
  assert.match(await shown.text(), /a\.css/);
  assert.deepEqual(outside.asked, []);
});

const refusals: [reply: [number, string], verdict: string, isDead: boolean][] = [
  [[550, '5.1.1 no such user'], 'bounced address_dead', true],
  [[550, '5.7.1 client host 203.0.113.9 blocked'], 'failed provider_refused', false],
  [[552, '5.3.4 too big'], 'failed provider_refused', false],
  [[552, '5.2.2 mailbox full'], 'pending', false],
  [[450, '4.2.1 try later'], 'pending', false],
];
for (const [[code, text], verdict, isDead] of refusals) {
  test(`a recipient refused with ${code} ${text} is ${verdict}, and ${isDead ? 'dead, in any letter case' : 'not dead'}`, async (t) => {
    const world = await startMailWorld(t);
    const { app, server } = world;
    await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'Ada@Example.test' }] });
    server.refuse = () => smtpReply(code, text);
    const email = { app_id: 'x', subject: 'Hi', body: '<p>Hi</p>' };
    const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
    await app.drain();
    const { status, reason, attempts } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body
      .recipients[0];
    assert.equal([status, reason].filter((one) => one !== null).join(' '), verdict);
    assert.equal(attempts, 1);
    server.refuse = () => null;
    await app.post('/users/track', { attributes: [{ external_id: 'same', email: 'ada@example.test' }] });
    const { body: next } = await app.post('/messages/send', { external_user_ids: ['same'], messages: { email } });
    await app.drain();
    const [found] = (await app.get(`/dispatches/${next.dispatch_id}/recipients`)).body.recipients;
    assert.equal(found.reason ?? found.status, isDead ? 'hard_bounced' : 'sent');
  });
}

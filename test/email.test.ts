import assert from 'node:assert/strict';
import test from 'node:test';
import { startSmtpSink } from '../rig/smtp-sink.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { smtpReply, startMailServer } from './support/mail-server.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

function workspace(url: string, extra = ''): string {
  return `
apps:
  - { id: ${APP}, name: Acme iOS, platform: ios }
email:
  default_from: "Acme <hello@acme.test>"
  smtp: { url: "${url}" }
${extra}`;
}

const email = {
  app_id: APP,
  subject: 'Hello {{${first_name} | default: "friend"}}',
  body: '<p>Your id is {{${user_id}}}, {{custom_attribute.${points}}} points.</p>',
};

async function verdicts(app: TestApp, dispatchId: string) {
  const { body } = await app.get(`/dispatches/${dispatchId}/recipients?limit=1000`);
  return body.recipients as { external_id: string | null; status: string; reason: string | null; address?: string }[];
}

test('fifty named people each get their own mail and the right verdict', async (t) => {
  const server = await startMailServer(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace(server.url));
  const people = Array.from({ length: 42 }, (_, index) => ({
    external_id: `person-${index}`,
    first_name: `Name${index} Ünïcode 🎉`,
    email: `person${index}@example.test`,
    points: index * 10,
  }));
  assert.equal((await app.post('/users/track', { attributes: people })).status, 201);
  const aliases = people
    .slice(30)
    .map(({ external_id }) => ({ external_id, alias_label: 'shop', alias_name: `shop-${external_id}` }));
  assert.equal((await app.post('/users/alias/new', { user_aliases: aliases })).status, 201);

  // 30 external ids and 12 aliases; 3 people named in both ways; 5 names that nobody has.
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: [...people.slice(0, 33).map(({ external_id }) => external_id), 'ghost-1', 'ghost-2', 'ghost-3'],
    user_aliases: [
      ...aliases.map(({ alias_label, alias_name }) => ({ alias_label, alias_name })),
      { alias_label: 'shop', alias_name: 'ghost-4' },
      { alias_label: 'nowhere', alias_name: 'shop-person-40' },
    ],
    messages: { email },
  });
  assert.equal(status, 201, JSON.stringify(body));
  assert.deepEqual(Object.keys(body), ['dispatch_id', 'message']);
  await app.drain();

  assert.equal(server.mails.length, 42);
  for (const [index, person] of people.entries()) {
    const mails = server.mails.filter(({ to }) => to === person.email);
    assert.equal(mails.length, 1, person.email);
    const mail = mails[0]?.mail;
    assert.equal(mail?.subject, `Hello ${person.first_name}`);
    assert.equal(mail?.from?.text, '"Acme" <hello@acme.test>');
    assert.equal(mail?.html, `<p>Your id is person-${index}, ${index * 10} points.</p>`);
    assert.equal(mail?.text?.trim(), `Your id is person-${index}, ${index * 10} points.`);
  }
  const all = await verdicts(app, body.dispatch_id);
  const count = (wanted: string) =>
    all.filter(({ status: is, reason }) => `${is}${reason === null ? '' : ` ${reason}`}` === wanted).length;
  assert.equal(count('sent'), 42);
  assert.equal(count('skipped unknown_user'), 5);
  assert.equal(count('skipped duplicate'), 3);
  assert.equal(all.length, 50);
  const described = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.equal(described.state, 'finished');
  assert.deepEqual(described.counts, {
    targeted: 50,
    recipients: 42,
    unknown_user: 5,
    duplicate: 3,
    not_in_segment: 0,
    not_in_audience: 0,
  });
  assert.deepEqual(described.channels, {
    email: { recipients: 42, attempts: 42, attempts_failed: 0, attempts_in_flight: 0, sent: 42 },
  });
});

test('a dead address bounces and gets no more mail, and a busy server is retried later', async (t) => {
  const server = await startMailServer(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace(server.url));
  await app.post('/users/track', {
    attributes: ['dead', 'busy', 'fine'].map((name) => ({ external_id: name, email: `${name}@example.test` })),
  });
  server.refuse = (address) => {
    if (address.startsWith('dead')) return smtpReply(550, '5.1.1 no such user');
    return address.startsWith('busy') ? smtpReply(450, '4.2.1 try later') : null;
  };
  const send = async () => {
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['dead', 'busy', 'fine'],
      messages: { email },
    });
    await app.drain();
    return body.dispatch_id as string;
  };
  const byPerson = async (id: string) =>
    Object.fromEntries(
      (await verdicts(app, id)).map(({ external_id, status, reason }) => [external_id, reason ?? status]),
    );

  const first = await send();
  assert.deepEqual(await byPerson(first), { dead: 'address_dead', busy: 'pending', fine: 'sent' });
  assert.equal((await app.get(`/dispatches/${first}`)).body.state, 'sending');

  server.refuse = () => null;
  app.clock.advance(6 * 60_000);
  await app.drain();
  assert.deepEqual(await byPerson(first), { dead: 'address_dead', busy: 'sent', fine: 'sent' });
  assert.equal((await app.get(`/dispatches/${first}`)).body.state, 'finished');
  assert.deepEqual(server.mails.map(({ to }) => to).sort(), ['busy@example.test', 'fine@example.test']);

  const second = await send();
  assert.deepEqual(await byPerson(second), { dead: 'hard_bounced', busy: 'sent', fine: 'sent' });
});

test('a person who unsubscribes by the link in a mail gets no more; opening the link changes nothing', async (t) => {
  const server = await startMailServer(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace(server.url, '').replace('  smtp:', '  list_unsubscribe: true\n  smtp:'));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  const send = async () => {
    const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
    await app.drain();
    return (await verdicts(app, body.dispatch_id))[0]?.reason ?? 'sent';
  };
  assert.equal(await send(), 'sent');
  const header = server.mails[0]?.mail.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line ?? '';
  const path = /http:\/\/cresset\.test(\/s\/[^>]+)>/.exec(header.replace(/\r\n\s/g, ''))?.[1] ?? '';
  assert.match(path, /^\/s\/u\./);
  const opened = await app.get(path, { key: null });
  assert.equal(opened.status, 200);
  assert.match(opened.body, /<button>Unsubscribe<\/button>/);
  assert.equal(await send(), 'sent');
  assert.equal((await app.post(path, 'List-Unsubscribe=One-Click', { key: null })).status, 200);
  assert.equal(await send(), 'unsubscribed');
  assert.equal((await app.post(`${path}x`, '', { key: null })).status, 404);
});

test('a mail whose connection ends before the answer is retried, or becomes unknown with at_most_once', async (t) => {
  const sink = await startSmtpSink();
  t.after(() => sink.close());
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace(sink.url));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  for (const [delivery, status] of [
    ['at_least_once', 'pending'],
    ['at_most_once', 'unknown'],
  ] as const) {
    sink.received.clear();
    sink.delay(60_000);
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['ada'],
      messages: { email },
      cresset: { delivery },
    });
    await sink.until(() => sink.received.size === 1); // accepted, and not yet answered
    sink.cut();
    await app.drain();
    assert.equal((await verdicts(app, body.dispatch_id))[0]?.status, status, delivery);
  }
});

test('a mail that reached no server is retried, also with at_most_once', async (t) => {
  const sink = await startSmtpSink();
  await sink.close();
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace(sink.url));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { email },
    cresset: { delivery: 'at_most_once' },
  });
  await app.drain();
  assert.equal((await verdicts(app, body.dispatch_id))[0]?.status, 'pending');
});

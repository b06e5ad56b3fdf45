// Each alert rule of docs/prometheus fires when a real server has the trouble that it is about, by what its /metrics really
// says, and no other rule does. Prometheus's own tool evaluates them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { parse } from 'yaml';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startLoginRelay } from './support/login-relay.ts';
import { postmark, settings } from './support/mail-events.ts';
import { smtpReply, startMailServer } from './support/mail-server.ts';
import { startMailWorld } from './support/mail-world.ts';
import { hasPromtool, Scrapes } from './support/prometheus.ts';
import { makeReadOnly, makeWritable } from './support/read-only.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const skip = !hasPromtool && 'promtool is not installed';
const shown = new Set<string>();

/** Notes that a rule has fired, and asserts that it alone has. */
async function assertFires(scrapes: Scrapes, ...names: string[]): Promise<void> {
  assert.deepEqual(await scrapes.firing(), [...names].sort());
  for (const name of names) shown.add(name);
}

const email = { app_id: 'x', from: 'a@acme.test', subject: 's', body: 'b' };
const toAda = { external_user_ids: ['ada'] };
const fast = { webhook: { url: 'https://example.com/', request_method: 'POST', body: 'x' } };

async function givenAda(app: TestApp): Promise<void> {
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
}

async function startHealthy(t: TestContext, options: Parameters<typeof startTestApp>[1] = {}): Promise<TestApp> {
  const app = await startTestApp(t, options);
  await givenAda(app);
  return app;
}

test('no alert fires on a healthy server that sends', { skip }, async (t) => {
  const relay = await startMailServer(t);
  const sink = await startWebhookSink(t);
  const app = await startHealthy(t);
  const smtp = [{ name: 'main', url: relay.url }];
  await app.givenWorkspace(
    JSON.stringify({ email: { default_from: 'a@acme.test', smtp }, webhook: { deliver: true, allow: [sink.host] } }),
  );
  const webhook = { url: sink.url, request_method: 'POST', body: 'x' };
  const scrapes = new Scrapes(app);
  await scrapes.every(45, async () => {
    await app.post('/messages/send', { ...toAda, messages: { email, webhook } });
    await app.drain();
  });
  assert.equal(relay.mails.length, 45);
  await assertFires(scrapes);
});

test('CressetIsDown fires once a server has stopped', { skip }, async (t) => {
  const app = await startHealthy(t);
  const scrapes = new Scrapes(app);
  await scrapes.every(3);
  await app.app.server?.close();
  await scrapes.every(3);
  await assertFires(scrapes, 'CressetIsDown');
});

test('CressetHasNoWorker and CressetNamedMessagesWait fire while nobody works', { skip }, async (t) => {
  const app = await startHealthy(t, { worker: false });
  const scrapes = new Scrapes(app);
  await scrapes.every(3);
  await assertFires(scrapes, 'CressetHasNoWorker');
  await app.post('/messages/send', { ...toAda, messages: fast });
  await scrapes.every(4);
  await assertFires(scrapes, 'CressetHasNoWorker', 'CressetNamedMessagesWait');
});

test('CressetDatabaseRefusesWrites fires while the database is read-only', { skip }, async (t) => {
  const app = await startHealthy(t);
  const scrapes = new Scrapes(app);
  await scrapes.every(3);
  await makeReadOnly(app);
  await scrapes.every(3);
  await assertFires(scrapes, 'CressetDatabaseRefusesWrites');
  await makeWritable(app);
});

test('CressetAccountPaused fires while a relay does not let us in', { skip }, async (t) => {
  const relay = await startLoginRelay(t, 'new');
  const app = await startHealthy(t);
  const smtp = [{ name: 'main', url: relay.url('old') }];
  await app.givenWorkspace(JSON.stringify({ email: { default_from: 'a@acme.test', smtp } }));
  const scrapes = new Scrapes(app);
  await scrapes.every(2);
  await app.post('/messages/send', { ...toAda, messages: { email } });
  await app.drain();
  assert.ok(relay.refusedLogins > 0);
  await scrapes.every(4);
  assert.ok((await scrapes.firing()).includes('CressetAccountPaused'));
  shown.add('CressetAccountPaused');
});

test('CressetProviderFails fires while a receiver answers 500', { skip }, async (t) => {
  const sink = await startWebhookSink(t, () => 500);
  const app = await startHealthy(t);
  await app.givenWorkspace(JSON.stringify({ webhook: { deliver: true, allow: [sink.host] } }));
  const scrapes = new Scrapes(app);
  const messages = { webhook: { url: sink.url, request_method: 'POST', body: 'x' } };
  await scrapes.every(14, async () => {
    await app.post('/messages/send', { ...toAda, messages });
    await app.drain();
  });
  await assertFires(scrapes, 'CressetProviderFails');
});

test('CressetBounces fires while one in ten mails goes to an address that does not exist', { skip }, async (t) => {
  const relay = await startMailServer(t);
  relay.refuse = (address) => (address.startsWith('dead') ? smtpReply(550, '5.1.1 no such user') : null);
  const app = await startHealthy(t);
  const smtp = [{ name: 'main', url: relay.url }];
  await app.givenWorkspace(JSON.stringify({ email: { default_from: 'a@acme.test', smtp } }));
  const scrapes = new Scrapes(app);
  await scrapes.every(14, async (nth) => {
    const id = `dead${nth}`;
    const known = { external_id: id, email: `${id}@example.test` };
    await app.post('/users/track', { attributes: [known] });
    for (let sent = 0; sent < 9; sent += 1) await app.post('/messages/send', { ...toAda, messages: { email } });
    await app.post('/messages/send', { external_user_ids: [id], messages: { email } });
    await app.drain();
  });
  await assertFires(scrapes, 'CressetBounces');
});

test('CressetComplaints fires when a mail service tells of complaints', { skip }, async (t) => {
  const { app, send } = await startMailWorld(t, { email: { events: settings } });
  const scrapes = new Scrapes(app);
  await scrapes.every(40, async (nth) => {
    if (nth % 5 !== 0) return;
    const person = `p${nth}`;
    await app.post('/users/track', { attributes: [{ external_id: person, email: `${person}@example.test` }] });
    const sent = await send(person);
    const { headers, body } = postmark({
      ...{ RecordType: 'SpamComplaint', ID: nth, BouncedAt: app.clock.now().toISOString() },
      ...{ MessageID: `m-${nth}`, Email: `${person}@example.test`, Metadata: { 'cresset-ref': sent[person] } },
    });
    const path = `/callbacks/email/postmark/${app.workspaceId}`;
    assert.equal((await app.post(path, body, { key: null, headers })).status, 200);
    await app.drain();
  });
  await assertFires(scrapes, 'CressetComplaints');
});

test('CressetAcceptsSlowly fires while the database makes requests wait', { skip }, async (t) => {
  const app = await startHealthy(t);
  const scrapes = new Scrapes(app);
  await scrapes.every(12, async (nth) => {
    if (nth % 3 !== 0) return;
    const { promise: isLocked, resolve } = Promise.withResolvers<void>();
    const holding = app.db.transaction(async (tx) => {
      await tx.run(sql`lock table dispatches in access exclusive mode`);
      await tx.one(sql`select 1 as locked`); // until then, it may only be on its way
      resolve();
      await tx.query(sql`select pg_sleep(1.2)`);
    });
    await isLocked;
    const { status } = await app.post('/messages/send', { ...toAda, messages: fast });
    assert.equal(status, 201);
    await holding;
    await app.drain();
  });
  await assertFires(scrapes, 'CressetAcceptsSlowly');
});

test('CressetAnswersWithErrors fires while too much waits and requests are refused', { skip }, async (t) => {
  const app = await startHealthy(t, { worker: false, queueLimits: { named: { maxTasks: 1, maxAgeMs: 0 } } });
  const refused: number[] = [];
  const scrapes = new Scrapes(app);
  await scrapes.every(14, async () => {
    const { status } = await app.post('/messages/send', { ...toAda, messages: fast });
    if (status === 503) refused.push(status);
  });
  assert.ok(refused.length > 5, `${refused.length} were refused`);
  await assertFires(scrapes, 'CressetAnswersWithErrors', 'CressetHasNoWorker', 'CressetNamedMessagesWait');
});

test('every rule has been shown to fire', { skip }, () => {
  const text = readFileSync(new URL('../docs/prometheus/alerts.yaml', import.meta.url), 'utf8');
  const { groups } = parse(text) as { groups: { rules: { alert: string }[] }[] };
  const rules = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  assert.deepEqual(new Set(rules), shown);
});

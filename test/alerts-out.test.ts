// What is wrong is told to operators by webhook and by mail: once when it begins, once when it is over, by one of the servers.
import assert from 'node:assert/strict';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import type { App } from '../src/app.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type EventSink, type ReceivedEvent, startEventSink } from './support/event-sink.ts';
import { type MailServer, startMailServer } from './support/mail-server.ts';
import { makeReadOnly, makeWritable } from './support/read-only.ts';

const KEY = randomBytes(32);
const secret = `whsec_${KEY.toString('base64')}`;
const PAUSE_MS = 1_800_000;

interface World {
  app: TestApp;
  sink: EventSink;
  mail: MailServer;
  /** Moves the clock on, five seconds at a time. After each, all that look have told. */
  pass(seconds: number, ...others: App[]): Promise<void>;
  /** Type and title of what the webhook was told. */
  told(): string[];
}

/** A server without workers, which is what is wrong. */
async function startWorld(t: TestContext): Promise<World> {
  const sink = await startEventSink(t);
  const mail = await startMailServer(t);
  const alerts = {
    webhook: { url: sink.url, secret },
    mail: { to: ['ops@acme.test', 'eve@acme.test'], from: 'cresset@acme.test', relay: mail.url },
    pauseMs: PAUSE_MS,
  };
  const app = await startTestApp(t, { worker: false, alerts });
  return {
    ...{ app, sink, mail },
    async pass(seconds, ...others) {
      for (let second = 0; second < seconds; second += 5) {
        app.clock.advance(5_000);
        for (const { alerts } of [app.app, ...others]) await alerts?.idle();
      }
    },
    told: () =>
      sink.received.map(({ body }) => {
        const { type, data } = JSON.parse(body);
        return `${type} ${data.title}`;
      }),
  };
}

const began = 'alert.began No worker runs';
const over = 'alert.over No worker runs';

function assertSigned({ headers, body }: ReceivedEvent): void {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`);
}

test('a trouble is told by webhook and by mail, once when it begins and once when it is over', async (t) => {
  const { app, sink, mail, pass, told } = await startWorld(t);
  await pass(55);
  assert.deepEqual(told(), [], 'it may be over in a moment');
  await pass(600);
  assert.deepEqual(told(), [began]);
  const worker = await app.startAnotherWorker();
  await pass(600, worker);
  assert.deepEqual(told(), [began, over]);

  const bodies = sink.received.map(({ body }) => JSON.parse(body));
  for (const call of sink.received) assertSigned(call);
  assert.equal(new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size, 2);
  assert.equal(new Set(bodies.map(({ data }) => data.alert_id)).size, 1);
  const [{ text, timestamp, data }] = bodies;
  assert.match(text, /^Cresset: No worker runs\. \S/);
  assert.equal(timestamp, '2026-03-15T12:01:00.000Z');
  assert.deepEqual(
    [data.severity, data.subject.kind, data.since, data.console, data.workspace],
    ['red', 'workers', '2026-03-15T12:00:00.000Z', 'http://cresset.test/', 'test'],
  );
  assert.equal(mail.mails.length, 4, 'each of two people got two');
  const [first, , last] = mail.mails;
  assert.deepEqual(
    [first?.to, first?.mail.subject, last?.mail.subject],
    ['ops@acme.test', '[Cresset] No worker runs', '[Cresset] over: No worker runs'],
  );
  assert.match(first?.mail.text ?? '', /Since: 2026-03-15T12:00:00\.000Z[\s\S]*http:\/\/cresset\.test\//);
});

test('a trouble that comes and goes is told once in half an hour', async (t) => {
  const { app, pass, told } = await startWorld(t);
  for (let round = 0; round < 4; round += 1) {
    await pass(150);
    const worker = await app.startAnotherWorker();
    await pass(150, worker);
    await worker.stop();
  }
  assert.deepEqual(told(), [began, over]);
  await pass(700); // still within the half hour, at its end beyond
  assert.deepEqual(told(), [began, over, began]);
});

test('of several servers one tells, and another goes on when it is gone, without telling again', async (t) => {
  const { app, pass, told } = await startWorld(t);
  const another = await app.startAnotherWorker({ lanes: [] });
  assert.equal(another.alerts, null, 'it is neither an API nor a worker on named people');
  const second = await app.startAnotherWorker({ lanes: ['named'] });
  await pass(300, second); // nobody works on broadcasts
  assert.deepEqual(told(), [began]);
  // A server that has died holds the watch for a minute more.
  const now = app.clock.now().getTime();
  await app.db.run(sql`update alert_watch set holder = ${randomUUID()}, leased_until = ${new Date(now + 60_000)}`);
  const broadcasts = await app.startAnotherWorker({ lanes: ['broadcast'] });
  await pass(50, second, broadcasts);
  assert.deepEqual(told(), [began]);
  await app.app.alerts?.stop();
  await pass(200, second, broadcasts);
  assert.deepEqual(told(), [began, over]);
});

test('what a webhook does not take is sent again with the same id and in order, and does not hold up mails', async (t) => {
  const { app, sink, mail, pass, told } = await startWorld(t);
  sink.answer = () => ({ status: 500 });
  await pass(60);
  const worker = await app.startAnotherWorker();
  await pass(240, worker);
  assert.equal(mail.mails.length, 4);
  assert.ok(sink.received.length > 2);
  assert.equal(new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.deepEqual(new Set(told()), new Set([began]), 'the end waits for the beginning');
  const tries = sink.received.length;
  sink.answer = () => ({ status: 204 });
  await pass(1_800, worker);
  assert.deepEqual(told().slice(tries), [began, over]);
  assert.equal((await app.db.one<{ left: number }>(sql`select count(*) as left from alert_messages`)).left, 0);
});

test('a database that refuses writes is told of, although nothing can be stored', async (t) => {
  const { app, pass, told } = await startWorld(t);
  const worker = await app.startAnotherWorker();
  await pass(60, worker);
  await makeReadOnly(app);
  await pass(120, worker);
  assert.deepEqual(told(), ['alert.began The database is read-only']);
  await makeWritable(app);
  await pass(120, worker);
  assert.ok(told().includes('alert.over The database is read-only'), told().join(', '));
});

test('an error of a target says nothing of its URL, and a relay that refuses is tried again', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const app = await startTestApp(t, {
    worker: false,
    onLog: (line) => lines.push(line),
    alerts: {
      webhook: { url: 'http://127.0.0.1:1/a-secret-path', secret: null },
      mail: { to: ['ops@acme.test'], from: 'cresset@acme.test', relay: 'smtp://user:a-secret-password@127.0.0.1:1' },
      pauseMs: PAUSE_MS,
    },
  });
  for (let second = 0; second < 70; second += 5) {
    app.clock.advance(5_000);
    await app.app.alerts?.idle();
  }
  const said = lines.filter(({ msg }) => msg === 'operators could not be told; trying again');
  assert.deepEqual(new Set(said.map(({ target }) => target)), new Set(['webhook', 'mail']));
  assert.doesNotMatch(JSON.stringify(lines), /a-secret/);
});

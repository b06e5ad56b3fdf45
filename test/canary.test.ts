// Canaries: the first part of a broadcast is watched, and the rest goes out only if it did well.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { judge } from '../src/dispatch/deliver/pace/canary.ts';
import { type Canary, canaryShape } from '../src/dispatch/plan/pace.ts';
import { Problems } from '../src/lib/raw/problems.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type MailServer, smtpReply, startMailServer } from './support/mail-server.ts';
import { givenPopulation } from './support/population.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const PEOPLE = Number(process.env.CRESSET_TEST_CANARY_PEOPLE ?? 1_000);
const FIRST = Math.ceil(PEOPLE / 50);
/** One of a hundred of the first. */
const COMPLAINTS = Math.ceil(FIRST / 100);
const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };
const everybody = {
  broadcast: true,
  audience: { AND: [{ custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } }] },
};

async function begin(t: TestContext, canary: object): Promise<{ app: TestApp; id: string; server: MailServer }> {
  const app = await startTestApp(t);
  await app.startAnotherWorker();
  const server = await startMailServer(t);
  await app.givenWorkspace(`email: { default_from: a@acme.test, smtp: { url: "${server.url}" } }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: PEOPLE });
  return { app, server, id: await accept(app, canary) };
}

async function accept(app: TestApp, canary: object): Promise<string> {
  const reply = await app.post('/messages/send', { ...everybody, messages: { email }, cresset: { canary } });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body.dispatch_id;
}

const dispatchOf = async (app: TestApp, id: string) => (await app.get(`/dispatches/${id}`)).body;

/** Lets seconds pass until the dispatch is in this state. */
async function until(app: TestApp, id: string, state: string): Promise<void> {
  for (let seconds = 0; seconds < 3_600; seconds += 1) {
    await app.drain();
    if ((await dispatchOf(app, id)).state === state) return;
    app.clock.advance(1_000);
  }
  assert.fail(`it is ${(await dispatchOf(app, id)).state}`);
}

test(`a broadcast to ${PEOPLE} of whom a tenth bounces stops after its first part, says why, and goes on by order`, async (t) => {
  let asked = 0;
  const app = await startTestApp(t);
  await app.startAnotherWorker();
  const server = await startMailServer(t);
  server.refuse = () => {
    asked += 1;
    return asked % 10 === 0 ? smtpReply(550, '5.1.1 no such user') : null;
  };
  await app.givenWorkspace(`email: { default_from: a@acme.test, smtp: { url: "${server.url}" } }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: PEOPLE });
  const id = await accept(app, { percent: 2 });
  await until(app, id, 'paused');
  const stopped = await dispatchOf(app, id);
  assert.match(
    stopped.failure,
    /^canary: \d+ of the first \d+ messages of email bounced \(1?\d(\.\d+)? %\), and at most 5 % may; resume/,
  );
  assert.deepEqual(stopped.canary, { email: { state: 'stopped', started: FIRST } });
  assert.ok(asked <= FIRST, `${asked} were asked for`);
  await app.drain();
  assert.ok(asked <= FIRST);
  const resumed = await app.post(`/dispatches/${id}/resume`, {});
  assert.equal(resumed.status, 201, JSON.stringify(resumed.body));
  await until(app, id, 'finished');
  const over = await dispatchOf(app, id);
  assert.equal(over.failure, undefined);
  assert.equal(over.channels.email.sent + over.channels.email.address_dead, PEOPLE);
  assert.equal(over.channels.email.attempts, PEOPLE, 'nobody was tried twice');
});

test('a canary that does well is watched for its time, and then the rest goes out by itself', async (t) => {
  const { app, id, server } = await begin(t, { percent: 2, watch_minutes: 3 });
  await app.drain();
  app.clock.advance(170_000);
  await app.drain();
  const watched = await dispatchOf(app, id);
  assert.deepEqual(watched.canary, { email: { state: 'running', started: FIRST } });
  assert.equal(server.mails.length, FIRST);
  await until(app, id, 'finished');
  assert.equal((await dispatchOf(app, id)).canary.email.state, 'passed');
  assert.equal(server.mails.length, PEOPLE);
});

test('a complaint that comes back while it is watched stops it', async (t) => {
  const { app, id, server } = await begin(t, { percent: 2, watch_minutes: 60 });
  await app.drain();
  assert.equal(server.mails.length, FIRST);
  // As the intake of feedback writes it.
  await app.db.run(sql`
    insert into send_feedback (bucket, dispatch_id, user_id, channel, complained_at, opens, machine_opens, clicks, machine_clicks, shows, dismissals)
    select bucket, dispatch_id, user_id, channel, ${app.clock.now()}, 0, 0, 0, 0, 0, 0 from sends where status = 'sent' limit ${COMPLAINTS}`);
  await until(app, id, 'paused');
  assert.match(
    (await dispatchOf(app, id)).failure,
    new RegExp(`^canary: ${COMPLAINTS} of the first \\d+ messages of email were complained of`),
  );
  assert.equal(server.mails.length, FIRST);
});

const usual = canaryShape({}, 'canary', new Problems()) as Canary;
const now = new Date('2027-06-01T12:00:00Z');
const plain = { channel: 'email', begun: 100, open: 0, bounced: 0, failed: 0, retrying: 0, complained: 0 } as const;
for (const [what, changes, minutesAgo, expected] of [
  ['nothing went wrong, and its time is over', {}, 5, 'pass'],
  ['its time is not over', {}, 4, 'wait'],
  ['a message is still being sent', { open: 1 }, 60, 'wait'],
  ['as many as may bounce', { bounced: 5 }, 5, 'pass'],
  ['one more', { bounced: 6 }, 0, 'stop'],
  ['one more fails, while others are being sent', { failed: 6, open: 40 }, 0, 'stop'],
  ['some are tried again, for now', { retrying: 50 }, 1, 'wait'],
  ['they still are at the end', { retrying: 6 }, 5, 'stop'],
  ['one of a hundred complains', { complained: 1 }, 0, 'stop'],
  ['few were begun so far, and half of them bounced', { begun: 8, bounced: 4 }, 0, 'wait'],
] as const) {
  test(`a canary: ${what}: ${expected}`, () => {
    const lastAt = new Date(now.getTime() - minutesAgo * 60_000);
    assert.equal(judge(usual, { lastAt, counts: [{ ...plain, ...changes }] }, { most: 100, now }).kind, expected);
  });
}

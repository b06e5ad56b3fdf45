// A mail relay that is away, or does not let us in: what waits goes out soon after it is well again, and loses nothing.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type LoginRelay, startLoginRelay } from './support/login-relay.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const PEOPLE = 5_000;
const MOST_REFUSED_LOGINS = 10;
const email = { app_id: APP, subject: 'Your code', body: '<p>1234</p>' };

async function start(t: TestContext) {
  const app = await startTestApp(t);
  const relay = await startLoginRelay(t, 'old');
  await givenPassword(app, relay, 'old');
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  return { app, relay };
}

/** `password`: null: the settings have no login. */
function givenPassword(app: TestApp, relay: LoginRelay, password: string | null): Promise<void> {
  return app.givenWorkspace(
    JSON.stringify({
      apps: [{ id: APP, name: 'iOS', platform: 'ios' }],
      segments: [{ id: EVERYBODY, name: 'Everybody', filter: null }],
      email: { default_from: 'a@acme.test', smtp: [{ name: 'main', url: relay.url(password) }] },
    }),
  );
}

/** Adds people until there are `count` with Ada. */
async function givenPeople(app: TestApp, count: number): Promise<void> {
  await app.db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, ${count - 1}::integer) as n)
    insert into profiles (bucket, user_id, workspace_id, external_id, email)
    select bucket_of(user_id), user_id, ${app.workspaceId}, 'p' || n, 'p' || n || '@example.test' from numbered`);
}

async function sendToAda(app: TestApp): Promise<string> {
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  assert.equal(body.message, 'success', JSON.stringify(body));
  await app.drain();
  return body.dispatch_id;
}

const verdictOf = async (app: TestApp, id: string) =>
  (await app.get(`/dispatches/${id}/recipients`)).body.recipients[0];
const relayOf = async (app: TestApp) => (await app.get('/email/relays')).body.relays[0];

/** Moves the clock second by second until `isSo`. After each second everything that it started must end. Returns the seconds. */
async function secondsUntil(app: TestApp, most: number, isSo: () => boolean | Promise<boolean>): Promise<number> {
  for (let seconds = 0; seconds <= most; seconds += 1) {
    await settled(app);
    if (await isSo()) return seconds;
    app.clock.advance(1_000);
  }
  return assert.fail(`not within ${most} s: ${JSON.stringify(await relayOf(app))}`);
}

/** Waits until probes have ended and what they woke is done. A claimed probe is not due for longer than the longest wait. */
async function settled(app: TestApp): Promise<void> {
  for (let isProbing = true; isProbing; ) {
    await app.drain();
    const due = app.clock.now().getTime();
    ({ isProbing } = await app.db.one<{ isProbing: boolean }>(sql`
      select coalesce(bool_or(probe_at <= ${new Date(due)} or (cause = 'unreachable' and probe_at > ${new Date(due + 10_000)})
                              or (cause = 'config_error' and probes < 5 and probe_at > ${new Date(due + 10_000)}
                                  and probe_at < ${new Date(due + 60_000)})), false) as "isProbing"
        from pauses`));
  }
  await app.drain();
}

for (const closedS of [3, 100])
  test(`a code that meets a relay which is closed for ${closedS} s arrives within 10 s of its return`, async (t) => {
    const { app, relay } = await start(t);
    await relay.close();
    const id = await sendToAda(app);
    const { status, attempts, detail, next_attempt_at: next } = await verdictOf(app, id);
    assert.deepEqual([status, attempts], ['pending', 0], 'no attempt is lost');
    assert.ok(Date.parse(next) - app.clock.now().getTime() <= 10_000, next);
    const failure = `mail relay main does not answer (${relay.host}: connect ECONNREFUSED ${relay.host}); what waits goes out once it does`;
    assert.equal((await app.get(`/dispatches/${id}`)).body.failure, failure);
    assert.equal(detail, failure, 'what it met and what it waits for are the same, and said once');
    let seconds = 0;
    await secondsUntil(app, closedS, () => seconds++ >= closedS);
    await relay.open();
    const after = await secondsUntil(app, 10, () => relay.received.length > 0);
    t.diagnostic(`it arrived ${after} s after the return`);
    await app.drain();
    const sent = await verdictOf(app, id);
    assert.deepEqual([sent.status, sent.attempts, sent.detail], ['sent', 1, null]);
    assert.equal((await app.get(`/dispatches/${id}`)).body.failure, undefined);
    assert.equal((await relayOf(app)).state, 'open');
  });

test('a mail sent while its relay is paused waits for it, and says why and until when', async (t) => {
  const { app, relay } = await start(t);
  await relay.close();
  await sendToAda(app);
  const second = await sendToAda(app);
  const { status, attempts, detail, next_attempt_at: next } = await verdictOf(app, second);
  assert.deepEqual([status, attempts], ['pending', 0]);
  assert.match(detail, /^mail relay main does not answer \(127\.0\.0\.1:\d+: connect ECONNREFUSED/);
  assert.equal(next, (await relayOf(app)).next_probe_at);
  const { messages } = (await app.get('/users/ada/messages')).body;
  const ofPerson = messages.find((message: { dispatch_id: string }) => message.dispatch_id === second);
  assert.deepEqual([ofPerson.next_attempt_at, ofPerson.detail], [next, detail]);
  await relay.open();
  await secondsUntil(app, 10, () => relay.received.length === 2);
});

for (const demand of ['530 Authentication required', '530 5.7.0 log in', '534 5.7.9 too weak', '535 no', '538 no TLS'])
  test(`a relay that answers "${demand}" to mails without a login is named, and gets the mails once there is one`, async (t) => {
    const { app, relay } = await start(t);
    relay.demand = demand;
    await givenPassword(app, relay, null);
    const id = await sendToAda(app);
    await secondsUntil(app, 20, async () => (await relayOf(app)).reason?.endsWith(demand) === true);
    const { state, cause, reason } = await relayOf(app);
    assert.deepEqual([state, cause, reason], ['paused', 'config_error', `${relay.host}: ${demand}`]);
    const failure = `mail relay main does not accept our settings (${relay.host}: ${demand}); what waits goes out once it does`;
    assert.equal((await app.get(`/dispatches/${id}`)).body.failure, failure);
    const [problem] = (await app.get('/status')).body.problems;
    assert.match(
      problem,
      /^mail relay main does not accept our settings .*; 1 unfinished dispatch \(1 person\) waits for it$/,
    );
    const { status, attempts, detail } = await verdictOf(app, id);
    assert.deepEqual([status, attempts], ['pending', 0]);
    assert.ok(detail.startsWith(failure), detail);
    // It is probed 1, 2, 4 and 8 seconds later, and then rests for five minutes.
    await secondsUntil(
      app,
      20,
      async () => Date.parse((await relayOf(app)).next_probe_at) > app.clock.now().getTime() + 60_000,
    );
    const before = relay.connections;
    app.clock.advance(4 * 60_000);
    await settled(app);
    assert.equal(relay.connections, before);
    await givenPassword(app, relay, 'old');
    await secondsUntil(app, 10, () => relay.received.length === 1);
    await app.drain();
    assert.equal((await verdictOf(app, id)).status, 'sent');
    assert.deepEqual((await app.get('/status')).body.problems, []);
  });

test('a password that changes in the middle of a broadcast costs few logins, no attempt and no mail', async (t) => {
  const { app, relay } = await start(t);
  for (const lane of ['broadcast', 'named'] as const) await app.startAnotherWorker({ lanes: [lane] });
  await givenPeople(app, PEOPLE);
  const changed = new Promise<void>((done) => {
    relay.onMail = () => {
      if (relay.received.length !== PEOPLE / 5) return;
      relay.setPassword('new');
      done();
    };
  });
  const { body } = await app.post('/messages/send', { broadcast: true, segment_id: EVERYBODY, messages: { email } });
  const id: string = body.dispatch_id;
  await changed;
  const code = await sendToAda(app);
  // Each lane's first login and four probes are refused; then the relay rests.
  const probed = () => app.db.one<{ probes: number }>(sql`select probes from pauses`);
  await secondsUntil(app, 20, async () => (await probed()).probes >= 4);
  app.clock.advance(4 * 60_000);
  await settled(app);
  t.diagnostic(`${relay.refusedLogins} refused logins in four minutes`);
  assert.ok(relay.refusedLogins >= 5 && relay.refusedLogins <= MOST_REFUSED_LOGINS, `${relay.refusedLogins} logins`);
  const { state, cause, reason } = await relayOf(app);
  assert.deepEqual([state, cause], ['paused', 'config_error']);
  assert.equal(reason, `${relay.host}: 535 5.7.8 authentication failed`);
  assert.match((await app.get(`/dispatches/${id}`)).body.failure, /^mail relay main does not accept our settings \(/);

  const before = relay.refusedLogins;
  await givenPassword(app, relay, 'new');
  const isOver = async () => (await app.get(`/dispatches/${id}`)).body.state === 'finished';
  const after = await secondsUntil(app, 30, isOver);
  t.diagnostic(`all were out ${after} s after the new password`);
  assert.equal(relay.refusedLogins, before);
  assert.equal((await verdictOf(app, code)).status, 'sent');
  assert.equal(relay.received.length, PEOPLE + 1);
  assert.equal(new Set(relay.received).size, PEOPLE, 'nobody twice');
  const rows = await app.db.query(sql`select status, attempts, count(*) as sends from sends group by 1, 2`);
  assert.deepEqual(rows, [{ status: 'sent', attempts: 1, sends: PEOPLE + 1 }]);
});

test('a relay that lets in and takes no mail is asked less and less often, and gets what waited once it is well', async (t) => {
  const { app, relay } = await start(t);
  await givenPeople(app, 300);
  relay.isBusy = true;
  const broadcast = { broadcast: true, segment_id: EVERYBODY, messages: { email } };
  await app.post('/messages/send', broadcast);
  let seconds = 0;
  await secondsUntil(app, 60, () => seconds++ >= 60);
  t.diagnostic(`${relay.connections} connections in a minute`);
  // A probe after 1, 2, 4, 8 and then every 10 seconds, each time with at most as many mails as there are connections.
  assert.ok(relay.connections >= 20 && relay.connections <= 150, `${relay.connections} connections`);
  relay.isBusy = false;
  await secondsUntil(app, 300, () => relay.received.length === 300);
  assert.equal(new Set(relay.received).size, 300);
});

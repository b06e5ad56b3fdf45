// A pause or cancellation stops the messages that a worker has begun and that wait in its memory for a connection.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { failDispatch } from '../src/dispatch/ledger/dispatches/fail-dispatch.ts';
import { dashed } from '../src/lib/uuid.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type MailServer, startMailServer } from './support/mail-server.ts';
import { givenPopulation } from './support/population.ts';
import { apns, givenCrowd, IOS, scriptedProvider, workspace } from './support/push-provider.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const segments = `segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
rate_limits: { "send_broadcast:/messages/send": 100000, broadcast_per_audience: 100000 }`;
const PEOPLE = 300;
/** Most connections of a worker to one relay. */
const CONNECTIONS = 10;
const SENT_BEFORE = 40;

async function startMail(t: TestContext) {
  const relay = await startMailServer(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${IOS}, name: iOS, platform: ios }]
${segments}
email: { default_from: a@acme.test, smtp: { url: "${relay.url}" } }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: PEOPLE });
  return { app, relay };
}

async function broadcast(app: TestApp, messages: object, delivery = 'at_least_once'): Promise<string> {
  const request = { broadcast: true, segment_id: EVERYBODY, messages, cresset: { delivery } };
  const { body } = await app.post('/messages/send', request);
  assert.equal(body.message, 'success', JSON.stringify(body));
  return body.dispatch_id;
}

/** Sends a mail to everybody over a relay that stops answering in the middle: every connection waits for it. */
async function mailUntilHeld(app: TestApp, relay: MailServer, delivery?: string) {
  relay.mails.length = 0;
  const release = relay.holdAfter(SENT_BEFORE);
  const mail = { email: { app_id: IOS, subject: 'Hi', body: '<p>Hi</p>' } };
  const id = await broadcast(app, mail, delivery);
  await relay.untilMails(SENT_BEFORE + CONNECTIONS);
  return { id, release };
}

/** Looks until exactly `wanted` attempts are in flight. */
async function untilInFlight(app: TestApp, id: string, channel: string, wanted: number) {
  for (let looks = 0; looks < 1_000; looks += 1) {
    const { body } = await app.get(`/dispatches/${id}`);
    const found = body.channels[channel];
    if (found?.attempts_in_flight === wanted) return { state: body.state, ...found };
  }
  return assert.fail(JSON.stringify((await app.get(`/dispatches/${id}`)).body.channels));
}

const everyoneOnce = ({ mails }: MailServer) => {
  assert.equal(mails.length, PEOPLE);
  assert.equal(new Set(mails.map(({ to }) => to)).size, PEOPLE);
};

test('a cancellation leaves the connections their mails and gives all others back, without an attempt', async (t) => {
  const { app, relay } = await startMail(t);
  const { id, release } = await mailUntilHeld(app, relay);
  assert.equal((await app.post(`/dispatches/${id}/cancel`, {})).body.state, 'cancelled');
  const begun = SENT_BEFORE + CONNECTIONS;
  // The relay still holds its answers: nothing waits for it any more but what is on a connection.
  const { cancelled, attempts, ...counts } = await untilInFlight(app, id, 'email', CONNECTIONS);
  assert.deepEqual([counts.state, counts.sent, cancelled, attempts], ['cancelled', SENT_BEFORE, PEOPLE - begun, begun]);
  const narrow = await app.post(`/dispatches/${id}/replay`, { statuses: ['failed'] });
  assert.deepEqual(
    [narrow.status, narrow.body.errors],
    [409, ['dispatch_id: some of its sends have not ended yet; try again, or replay all that was cancelled']],
  );
  release();
  await app.drain();
  assert.equal(relay.mails.length, begun);
  assert.equal((await app.post(`/dispatches/${id}/replay`, {})).body.recipients, PEOPLE - begun);
  await app.drain();
  everyoneOnce(relay);
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual(
    [body.state, body.channels.email],
    ['finished', { recipients: PEOPLE, attempts: PEOPLE, attempts_failed: 0, attempts_in_flight: 0, sent: PEOPLE }],
  );
});

test('a dispatch that fails as a whole stops in the same way, and counts what it did not send as cancelled', async (t) => {
  const { app, relay } = await startMail(t);
  const { id, release } = await mailUntilHeld(app, relay);
  const failed = { dispatchId: dashed(id), failure: 'audience_too_expensive', category: 'x', now: app.clock.now() };
  assert.equal(await failDispatch(app.db, failed), true);
  const begun = SENT_BEFORE + CONNECTIONS;
  const { state, sent, cancelled } = await untilInFlight(app, id, 'email', CONNECTIONS);
  assert.deepEqual([state, sent, cancelled], ['failed', SENT_BEFORE, PEOPLE - begun]);
  release();
  await app.drain();
  assert.equal(relay.mails.length, begun);
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.channels.email.sent, body.channels.email.cancelled], [begun, PEOPLE - begun]);
  const left = await app.db.query(sql`select 1 from tasks where dispatch_id = ${dashed(id)}`);
  const { open } = await app.db.one<{ open: number }>(sql`
    select open_tasks as open from dispatches where id = ${dashed(id)}`);
  assert.deepEqual([left.length, open], [0, 0]);
  assert.equal(await failDispatch(app.db, failed), false, 'it is over');
});

test('a worker that missed the notice of a pause stops within its next renewal; at_most_once loses nobody', async (t) => {
  const { app, relay } = await startMail(t);
  const { id, release } = await mailUntilHeld(app, relay, 'at_most_once');
  // As a pause in another process does it, but for the notice.
  await app.db.transaction(async (tx) => {
    await tx.run(sql`update tasks set kind = 'revive' where dispatch_id = ${id}`);
    await tx.run(sql`update dispatches set state = 'paused' where id = ${id}`);
  });
  app.clock.advance(2_500);
  const { pending, sent } = await untilInFlight(app, id, 'email', CONNECTIONS);
  assert.deepEqual([sent, pending], [SENT_BEFORE, PEOPLE - SENT_BEFORE - CONNECTIONS]);
  release();
  await app.drain();
  assert.equal(relay.mails.length, SENT_BEFORE + CONNECTIONS);
  await app.post(`/dispatches/${id}/resume`, {});
  await app.drain();
  everyoneOnce(relay);
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.state, body.channels.email.sent, body.channels.email.attempts], ['finished', PEOPLE, PEOPLE]);
});

test('pushes that wait for their app are given back, and so is one that no connection has begun', async (t) => {
  const provider = scriptedProvider();
  const app = await startTestApp(t, { pushSenders: provider.senders });
  await app.givenWorkspace(`${workspace(apns('K1'))}\n${segments}`);
  await givenCrowd(app, 100, IOS, 'ios');
  const gate = provider.hold();
  const id = await broadcast(app, { apple_push: { alert: { title: 'Hi', body: 'Hi' } } });
  await provider.called(1);
  await app.post(`/dispatches/${id}/pause`, {});
  // The window of calls begins at 1, so one call is under way and all others wait.
  const { pending } = await untilInFlight(app, id, 'apple_push', 1);
  assert.equal(pending, 99);
  // biome-ignore lint/suspicious/noExplicitAny: a sender says it, but a script is typed as a provider's answer
  provider.usually(() => ({ kind: 'not_begun' }) as any);
  gate.release();
  await app.drain();
  const paused = await untilInFlight(app, id, 'apple_push', 0);
  assert.deepEqual([provider.calls.length, paused.pending, paused.attempts], [1, 100, 0]);
  provider.usually(() => ({ kind: 'accepted', providerId: 'x' }));
  await app.post(`/dispatches/${id}/resume`, {});
  await app.drain();
  const done = await untilInFlight(app, id, 'apple_push', 0);
  assert.deepEqual([provider.calls.length, done.sent, done.attempts], [101, 100, 100]);
});

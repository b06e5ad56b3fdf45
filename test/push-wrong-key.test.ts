// Apple stops accepting a signing key in the middle of a broadcast: waiting sends are kept, nobody loses a token, the operator
// learns why, and with the right key everybody gets the message once. With the real sender over the real protocol.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { type ApnsKey, type ApnsSimulator, makeApnsKey, startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { IOS } from './support/push-provider.ts';

const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const PEOPLE = 2_000;
/** Messages that go out while the clock stands still: a second's worth, so that the broadcast stops in the middle. */
const FIRST = 600;
const MOST_REFUSED = 100;
const STREAMS = 1_000;
const message = { apple_push: { alert: { title: 'Hi', body: 'Hello {{${user_id}}}' } } };

async function start(t: TestContext, keys: readonly ApnsKey[]) {
  const app = await startTestApp(t);
  const apns = await startApnsSimulator({ clock: app.clock, keys });
  t.after(() => apns.stop());
  return { app, apns };
}

const settingsWith = (apns: ApnsSimulator, { teamId, keyId, key }: ApnsKey, more: object = {}) => ({
  ...{ team_id: teamId, key_id: keyId, key, topic: 'com.acme.app', base_url: apns.url },
  ...more,
});

async function givenSettings(app: TestApp, settings: object): Promise<void> {
  const apps = [{ id: IOS, name: 'iPhone', platform: 'ios', apns: settings }];
  await app.givenWorkspace(JSON.stringify({ apps, segments: [{ id: EVERYBODY, name: 'Everybody', filter: null }] }));
}

async function givenPeople(app: TestApp): Promise<void> {
  await app.db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, ${PEOPLE}::integer) as n),
    people as (
      insert into profiles (bucket, user_id, workspace_id, external_id)
      select bucket_of(user_id), user_id, ${app.workspaceId}, 'p' || n from numbered
      returning bucket, user_id, external_id
    )
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
    select bucket, user_id, ${IOS}, encode(sha256(external_id::bytea), 'hex'), 'ios', 'd' || user_id from people`);
}

async function broadcast(app: TestApp): Promise<string> {
  const { body } = await app.post('/messages/send', { broadcast: true, segment_id: EVERYBODY, messages: message });
  assert.equal(body.message, 'success', JSON.stringify(body));
  return body.dispatch_id;
}

const refusals = (apns: ApnsSimulator) => apns.counts().answers['refused: InvalidProviderToken'] ?? 0;

/** Checks at every turn of the event loop, because nothing here waits for time. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
}

async function expectPaused(app: TestApp, id: string): Promise<void> {
  await until(async () => (await app.get('/push/apps')).body.apps[0].state === 'paused');
  await app.drain();
  const [{ cause, reason }] = (await app.get('/push/apps')).body.apps;
  assert.deepEqual({ cause, reason }, { cause: 'config_error', reason: 'InvalidProviderToken' });
  const { state, failure, channels } = (await app.get(`/dispatches/${id}`)).body;
  assert.equal(channels.apple_push.attempts_failed, 0, 'our own fault is no failed attempt');
  assert.equal(state, 'sending');
  assert.match(failure, /does not accept our settings \(InvalidProviderToken\)/);
  const { tokens, suspects } = await app.db.one<{ tokens: number; suspects: number }>(sql`
    select count(*) as tokens, count(suspect_since) as suspects from push_targets`);
  assert.deepEqual({ tokens, suspects }, { tokens: PEOPLE, suspects: 0 });
}

async function expectSilence(app: TestApp, apns: ApnsSimulator): Promise<void> {
  const { requests } = apns.counts();
  app.clock.advance(60_000);
  await app.drain();
  assert.equal(apns.counts().requests, requests, 'nothing goes out while it is paused');
}

/** Moves the clock second by second until the dispatch has ended, and expects one message for everybody. */
async function expectEverybodyOnce(app: TestApp, apns: ApnsSimulator, id: string): Promise<void> {
  for (let seconds = 0; seconds < 900; seconds += 1) {
    app.clock.advance(1_000);
    await app.drain();
    if ((await app.get(`/dispatches/${id}`)).body.state === 'finished') break;
  }
  const { distinct, surplus } = apns.counts();
  assert.deepEqual({ distinct, surplus }, { distinct: PEOPLE, surplus: 0 });
  const rows = await app.db.query(sql`
    select status, count(*) as sends, sum(attempts) as attempts from sends where dispatch_id = ${id} group by status`);
  assert.equal(rows.length, 1, JSON.stringify(rows));
  assert.deepEqual({ status: rows[0]?.status, sends: rows[0]?.sends }, { status: 'sent', sends: PEOPLE });
  const { body } = await app.get('/push/apps');
  assert.equal(body.apps[0].state, 'open');
  assert.equal((await app.get(`/dispatches/${id}`)).body.failure ?? null, null);
}

test('a wrong key applied in the middle of a broadcast costs a few calls and no message', async (t) => {
  const good = makeApnsKey();
  const { app, apns } = await start(t, [good]);
  await givenSettings(app, settingsWith(apns, good, { calls_per_minute: FIRST * 60 }));
  await givenPeople(app);
  const id = await broadcast(app);
  await apns.until(FIRST);
  const wrong = makeApnsKey(good.teamId, 'WRONGKEY01');
  await givenSettings(app, settingsWith(apns, wrong));
  app.clock.advance(1_000);
  await expectPaused(app, id);
  t.diagnostic(`${refusals(apns)} calls were refused`);
  assert.ok(refusals(apns) >= 1 && refusals(apns) <= MOST_REFUSED, `${refusals(apns)} calls`);
  await expectSilence(app, apns);
  await givenSettings(app, settingsWith(apns, good));
  await expectEverybodyOnce(app, apns, id);
});

test('a key revoked in the middle of a broadcast costs the calls under way and no message', async (t) => {
  const [first, second] = [makeApnsKey(), makeApnsKey('SIMTEAM001', 'SIMKEY0002')];
  const { app, apns } = await start(t, [first, second]);
  await givenSettings(app, settingsWith(apns, first));
  await givenPeople(app);
  const id = await broadcast(app);
  await apns.until(FIRST);
  apns.revokeTokens();
  await expectPaused(app, id);
  t.diagnostic(`${refusals(apns)} calls were refused`);
  // The calls that were under way when the first was refused: at most the streams of one connection.
  assert.ok(refusals(apns) >= 1 && refusals(apns) <= STREAMS, `${refusals(apns)} calls`);
  assert.ok(apns.counts().accepted < PEOPLE, 'it was in the middle');
  await expectSilence(app, apns);
  await givenSettings(app, settingsWith(apns, second));
  await expectEverybodyOnce(app, apns, id);
});

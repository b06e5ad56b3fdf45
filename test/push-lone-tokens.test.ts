// A small workspace whose settings are wrong: too few calls for the guard, and yet nobody loses a token. With the real
// senders over the real protocols. Source: messaging-objects.md §1.11.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { makeApnsKey, startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { apnsToken, apnsTokenFor } from '../src/simulate/apns/apns-tokens.ts';
import { makeServiceAccount, startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { nameFor } from '../src/simulate/target-names.ts';
import { makeVapidKeys } from '../src/simulate/web-push/vapid.ts';
import { startWebPushSimulator } from '../src/simulate/web-push/web-push.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { MINUTE, until } from './support/push-app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const NAMES = ['ada', 'ben', 'cid'];

/** One kind of provider: an app of it, with its settings, and the message of its channel. */
interface Given {
  platform: string;
  messages: object;
  good: object;
  /** Settings that the provider refuses, each by what it says about them. */
  wrong: Record<string, object>;
  token(name: string): string;
  /** A token that is called bad this often, as if the settings were wrong meanwhile. */
  doubted(name: string, times: number): string;
}

const providers: Record<string, (t: TestContext, app: TestApp) => Promise<Given>> = {
  async 'web push'(t, app) {
    const service = await startWebPushSimulator({ clock: app.clock });
    t.after(() => service.stop());
    const keys = ({ publicKey, privateKey }: { publicKey: string; privateKey: string }) => ({
      vapid: {
        ...{ subject: 'mailto:ops@acme.test', public_key: publicKey, private_key: privateKey },
        allow_hosts: [new URL(service.url).host],
      },
    });
    return {
      platform: 'web',
      messages: { web_push: { title: 'Hi', alert: 'Hello' } },
      good: keys(service.vapid),
      wrong: { 403: keys(makeVapidKeys()) },
      token: (name) => JSON.stringify(service.subscription(name)),
      // The sender signs anew and tries once more before it believes the answer.
      doubted: (name, times) => JSON.stringify(service.subscription(nameFor('forbidden', name, { times: 2 * times }))),
    };
  },
  async FCM(t, app) {
    const fcm = await startFcmSimulator({ clock: app.clock });
    t.after(() => fcm.stop());
    const account = (one: object) => ({ fcm: { service_account: JSON.stringify(one), base_url: fcm.url } });
    const stranger = { ...makeServiceAccount('stranger'), token_uri: fcm.tokenUrl };
    return {
      platform: 'android',
      messages: { android_push: { title: 'Hi', alert: 'Hello' } },
      good: account(fcm.serviceAccount),
      wrong: { invalid_grant: account(stranger) },
      token: (name) => `token-of-${name}`,
      doubted: (name, times) => nameFor('sender_id_mismatch', name, { times }),
    };
  },
  async APNs(t, app) {
    const apns = await startApnsSimulator({ clock: app.clock });
    t.after(() => apns.stop());
    const [own] = apns.keys;
    assert.ok(own);
    const settings = ({ teamId, keyId, key }: typeof own) => ({
      apns: { team_id: teamId, key_id: keyId, key, topic: 'com.acme.app', base_url: apns.url },
    });
    return {
      platform: 'ios',
      messages: { apple_push: { alert: { title: 'Hi', body: 'Hello' } } },
      good: settings(own),
      wrong: { InvalidProviderToken: settings(makeApnsKey(own.teamId, 'WRONGKEY01')) },
      token: apnsToken,
      doubted: (name, times) => apnsTokenFor('DeviceTokenNotForTopic', name, times),
    };
  },
};

async function apply(app: TestApp, { platform }: Given, settings: object): Promise<void> {
  await app.givenWorkspace(JSON.stringify({ apps: [{ id: APP, name: 'App', platform, ...settings }] }));
}

async function give(app: TestApp, tokens: Record<string, string>): Promise<void> {
  const attributes = Object.entries(tokens).map(([external_id, token]) => ({
    ...{ external_id, push_tokens: [{ app_id: APP, token }] },
  }));
  const { body } = await app.post('/users/track', { attributes });
  assert.equal(body.errors, undefined, JSON.stringify(body));
}

/** Sends to these people, and returns how their sends stand. */
async function send(app: TestApp, { messages }: Given, names: readonly string[]): Promise<Record<string, number>> {
  const { body } = await app.post('/messages/send', { external_user_ids: names, messages });
  assert.equal(body.message, 'success', JSON.stringify(body));
  await app.drain();
  const rows = await app.db.query<{ status: string; sends: number }>(sql`
    select status, count(*) as sends from sends where dispatch_id = ${body.dispatch_id} group by 1`);
  return Object.fromEntries(rows.map(({ status, sends }) => [status, sends]));
}

/** Moves the clock until nothing waits, and expects that every device of the last dispatch got its message. */
async function allSent(app: TestApp): Promise<void> {
  const last = sql`select status, count(*) as sends from sends
                    where dispatch_id = (select max(id::text) from dispatches)::uuid group by 1`;
  for (let seconds = 0; seconds < 900; seconds += 1) {
    app.clock.advance(1_000);
    await app.drain();
    if (!(await app.db.query<{ status: string }>(last)).some(({ status }) => status === 'pending')) break;
  }
  assert.deepEqual(await app.db.query(last), [{ status: 'sent', sends: NAMES.length }]);
}

async function held(app: TestApp): Promise<{ tokens: number; suspects: number; owners: number }> {
  return app.db.one(sql`
    select count(*) as tokens, count(suspect_since) as suspects, (select count(*) from push_token_owners) as owners
      from push_targets`);
}

/** Moves the clock minute by minute, so that suspicions are judged, until none is left. */
async function judged(app: TestApp): Promise<void> {
  for (let minute = 0; minute < 12; minute += 1) app.clock.advance(MINUTE);
  await until(async () => (await held(app)).suspects === 0);
}

const whole = { tokens: NAMES.length, suspects: 0, owners: NAMES.length };

for (const [provider, open] of Object.entries(providers)) {
  test(`${provider}: three people lose nothing while the key is wrong, and get messages once it is right`, async (t) => {
    const app = await startTestApp(t);
    const given = await open(t, app);
    for (const settings of Object.values(given.wrong)) {
      await apply(app, given, settings);
      await give(app, Object.fromEntries(NAMES.map((name) => [name, given.token(name)])));
      await send(app, given, NAMES);
      await judged(app);
      assert.deepEqual(await held(app), whole);
    }
    await apply(app, given, given.good);
    app.clock.advance(1_000);
    await until(async () => (await app.get('/push/apps')).body.apps[0].state === 'open');
    await send(app, given, NAMES);
    await allSent(app);
    assert.deepEqual(await held(app), whole);
  });

  test(`${provider}: tokens doubted under wrong settings stay, though calls with better settings are accepted`, async (t) => {
    const app = await startTestApp(t);
    const given = await open(t, app);
    await apply(app, given, { ...given.good });
    await give(app, Object.fromEntries(NAMES.map((name) => [name, given.doubted(name, 1)])));
    assert.deepEqual(await send(app, given, NAMES), { bounced: 3 });
    assert.equal((await held(app)).suspects, 3);
    const others = ['dan', 'eve', 'fay', 'gil'];
    await apply(app, given, withAnotherPace(given.good));
    await give(app, Object.fromEntries(others.map((name) => [name, given.token(name)])));
    assert.deepEqual(await send(app, given, others), { sent: 4 });
    await judged(app);
    assert.equal((await held(app)).tokens, 7, 'other settings say nothing about the suspicion');
    assert.deepEqual(await send(app, given, NAMES), { sent: 3 });
  });

  test(`${provider}: a bad token among good ones is removed after ten minutes`, async (t) => {
    const app = await startTestApp(t);
    const given = await open(t, app);
    await apply(app, given, given.good);
    await give(app, {
      bad: given.doubted('bad', 9),
      ...Object.fromEntries(NAMES.map((name) => [name, given.token(name)])),
    });
    assert.deepEqual(await send(app, given, [...NAMES, 'bad']), { sent: 3, bounced: 1 });
    await judged(app);
    assert.deepEqual(await held(app), whole);
  });

  test(`${provider}: a lone bad token is tried with each message, and removed when others prove the settings`, async (t) => {
    const app = await startTestApp(t);
    const given = await open(t, app);
    await apply(app, given, given.good);
    await give(app, { bad: given.doubted('bad', 9) });
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(await send(app, given, ['bad']), { bounced: 1 });
      await judged(app);
      assert.deepEqual(await held(app), { tokens: 1, suspects: 0, owners: 1 });
    }
    await give(app, Object.fromEntries(NAMES.map((name) => [name, given.token(name)])));
    await send(app, given, ['bad', ...NAMES]);
    await judged(app);
    assert.deepEqual(await held(app), whole);
  });
}

function withAnotherPace(settings: object): object {
  return Object.fromEntries(
    Object.entries(settings).map(([kind, members]: [string, object]) => [
      kind,
      { ...members, calls_per_minute: 90_000 },
    ]),
  );
}

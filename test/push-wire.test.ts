// From the request to the providers' protocols: real senders, and stand-ins that check what the providers check.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { apnsToken, apnsTokenFor } from '../src/simulate/apns/apns-tokens.ts';
import { startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { nameFor } from '../src/simulate/target-names.ts';
import { startTestApp } from './support/app.ts';
import { IOS } from './support/push-provider.ts';

const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';

test('FCM and APNs: sent, retried, dead and suspect tokens, each as its provider says', async (t) => {
  const app = await startTestApp(t);
  const apns = await startApnsSimulator({ clock: app.clock });
  const fcm = await startFcmSimulator({ clock: app.clock });
  t.after(() => Promise.all([apns.stop(), fcm.stop()]));
  const [key] = apns.keys;
  assert.ok(key);
  const { teamId, keyId } = key;
  const ofApple = { team_id: teamId, key_id: keyId, key: key.key, topic: 'com.acme.app', base_url: apns.url };
  const ofGoogle = { service_account: JSON.stringify(fcm.serviceAccount), base_url: fcm.url };
  await app.givenWorkspace(`apps:
  - { id: ${IOS}, name: iPhone, platform: ios, apns: ${JSON.stringify(ofApple)} }
  - { id: ${ANDROID}, name: Android, platform: android, fcm: ${JSON.stringify(ofGoogle)} }
`);
  const people: Record<string, [string, string]> = {
    ada: [apnsToken('ada'), 'token-of-ada'],
    bob: [apnsTokenFor('Unregistered', 'bob'), nameFor('unregistered', 'bob')],
    cid: [apnsTokenFor('ServiceUnavailable', 'cid', 1), nameFor('unavailable', 'cid', { times: 1 })],
    dan: [apnsTokenFor('BadDeviceToken', 'dan'), nameFor('sender_id_mismatch', 'dan')],
    eve: [apnsTokenFor('PayloadTooLarge', 'eve'), nameFor('invalid_argument', 'eve')],
  };
  const attributes = Object.entries(people).map(([external_id, [ios, android]]) => ({
    external_id,
    push_tokens: [
      { app_id: IOS, token: ios },
      { app_id: ANDROID, token: android },
    ],
  }));
  assert.equal((await app.post('/users/track', { attributes })).body.message, 'success');
  const { body } = await app.post('/messages/send', {
    external_user_ids: Object.keys(people),
    messages: {
      apple_push: { alert: { title: 'Hi', body: 'Hello {{${user_id}}}' } },
      android_push: { title: 'Hi', alert: 'Hello {{${user_id}}}' },
    },
  });
  for (let tries = 0; tries < 2; tries += 1) {
    await app.drain();
    const { due } = await app.db.one<{ due: Date | null }>(sql`select min(run_at) as due from tasks`);
    if (due !== null) app.clock.advance(Math.max(0, due.getTime() - app.clock.now().getTime()));
  }
  for (;;) {
    await app.drain();
    if ((await app.get(`/dispatches/${body.dispatch_id}`)).body.state === 'finished') break;
    app.clock.advance(1_000);
  }
  const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
  const seen = Object.fromEntries(
    recipients.map((one: Record<string, string>) => [
      `${one.external_id} ${one.channel}`,
      `${one.reason ?? one.status} ${one.attempts}`,
    ]),
  );
  assert.deepEqual(seen, {
    ...{ 'ada apple_push': 'sent 1', 'ada android_push': 'sent 1' },
    ...{ 'bob apple_push': 'address_dead 1', 'bob android_push': 'address_dead 1' },
    ...{ 'cid apple_push': 'sent 2', 'cid android_push': 'sent 2' },
    ...{ 'dan apple_push': 'address_dead 1', 'dan android_push': 'address_dead 1' },
    ...{ 'eve apple_push': 'provider_refused 1', 'eve android_push': 'provider_refused 1' },
  });
  const left = await app.db.query<{ external_id: string; tokens: number; suspects: number }>(sql`
    select p.external_id, count(t.token) as tokens, count(t.suspect_since) as suspects
      from profiles p
      left join push_targets t on t.bucket = p.bucket and t.user_id = p.user_id
     group by p.external_id
     order by p.external_id`);
  assert.deepEqual(
    left.map(({ external_id, tokens, suspects }) => `${external_id} ${tokens} ${suspects}`),
    ['ada 2 0', 'bob 0 0', 'cid 2 0', 'dan 2 2', 'eve 2 0'],
  );
});

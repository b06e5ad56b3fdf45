// The FCM and APNs senders against the stand-ins for their providers: every answer, and faults among many messages.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createFcmSender } from '../src/channels/android-push/deliver.ts';
import type { RenderedAndroidPush } from '../src/channels/android-push/render.ts';
import { createApnsSender } from '../src/channels/apple-push/deliver.ts';
import type { RenderedApplePush } from '../src/channels/apple-push/render.ts';
import type { NotBegun } from '../src/channels/outcome.ts';
import type { Push, PushOutcome } from '../src/channels/push/sender.ts';
import { startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { apnsAnswers } from '../src/simulate/apns/apns-answers.ts';
import { apnsToken, apnsTokenFor } from '../src/simulate/apns/apns-tokens.ts';
import { readFaults } from '../src/simulate/faults.ts';
import { startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { fcmAnswers } from '../src/simulate/fcm/fcm-answers.ts';
import { nameFor } from '../src/simulate/target-names.ts';
import { TestClock } from './support/clock.ts';
import { untold } from './support/untold.ts';

const never = new AbortController().signal;
const network = { utilization: () => 0 };

function pushTo<Rendered extends object>(token: string, rendered: Rendered, clock: TestClock): Push<Rendered> {
  const pushId = '00000000-0000-4000-8000-000000000001';
  return { token, rendered, pushId, registeredAt: clock.now(), acceptedAt: clock.now(), environment: null };
}

async function startFcm(t: TestContext) {
  const clock = new TestClock();
  const fcm = await startFcmSimulator({ clock });
  t.after(() => fcm.stop());
  const settings = { service_account: JSON.stringify(fcm.serviceAccount), base_url: fcm.url };
  const sender = createFcmSender({ settings, clock }, network);
  const rendered: RenderedAndroidPush = {
    title: 'T',
    body: 'A',
    message: { data: { _ab: 'true', t: 'T', a: 'A' }, android: { priority: 'HIGH', ttl: '600s' } },
  };
  return { clock, fcm, sender, send: (token: string) => untold(sender.deliver(pushTo(token, rendered, clock), never)) };
}

async function startApns(t: TestContext) {
  const clock = new TestClock();
  const apns = await startApnsSimulator({ clock });
  t.after(() => apns.stop());
  const [key] = apns.keys;
  assert.ok(key);
  const settings = { team_id: key.teamId, key_id: key.keyId, key: key.key, topic: 'com.acme.app', base_url: apns.url };
  const sender = createApnsSender({ settings, clock }, network);
  const rendered: RenderedApplePush = {
    title: null,
    body: 'x',
    headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-expiration': '2000000000' },
    payload: { aps: { alert: { body: 'x' } } },
  };
  return {
    clock,
    apns,
    sender,
    send: (token: string) => untold(sender.deliver(pushTo(token, rendered, clock), never)),
  };
}

/** The outcome of each answer. For `never`, it waits until the time is up. */
async function outcomes(
  names: readonly string[],
  send: (name: string) => Promise<PushOutcome | NotBegun>,
  { clock, asked }: { clock: TestClock; asked: () => number },
): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const name of names) {
    const before = asked();
    const outcome = send(name);
    if (name === 'never') {
      while (asked() === before) await new Promise(setImmediate);
      clock.advance(10_000);
    }
    const { kind, ...rest } = await outcome;
    said[name] = [kind, 'token' in rest ? rest.token : '', 'slows' in rest ? rest.slows : ''].filter(Boolean).join(' ');
  }
  return said;
}

const networkOutcomes = {
  slow: 'accepted',
  accepted: 'accepted',
  lost: 'retry',
  reset: 'retry',
  close: 'retry',
  never: 'retry',
  html: 'retry',
  huge: 'retry',
};

test('every answer of the FCM stand-in becomes the outcome in the table', async (t) => {
  const { clock, fcm, sender, send } = await startFcm(t);
  fcm.setFaults({ ...readFaults({}), slowMs: 1 });
  const asked = () => fcm.counts().requests;
  assert.equal((await send('ada')).kind, 'accepted');
  const said = await outcomes([...fcmAnswers.keys()], (name) => send(nameFor(name, 'ada')), { clock, asked });
  assert.deepEqual(said, {
    unregistered: 'bounced remove',
    notfound: 'bounced remove',
    senderidmismatch: 'bounced suspect',
    invalidargument: 'failed',
    invalidtoken: 'bounced suspect',
    invalidtokenfield: 'bounced suspect',
    toobig: 'failed',
    quotaexceeded: 'retry account',
    unavailable: 'retry',
    internal: 'retry',
    unauthenticated: 'config_error',
    thirdpartyautherror: 'config_error',
    permissiondenied: 'config_error',
    unspecifiederror: 'failed',
    goaway: 'retry', // it always refuses this one
    truncated: 'unknown',
    garbage: 'unknown',
    ...networkOutcomes,
  });
  assert.equal(fcm.counts().tokens, 1, 'a token of this minute is not exchanged for another');
  await sender.close();
});

test('every answer of the APNs stand-in becomes the outcome in the table', async (t) => {
  const { clock, apns, sender, send } = await startApns(t);
  apns.setFaults({ ...readFaults({}), slowMs: 1 });
  const asked = () => apns.counts().requests;
  assert.equal((await send(apnsToken('ada'))).kind, 'accepted');
  const said = await outcomes([...apnsAnswers.keys()], (name) => send(apnsTokenFor(name, 'ada')), { clock, asked });
  const each = (outcome: string, names: string) => Object.fromEntries(names.split(' ').map((name) => [name, outcome]));
  assert.deepEqual(said, {
    ...each('bounced suspect', 'baddevicetoken devicetokennotfortopic'),
    ...each('bounced remove', 'missingdevicetoken unregistered expiredtoken'),
    unregisteredearlier: 'bounced keep',
    ...each('failed', 'badcollapseid badexpirationdate badmessageid badpriority duplicateheaders invalidpushtype'),
    ...each('failed', 'payloadempty badpath methodnotallowed payloadtoolarge'),
    ...each('config_error', 'badtopic missingtopic topicdisallowed badcertificate badcertificateenvironment forbidden'),
    ...each('config_error', 'expiredprovidertoken invalidprovidertoken missingprovidertoken'),
    ...each('config_error', 'badenvironmentkeyidintoken unrelatedkeyidintoken'),
    ...each('retry', 'idletimeout toomanyrequests internalservererror serviceunavailable shutdown goaway'),
    toomanyprovidertokenupdates: 'retry account',
    ...each('accepted', 'truncated garbage'),
    ...networkOutcomes,
  });
  await sender.close();
});

test('a revoked access token is renewed once for many messages', async (t) => {
  const { clock, fcm, sender, send } = await startFcm(t);
  await send('ada');
  clock.advance(60_000);
  fcm.revokeTokens();
  const crowd = await Promise.all(Array.from({ length: 300 }, (_, n) => send(`t${n}`)));
  assert.ok(crowd.every(({ kind }) => kind === 'accepted'));
  const { tokens, distinct, surplus } = fcm.counts();
  assert.deepEqual({ tokens, distinct, surplus }, { tokens: 2, distinct: 301, surplus: 0 });
  await sender.close();
});

for (const [name, begin] of [
  ['FCM', startFcm],
  ['APNs', startApns],
] as const) {
  test(`${name} that sends GOAWAY every 50 requests gets each of 2,000 messages exactly once`, async (t) => {
    const started = await begin(t);
    const simulator = 'fcm' in started ? started.fcm : started.apns;
    simulator.setFaults(readFaults({ goawayEvery: 50 }));
    const sent = await Promise.all(Array.from({ length: 2_000 }, (_, n) => started.send(apnsToken(n))));
    assert.ok(sent.every(({ kind }) => kind === 'accepted'));
    const { distinct, surplus, connections } = simulator.counts();
    assert.deepEqual({ distinct, surplus }, { distinct: 2_000, surplus: 0 });
    assert.ok(connections > 1, String(connections));
    await started.sender.close();
  });
}

test('many messages with latency take several connections to FCM, and one to APNs', async (t) => {
  const { fcm, ...android } = await startFcm(t);
  fcm.setFaults(readFaults({ latency: 20 }));
  await Promise.all(Array.from({ length: 3_000 }, (_, n) => android.send(`t${n}`)));
  assert.equal(fcm.counts().distinct, 3_000);
  assert.ok(fcm.counts().connections > 2, String(fcm.counts().connections));
  await android.sender.close();
  const { apns, ...apple } = await startApns(t);
  apns.setFaults(readFaults({ latency: 20 }));
  await Promise.all(Array.from({ length: 900 }, (_, n) => apple.send(apnsToken(n))));
  assert.equal(apns.counts().distinct, 900);
  assert.equal(apns.counts().connections, 1);
  await apple.sender.close();
});

// Our senders and the simulators were written independently from the same specification. Here they meet over real HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createAdmSender } from '../src/channels/kindle-push/deliver.ts';
import type { RenderedKindlePush } from '../src/channels/kindle-push/render.ts';
import type { PushOutcome } from '../src/channels/push/sender.ts';
import { createWebPushSender } from '../src/channels/web-push/deliver.ts';
import type { RenderedWebPush } from '../src/channels/web-push/render.ts';
import { systemClock } from '../src/lib/clock.ts';
import { startAdmSimulator } from '../src/simulate/adm/adm.ts';
import { startWebPushSimulator } from '../src/simulate/web-push/web-push.ts';

const never = new AbortController().signal;
const envelope = () => {
  const now = systemClock.now();
  return { registeredAt: now, acceptedAt: now, environment: null, pushId: 'p' };
};
const bounced = (reason: string, token: 'remove' | 'suspect'): PushOutcome => ({ kind: 'bounced', reason, token });
const failed = (reason: string): PushOutcome => ({ kind: 'failed', reason });

const webAnswers: [string, PushOutcome | PushOutcome['kind']][] = [
  ['ada', 'accepted'],
  ['sim-ok-a', 'accepted'],
  ['sim-queued-a', 'accepted'],
  ['sim-gone-a', bounced('410', 'remove')],
  ['sim-notfound-a', bounced('404', 'remove')],
  ['sim-badrequest-a', failed('400')],
  ['sim-unauthorized-a', bounced('401', 'suspect')],
  ['sim-forbidden-a', bounced('403', 'suspect')],
  ['sim-forbidden.x1-a', 'accepted'],
  ['sim-toolarge-a', failed('413')],
  ['sim-toomanyrequests.r30-a', { kind: 'retry', reason: '429', afterMs: 30_000 }],
  ['sim-internal-a', { kind: 'retry', reason: '500' }],
  ['sim-unavailable.r5-a', { kind: 'retry', reason: '503', afterMs: 5_000 }],
  ['sim-redirect-a', failed('307')],
  ['sim-garbage-a', 'accepted'],
  ['sim-lost-a', 'retry'],
  ['sim-reset-a', 'retry'],
  ['sim-close-a', 'retry'],
  ['sim-html-a', { kind: 'retry', reason: '502' }],
  ['sim-huge-a', { kind: 'retry', reason: '500' }],
];

/** The outcome without what the provider said, which only the verdict shows. */
function withoutWords(outcome: object): object {
  const { detail: _words, ...rest } = { detail: undefined, ...outcome };
  return rest;
}

test('a push service that decrypts accepts what we send, and each of its answers has the right outcome', async (t) => {
  const service = await startWebPushSimulator();
  t.after(() => service.stop());
  const { publicKey: public_key, privateKey: private_key } = service.vapid;
  const settings = {
    subject: 'mailto:ops@acme.test',
    public_key,
    private_key,
    allow_hosts: [new URL(service.url).host],
  };
  const sender = createWebPushSender({ settings, clock: systemClock });
  t.after(() => sender.close());
  const payload = { id: 'd', title: 'Grüße', body: 'Body' };
  const rendered: RenderedWebPush = { title: 'T', body: 'B', payload, headers: { TTL: '60', Urgency: 'normal' } };
  for (const [name, expected] of webAnswers) {
    const token = JSON.stringify(service.subscription(name));
    const outcome = await sender.deliver({ ...envelope(), rendered, token }, never);
    assert.deepEqual(typeof expected === 'string' ? outcome.kind : withoutWords(outcome), expected, name);
  }
  const [received] = service.received('ada');
  assert.deepEqual(received?.message, { name: 'ada', ttl: 60, urgency: 'normal', topic: null, payload });
});

const admAnswers: [string, PushOutcome | PushOutcome['kind']][] = [
  ['ada', 'accepted'],
  ['sim-unregistered-a', bounced('Unregistered', 'remove')],
  ['sim-invalidregistrationid-a', bounced('InvalidRegistrationId', 'remove')],
  ['sim-invaliddata-a', failed('InvalidData')],
  ['sim-invalidconsolidationkey-a', failed('InvalidConsolidationKey')],
  ['sim-invalidexpiration-a', failed('InvalidExpiration')],
  ['sim-invalidchecksum-a', failed('InvalidChecksum')],
  ['sim-invalidtype-a', failed('InvalidType')],
  ['sim-accesstokenexpired-a', { kind: 'config_error', reason: 'AccessTokenExpired' }],
  ['sim-accesstokenexpired.x1-a', 'accepted'],
  ['sim-messagetoolarge-a', failed('MessageTooLarge')],
  ['sim-maxrateexceeded-a', { kind: 'retry', reason: 'MaxRateExceeded', slows: 'account' }],
  ['sim-internalservererror-a', { kind: 'retry', reason: '500' }],
  ['sim-serviceunavailable.r5-a', { kind: 'retry', reason: '503', afterMs: 5_000 }],
  ['sim-garbage-a', 'accepted'],
  ['sim-truncated-a', 'retry'],
  ['sim-lost-a', 'retry'],
  ['sim-close-a', 'retry'],
  ['sim-html-a', { kind: 'retry', reason: '502' }],
  ['sim-huge-a', { kind: 'retry', reason: '500' }],
];

test('Amazon’s service accepts what we send, and each of its answers has the right outcome', async (t) => {
  const service = await startAdmSimulator();
  t.after(() => service.stop());
  const settings = {
    client_id: service.clientId,
    client_secret: service.clientSecret,
    base_url: service.url,
    token_url: service.tokenUrl,
  };
  const sender = createAdmSender({ settings, clock: systemClock });
  t.after(() => sender.close());
  const message = { data: { _ab: 'true', t: 'T', a: 'Grüße' }, consolidationKey: 'k', expiresAfter: 600 };
  const rendered: RenderedKindlePush = { title: 'T', body: 'B', message };
  for (const [token, expected] of admAnswers) {
    const outcome = await sender.deliver({ ...envelope(), rendered, token }, never);
    assert.deepEqual(typeof expected === 'string' ? outcome.kind : withoutWords(outcome), expected, token);
  }
  assert.equal(service.received('ada').length, 1);
  service.revokeTokens();
  assert.equal((await sender.deliver({ ...envelope(), rendered, token: 'ada' }, never)).kind, 'accepted');
});

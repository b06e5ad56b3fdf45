import { randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { replyWords } from '../answers/provider-words.ts';
import { readApnsApp } from '../apple-push/apns-app.ts';
import { providerTokens } from '../apple-push/provider-tokens.ts';
import { buildHeaders, readReply } from '../apple-push/providers/apns.ts';
import type { ApnsSettings } from '../apple-push/settings.ts';
import { type AccountCheck, type Answered, good, stateOf } from './account-check.ts';
import { askOverHttp2 } from './ask-once.ts';

/** No device has such a token, because it is not made of hex digits. */
const NO_TOKEN = 'cresset-looks-at-the-credentials';

/**
 * Pushes to a token that no device can have. Apple looks at the key and the topic first, so an answer about the token says
 * that both are accepted. Source: Apple, "Handling notification responses from APNs".
 */
export async function checkApns(settings: ApnsSettings, clock: Clock): Promise<AccountCheck> {
  const { topic, signer, hosts, first } = readApnsApp(settings);
  const { origin, prefix } = hosts[first];
  const jwt = providerTokens(signer, clock).current();
  const now = clock.now();
  const facts = { token: NO_TOKEN, registeredAt: now, now };
  const push = {
    rendered: {
      ...{ title: null, body: null, payload: { aps: { 'content-available': 1 } } },
      headers: { 'apns-push-type': 'background', 'apns-priority': '5', 'apns-expiration': '0' },
    },
    ...{ ...facts, acceptedAt: now, pushId: randomUUID(), environment: first },
  };
  const request = { headers: buildHeaders(push, { prefix, topic, jwt }), body: JSON.stringify(push.rendered.payload) };
  const read = (reply: Parameters<typeof readReply>[0]): Answered => {
    const { outcome } = readReply(reply, facts);
    const isGood = outcome.kind === 'accepted' || (outcome.kind === 'bounced' && outcome.reason === 'BadDeviceToken');
    return isGood ? good : { state: stateOf(outcome), said: replyWords(reply, [jwt]) };
  };
  const answer = await askOverHttp2(origin, request, { read, clock });
  return { asked: `a push to a device that cannot exist, at ${origin}`, ...answer };
}

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { createApnsSender } from '../apple-push/deliver.ts';
import type { ApnsSettings } from '../apple-push/settings.ts';
import type { AccountCheck } from './account-check.ts';

/** No device has such a token, because it is not made of hex digits. */
const NO_TOKEN = 'cresset-looks-at-the-credentials';

/**
 * Pushes to a token that no device can have. Apple looks at the key and the topic first, so an answer about the token says
 * that both are accepted. Source: Apple, "Handling notification responses from APNs".
 */
export async function checkApns(settings: ApnsSettings, clock: Clock): Promise<AccountCheck> {
  const sender = createApnsSender({ settings, clock });
  const now = clock.now();
  const headers = { 'apns-push-type': 'background', 'apns-priority': '5', 'apns-expiration': '0' };
  const payload = { aps: { 'content-available': 1 } };
  try {
    const outcome = await sender.deliver(
      {
        rendered: { title: null, body: null, headers, payload },
        ...{ token: NO_TOKEN, registeredAt: now, acceptedAt: now, pushId: randomUUID() },
        environment: settings.environment ?? 'production',
      },
      AbortSignal.timeout(20_000),
    );
    const isGood = outcome.kind === 'accepted' || (outcome.kind === 'bounced' && outcome.reason === 'BadDeviceToken');
    if (isGood) return { isGood, said: null };
    const said = 'detail' in outcome && typeof outcome.detail === 'string' ? outcome.detail : null;
    return { isGood, said: said ?? ('reason' in outcome ? outcome.reason : outcome.kind) };
  } finally {
    await sender.close();
  }
}

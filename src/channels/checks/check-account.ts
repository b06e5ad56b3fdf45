import type { Clock } from '../../lib/clock.ts';
import type { Provider } from '../providers.ts';
import type { AccountCheck } from './account-check.ts';
import { checkAdm } from './adm.ts';
import { checkApns } from './apns.ts';
import { checkFcm } from './fcm.ts';
import { checkTwilio } from './twilio.ts';
import { checkVapid } from './vapid.ts';
import { checkWhatsApp } from './whats-app.ts';

/**
 * Calls a provider with an account in a way that reaches nobody, changes nothing and costs nothing, and says whether it accepts the
 * account. Never rejects because of the provider or the network. It takes at most some 30 seconds.
 */
export function checkAccount(provider: Provider, clock: Clock): Promise<AccountCheck> {
  switch (provider.kind) {
    case 'adm':
      return checkAdm(provider.settings, clock);
    case 'apns':
      return checkApns(provider.settings, clock);
    case 'fcm':
      return checkFcm(provider.settings, clock);
    case 'twilio':
      return checkTwilio(provider.settings);
    case 'vapid':
      return checkVapid(provider.settings, clock);
    case 'whatsapp_cloud':
      return checkWhatsApp(provider.settings, clock);
  }
}

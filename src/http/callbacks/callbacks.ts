import { BytesInHand } from '../../lib/limits/bytes-in-hand.ts';
import type { Page } from '../page.ts';
import type { Callback, CallbackDeps } from './callback.ts';
import { emailCallbacks } from './email/email.ts';
import { twilioCallbacks } from './twilio.ts';
import { whatsAppCallbacks } from './whats-app.ts';

/** Each provider that calls back. */
const callbacks: readonly Callback[] = [emailCallbacks, twilioCallbacks, whatsAppCallbacks];

/** Most bytes of bodies of all callbacks that are in hand at once. Anybody may send one. */
const MOST_BODY_BYTES = 64 * 1_048_576;

export function callbackPages(deps: CallbackDeps): Page[] {
  const bodies = new BytesInHand(MOST_BODY_BYTES);
  return callbacks.flatMap((callback) => callback(deps)).map((page) => ({ ...page, bodies }));
}

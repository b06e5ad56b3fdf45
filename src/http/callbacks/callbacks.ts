import { RequestError } from '../../errors.ts';
import { BytesInHand } from '../../lib/limits/bytes-in-hand.ts';
import type { Page } from '../page.ts';
import type { Callback, CallbackDeps } from './callback.ts';
import { emailCallbacks } from './email/email.ts';
import { Refusals } from './proof.ts';
import { twilioCallbacks } from './twilio.ts';
import { whatsAppCallbacks } from './whats-app.ts';

/** Each provider that calls back. */
const callbacks: readonly Callback[] = [emailCallbacks, twilioCallbacks, whatsAppCallbacks];

/** Most bytes of bodies of all callbacks that are in hand at once. Anybody may send one. */
const MOST_BODY_BYTES = 64 * 1_048_576;

export function callbackPages(deps: CallbackDeps): Page[] {
  const bodies = new BytesInHand(MOST_BODY_BYTES);
  const refusals = new Refusals(deps);
  return callbacks
    .flatMap((callback) => callback(deps))
    .map((page) => ({ ...loggingMalformed(page, refusals), bodies }));
}

/** A body that cannot be read is logged as other refusals are, whoever sent it. */
function loggingMalformed(page: Page, refusals: Refusals): Page {
  const [, , ...names] = page.path.split('/').filter((part) => !part.startsWith(':'));
  return {
    ...page,
    async handle(request) {
      try {
        return await page.handle(request);
      } catch (error) {
        const isMalformed = error instanceof RequestError && malformed.has(error.code);
        if (isMalformed) refusals.note({ provider: names.join('/'), workspaceId: null, reason: 'malformed body' });
        throw error;
      }
    },
  };
}

const malformed: ReadonlySet<string> = new Set(['malformed_body', 'bad_request']);

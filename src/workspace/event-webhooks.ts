import { encodingProblem } from '../lib/encoding/url-encoding.ts';
import { maybe, object, required, text } from '../lib/raw/shape.ts';
import type { WebhookSecrets } from './catalog.ts';
import { open, type Secret, seal } from './secrets.ts';
import { places } from './settings.ts';
import { parseSealed, readStored } from './stored-settings.ts';

/**
 * What a provider, a mail server or a person's device said:
 *
 * - `delivered`, `deferred` (it is still being tried), `bounced`, `failed`: of the message's way.
 * - `complained`: the person reported it as spam.
 * - `opened`, `clicked`, `read`, `shown` (an impression), `dismissed`, `replied`: what was done with it.
 * - `opted_out`, `opted_in`: the person's consent. `reactivated`: the provider sends to the address again.
 * - `unknown`: kept and shown, and without effect.
 */
export const feedbackKinds = [
  'delivered',
  'deferred',
  'bounced',
  'failed',
  'complained',
  'opened',
  'clicked',
  'read',
  'shown',
  'dismissed',
  'replied',
  'opted_out',
  'opted_in',
  'reactivated',
  'unknown',
] as const;
export type FeedbackKind = (typeof feedbackKinds)[number];

/** The kinds of what our own calls said, which only workspaces that ask for it have in their feed. */
export const verdictKinds = ['sent', 'not_sent'] as const;
export type VerdictKind = (typeof verdictKinds)[number];

/** Every kind of event that the feed may have. */
export const eventKinds = [...verdictKinds, ...feedbackKinds] as const;
export type EventKind = VerdictKind | FeedbackKind;

/** Time for which the secret before still signs, so that receivers can change over. */
export const ROTATION_MS = 24 * 3_600_000;

const FEWEST_BYTES = 24;
const MOST_BYTES = 64;

/** Says what is wrong with a secret. null: nothing. Source: Standard Webhooks 1.0, "Signature scheme". */
export function secretProblem(secret: string): string | null {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const bytes = Buffer.from(base64 ?? '', 'base64').length;
  const isGood = base64 !== undefined && bytes >= FEWEST_BYTES && bytes <= MOST_BYTES;
  return isGood ? null : `expected whsec_ and the base64 of ${FEWEST_BYTES} to ${MOST_BYTES} random bytes`;
}

/** Says what is wrong with the URL of a webhook. null: nothing. */
export function webhookUrlProblem(url: string): string | null {
  const encoding = encodingProblem(url);
  if (encoding !== null) return encoding;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const isGood =
    parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
  return isGood ? null : 'expected a URL of http or https without a user and a password';
}

const sealedSecrets = object({
  secret: required(text({ max: 256 })),
  previous: maybe(object({ secret: required(text({ max: 256 })), until: required(text()) })),
});

export function sealWebhookSecrets(secrets: WebhookSecrets, secret: Secret, workspaceId: number, name: string): Buffer {
  return seal(secret, JSON.stringify(secrets), places.eventWebhook(workspaceId, name));
}

/** Throws SecretError, and StoredSettingsError when the value is not what was sealed. */
export function openWebhookSecrets(sealed: Buffer, secret: Secret, workspaceId: number, name: string): WebhookSecrets {
  const place = places.eventWebhook(workspaceId, name);
  const stored = parseSealed(open(secret, sealed, place), place);
  const { previous, ...read } = readStored(sealedSecrets, withoutNull(stored), place, 'event_webhooks');
  return { ...read, previous: previous === undefined ? null : { ...previous, until: new Date(previous.until) } };
}

function withoutNull(stored: unknown): unknown {
  return Object.fromEntries(Object.entries(Object(stored)).filter(([, value]) => value !== null));
}

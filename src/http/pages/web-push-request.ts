import { isListedHost, knownPushServices } from '../../channels/web-push/push-services.ts';
import type { VapidSettings } from '../../channels/web-push/settings.ts';
import {
  admitSubscription,
  readSubscription,
  type Subscription,
  subscriptionToken,
} from '../../channels/web-push/subscription.ts';
import { RequestError } from '../../errors.ts';
import { isAllowed } from '../../lib/allow-list.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { firstProblem, ObjectProblem } from '../../lib/raw/problems.ts';
import { readIdentity } from '../../people/tokens/browser-identity.ts';
import type { App } from '../../workspace/catalog.ts';
import { parseBody } from '../body/body.ts';

export const registrationMembers = ['app_id', 'subscription', 'previous', 'identity', 'external_id'] as const;
export const removalMembers = ['app_id', 'subscription'] as const;

/** Reads the body of a call from a page. Throws RequestError. */
export function readBody(rawBody: Buffer): ObjectReader {
  return new ObjectReader(parseBody(rawBody), '', firstProblem);
}

export function refuseUnknown(body: ObjectReader, known: readonly string[]): void {
  if (body.unknown(known).length > 0) throw new ObjectProblem(`body: expected only ${known.join(', ')}`);
}

/** Reads the token of a subscription in a body. Throws RequestError. */
export function readToken(value: unknown, path: string): string {
  return subscriptionToken(read(value, path));
}

/** Like `readToken`, for a token to store: it must not have expired, and must be at a push service of the app. */
export function readNewToken(value: unknown, { settings, now }: { settings: VapidSettings; now: Date }): string {
  const subscription = read(value, 'subscription');
  const { endpoint, expiresAt } = subscription;
  if (expiresAt !== null && expiresAt <= now) throw new ObjectProblem('subscription.expirationTime: has passed');
  if (!isPushService(endpoint, settings))
    throw new ObjectProblem('subscription.endpoint: expected one of a push service of this app');
  return subscriptionToken(subscription);
}

function read(value: unknown, path: string): Subscription {
  const reading = admitSubscription(readSubscription(value));
  if (reading.ok) return reading.subscription;
  throw new ObjectProblem(`${path}.${reading.problem}`);
}

/**
 * Whether the endpoint is a known push service, or a host that the operator allows. We will post to it, and anybody may
 * register one. Inner networks are refused when it is called.
 */
function isPushService({ hostname, host, protocol }: URL, settings: VapidSettings): boolean {
  const allowed = settings.allow_hosts ?? [];
  if (allowed.includes(hostname) || allowed.includes(host)) return true;
  if (allowed.length > 0 && isAllowed(hostname, allowed)) return true;
  return protocol === 'https:' && isListedHost(hostname, settings.push_services ?? knownPushServices);
}

/** Reads the external id that a page may name. null: it names nobody. Throws RequestError. */
export function readPerson(
  body: ObjectReader,
  { app, settings, now }: { app: App; settings: VapidSettings; now: Date },
): string | null {
  const isTrusted = settings.trust_external_id === true;
  if (body.has('identity')) {
    const { identity_key: key } = settings;
    if (key === undefined) throw new RequestError('invalid_identity', ['the app has no identity_key']);
    const identity = readIdentity(body.get('identity'), { key, appId: app.id, now });
    if (!identity.ok) throw new RequestError('invalid_identity', [`identity: ${identity.problem}`]);
    const externalId = textOf(identity.externalId, 'identity.sub');
    if (body.has('external_id') && body.get('external_id') !== externalId)
      throw new ObjectProblem('external_id: expected that of the identity');
    return externalId;
  }
  if (!body.has('external_id')) return null;
  if (!isTrusted) throw new RequestError('identity_required', ['external_id: expected an identity instead of it']);
  return textOf(body.get('external_id'), 'external_id');
}

function textOf(value: unknown, path: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new ObjectProblem(`${path}: expected a non-empty text`);
}

import { ECDH } from 'node:crypto';
import { isObject, own } from '../../lib/json.ts';

/** A browser's PushSubscription, decoded. Source: messaging-objects.md §5.3; W3C Push API §8. */
export interface Subscription {
  /** As `URL.href` writes it. */
  endpoint: URL;
  /** An uncompressed point of P-256, 65 bytes. */
  p256dh: Buffer;
  /** 16 bytes. */
  auth: Buffer;
  expiresAt: Date | null;
}

export type SubscriptionReading = { ok: true; subscription: Subscription } | { ok: false; problem: string };

/** A canonical token fits into an index row of PostgreSQL (`people/track/attributes.ts`). */
const MAX_ENDPOINT_LENGTH = 1_800;
const MAX_TEXT_LENGTH = 4_096;
const P256DH_BYTES = 65;
const UNCOMPRESSED = 4;
const AUTH_BYTES = 16;

/** The JSON text of a PushSubscription. Whether the key is a point at all shows when it is used. Never throws. */
export function readSubscriptionText(text: string): SubscriptionReading {
  if (text.length > MAX_TEXT_LENGTH) return refuse(`expected at most ${MAX_TEXT_LENGTH} characters`);
  try {
    return readSubscription(JSON.parse(text));
  } catch {
    return refuse("expected the JSON text of the browser's PushSubscription");
  }
}

/** The same from what `PushSubscription.toJSON()` gives. */
export function readSubscription(value: unknown): SubscriptionReading {
  const endpoint = readEndpoint(member(value, 'endpoint'));
  if (endpoint === null) return refuse('endpoint: expected a URL that starts with https://');
  const keys = member(value, 'keys');
  const p256dh = decode(member(keys, 'p256dh'), P256DH_BYTES);
  if (p256dh?.[0] !== UNCOMPRESSED) return refuse('keys.p256dh: expected an uncompressed point of P-256');
  const auth = decode(member(keys, 'auth'), AUTH_BYTES);
  if (auth === null) return refuse(`keys.auth: expected ${AUTH_BYTES} bytes in base64url`);
  const expiresAt = readExpiration(member(value, 'expirationTime'));
  if (expiresAt === undefined) return refuse('expirationTime: expected milliseconds since 1970, or null');
  return { ok: true, subscription: { endpoint, p256dh, auth, expiresAt } };
}

/** A subscription that is to be kept: also its key is checked. */
export function admitSubscription(reading: SubscriptionReading): SubscriptionReading {
  return reading.ok && !isOnCurve(reading.subscription.p256dh)
    ? refuse('keys.p256dh: expected a point of P-256')
    : reading;
}

/** The push token of a subscription: the same one is always the same text. */
export function subscriptionToken({ endpoint, p256dh, auth, expiresAt }: Subscription): string {
  return JSON.stringify({
    endpoint: endpoint.href,
    keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') },
    ...(expiresAt !== null && { expirationTime: expiresAt.getTime() }),
  });
}

/** http is for simulators; whether it may be called is the sender's decision. */
function readEndpoint(value: unknown): URL | null {
  if (typeof value !== 'string' || value.length > MAX_ENDPOINT_LENGTH || !URL.canParse(value)) return null;
  const url = new URL(value);
  const good = /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hostname !== '';
  return good && url.href.length <= MAX_ENDPOINT_LENGTH && url.hash === '' ? url : null;
}

/** Base64url or base64, padded or not, as browsers and libraries write it. */
function decode(value: unknown, bytes: number): Buffer | null {
  if (typeof value !== 'string' || value.length > 2 * bytes || !/^[\w+/-]+={0,2}$/.test(value)) return null;
  const decoded = Buffer.from(value, 'base64url');
  return decoded.length === bytes ? decoded : null;
}

function isOnCurve(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'uncompressed');
    return true;
  } catch {
    return false;
  }
}

/** Undefined = neither. */
function readExpiration(value: unknown): Date | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const date = new Date(Math.floor(value));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function member(value: unknown, key: string): unknown {
  return isObject(value) ? own(value, key) : undefined;
}

function refuse(problem: string): SubscriptionReading {
  return { ok: false, problem };
}

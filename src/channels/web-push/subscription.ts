import { ECDH } from 'node:crypto';
import { isObject, own } from '../../lib/raw/json.ts';

/** A browser's PushSubscription, decoded. Source: messaging-objects.md §5.3; W3C Push API §8. */
export interface Subscription {
  /** The push service's URL for this browser. */
  endpoint: URL;
  /** The browser's public key: an uncompressed point of P-256, 65 bytes. */
  p256dh: Buffer;
  /** The browser's authentication secret, 16 bytes. */
  auth: Buffer;
  /** null: the subscription does not expire. */
  expiresAt: Date | null;
}

export type SubscriptionReading = { ok: true; subscription: Subscription } | { ok: false; problem: string };

/** The limit lets a canonical token fit into an index row of PostgreSQL (`people/track/attributes.ts`). */
const MAX_ENDPOINT_LENGTH = 1_800;
const MAX_TEXT_LENGTH = 4_096;
const P256DH_BYTES = 65;
const UNCOMPRESSED = 4;
const AUTH_BYTES = 16;

/** Reads the JSON text of a PushSubscription. Does not check that the key is a point of the curve. Never throws. */
export function readSubscriptionText(text: string): SubscriptionReading {
  if (text.length > MAX_TEXT_LENGTH) return refuse(`expected at most ${MAX_TEXT_LENGTH} characters`);
  try {
    return readSubscription(JSON.parse(text));
  } catch {
    return refuse("expected the JSON text of the browser's PushSubscription");
  }
}

/** Reads the object that `PushSubscription.toJSON()` returns. */
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

/** Also checks the key, for a subscription that is to be stored. */
export function admitSubscription(reading: SubscriptionReading): SubscriptionReading {
  return reading.ok && !isOnCurve(reading.subscription.p256dh)
    ? refuse('keys.p256dh: expected a point of P-256')
    : reading;
}

/** The push token of a subscription. Equal subscriptions have equal tokens. */
export function subscriptionToken({ endpoint, p256dh, auth, expiresAt }: Subscription): string {
  return JSON.stringify({
    endpoint: endpoint.href,
    keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') },
    ...(expiresAt !== null && { expirationTime: expiresAt.getTime() }),
  });
}

/** Accepts http for simulators. The sender decides whether such an endpoint may be called. */
function readEndpoint(value: unknown): URL | null {
  if (typeof value !== 'string' || value.length > MAX_ENDPOINT_LENGTH || !URL.canParse(value)) return null;
  const url = canonical(new URL(value));
  const good = /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hostname !== '';
  return good && url.href.length <= MAX_ENDPOINT_LENGTH && url.hash === '' ? url : null;
}

/** Writes equivalent percent-encodings in one way. `URL` has done so with host, port and dots. Source: RFC 3986 §6.2.2. */
function canonical(url: URL): URL {
  const isUnreserved = (character: string) => /[\w.~-]/.test(character);
  return new URL(
    url.href.replace(/%[0-9a-f]{2}/gi, (code) => {
      const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return isUnreserved(character) ? character : code.toUpperCase();
    }),
  );
}

/** Decodes base64url or base64, padded or not, because browsers and libraries differ. */
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

/** null: never expires. undefined: the value is invalid. */
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

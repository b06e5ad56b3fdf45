import type { Http2Request } from '../../../net/http2/client/exchange.ts';
import { askedWait } from '../../../net/retry-after.ts';
import { jsonObject, type ProviderReply, plainWord } from '../../answers/provider-reply.ts';
import type { Push, PushOutcome } from '../../push/sender.ts';
import type { RenderedApplePush } from '../render.ts';

interface Envelope {
  /** The path of the base URL, in front of the request's path. */
  prefix: string;
  topic: string;
  jwt: string;
}

/** Source: messaging-objects.md §3.3. */
export function buildHeaders(
  { rendered, token, pushId }: Push<RenderedApplePush>,
  envelope: Envelope,
): Http2Request['headers'] {
  const headers: Record<string, string> = {
    ':method': 'POST',
    ':path': `${envelope.prefix}/3/device/${pathSegment(token)}`,
    authorization: `bearer ${envelope.jwt}`,
    'apns-topic': envelope.topic,
    'apns-id': pushId,
    ...rendered.headers,
  };
  const id = headers['apns-collapse-id'];
  // A header value is octets, so other than ASCII is sent as UTF-8.
  // It must not begin or end with a space (RFC 9113 §8.2.1).
  if (id !== undefined) headers['apns-collapse-id'] = Buffer.from(id.trim()).toString('latin1');
  return headers;
}

const hex = /^[\da-f]+$/i;

function pathSegment(token: string): string {
  return hex.test(token) ? token : encodeURIComponent(token.toWellFormed());
}

/** The outcome of a message that cannot succeed, so that no call is made. null: call APNs. */
export function outcomeWithoutCall(
  { rendered: { headers }, token }: Push<RenderedApplePush>,
  now: Date,
): PushOutcome | null {
  if (token === '') return { kind: 'bounced', reason: 'MissingDeviceToken', token: 'remove' };
  if (/\p{Cc}/u.test(headers['apns-collapse-id'] ?? '')) return { kind: 'failed', reason: 'BadCollapseId' };
  const expiresAtS = Number(headers['apns-expiration']);
  // 0 means "try once".
  return expiresAtS !== 0 && expiresAtS * 1_000 <= now.getTime() ? { kind: 'expired' } : null;
}

/** A change that may make the same message succeed at once. */
export type Remedy = 'new_token' | 'new_connection' | 'other_host';

export interface ApnsReading {
  outcome: PushOutcome;
  /** A remedy to try once. `outcome` is final when it does not help. */
  remedy?: Remedy;
  /** The connection that carried this answer must not be used any more. */
  retiresConnection?: true;
  /** No new token may be signed for a while. */
  holdsToken?: true;
}

interface Facts {
  token: string;
  registeredAt: Date;
  now: Date;
}

const failed = (reason: string): ApnsReading => ({ outcome: { kind: 'failed', reason } });
const misconfigured = (reason: string, more: Omit<ApnsReading, 'outcome'> = {}): ApnsReading => ({
  outcome: { kind: 'config_error', reason },
  ...more,
});
const bounced = (
  reason: string,
  token: 'remove' | 'suspect',
  more: Omit<ApnsReading, 'outcome'> = {},
): ApnsReading => ({
  outcome: { kind: 'bounced', reason, token },
  ...more,
});
const retry = (reason: string, more: Omit<ApnsReading, 'outcome'> = {}): ApnsReading => ({
  outcome: { kind: 'retry', reason },
  ...more,
});

/** Source: messaging-objects.md §3.4. `BadPath` and `Unregistered` depend on more than the reason. */
const readings: Readonly<Record<string, ApnsReading>> = {
  BadDeviceToken: bounced('BadDeviceToken', 'suspect', { remedy: 'other_host' }),
  DeviceTokenNotForTopic: bounced('DeviceTokenNotForTopic', 'suspect'),
  MissingDeviceToken: bounced('MissingDeviceToken', 'remove'),
  PayloadEmpty: failed('PayloadEmpty'),
  BadCollapseId: failed('BadCollapseId'),
  BadExpirationDate: failed('BadExpirationDate'),
  BadMessageId: failed('BadMessageId'),
  BadPriority: failed('BadPriority'),
  InvalidPushType: failed('InvalidPushType'),
  DuplicateHeaders: failed('DuplicateHeaders'),
  BadTopic: misconfigured('BadTopic'),
  MissingTopic: misconfigured('MissingTopic'),
  TopicDisallowed: misconfigured('TopicDisallowed'),
  IdleTimeout: retry('IdleTimeout', { retiresConnection: true }),
  ExpiredProviderToken: misconfigured('ExpiredProviderToken', { remedy: 'new_token' }),
  InvalidProviderToken: misconfigured('InvalidProviderToken', { remedy: 'new_token' }),
  MissingProviderToken: misconfigured('MissingProviderToken', { remedy: 'new_token' }),
  UnrelatedKeyIdInToken: misconfigured('UnrelatedKeyIdInToken', { remedy: 'new_connection', retiresConnection: true }),
  BadEnvironmentKeyIdInToken: misconfigured('BadEnvironmentKeyIdInToken'),
  BadCertificate: misconfigured('BadCertificate'),
  BadCertificateEnvironment: misconfigured('BadCertificateEnvironment'),
  Forbidden: misconfigured('Forbidden'),
  MethodNotAllowed: failed('MethodNotAllowed'),
  ExpiredToken: bounced('ExpiredToken', 'remove'),
  PayloadTooLarge: failed('PayloadTooLarge'),
  TooManyRequests: retry('TooManyRequests'),
  TooManyProviderTokenUpdates: {
    outcome: { kind: 'retry', reason: 'TooManyProviderTokenUpdates', slows: 'account' },
    holdsToken: true,
  },
  InternalServerError: retry('InternalServerError'),
  ServiceUnavailable: retry('ServiceUnavailable'),
  Shutdown: retry('Shutdown', { retiresConnection: true }),
};

/** The meaning of an answer. Never throws, whatever the answer holds. */
export function readReply(reply: ProviderReply, facts: Facts): ApnsReading {
  if (reply.status === 200) return { outcome: { kind: 'accepted', providerId: idOf(reply) } };
  const { reason: given, timestamp } = jsonObject(reply.body);
  const reason = plainWord(given);
  const reading =
    reason === 'Unregistered' ? unregistered(timestamp, facts) : reason === 'BadPath' ? badPath(facts) : known(reason);
  return withWait(reading ?? unknownReason(reply.status, reason), reply, facts.now);
}

function known(reason: string | null): ApnsReading | null {
  return reason !== null && Object.hasOwn(readings, reason) ? (readings[reason] ?? null) : null;
}

/** A token that was registered after Apple saw it gone is good. `timestamp`: milliseconds since 1970. */
function unregistered(timestamp: unknown, { registeredAt }: Facts): ApnsReading {
  const cameBack = typeof timestamp === 'number' && registeredAt.getTime() > timestamp;
  return { outcome: { kind: 'bounced', reason: 'Unregistered', token: cameBack ? 'keep' : 'remove' } };
}

/** Either we built a wrong path, or its token is not a token. */
function badPath({ token }: Facts): ApnsReading {
  return hex.test(token) ? failed('BadPath') : bounced('BadPath', 'remove');
}

/** A reason that is new or not Apple's. Its status decides what it means. */
function unknownReason(status: number, reason: string | null): ApnsReading {
  const text = `${status}${reason === null ? '' : ` ${reason}`}`;
  if (status >= 200 && status < 300) return { outcome: { kind: 'unknown', reason: 'unexpected_reply' } };
  if (status === 410) return bounced(text, 'suspect');
  if (status === 429 || status >= 500) return retry(text);
  if (status === 403 || status < 400) return misconfigured(text);
  return failed(text);
}

/** Adds the wait that the answer asks for, if the message is to be retried. */
function withWait(reading: ApnsReading, { headers }: ProviderReply, now: Date): ApnsReading {
  if (reading.outcome.kind !== 'retry' || headers['retry-after'] === undefined) return reading;
  return { ...reading, outcome: { ...reading.outcome, ...askedWait(headers['retry-after'], now) } };
}

function idOf({ headers }: ProviderReply): string | null {
  return plainWord(headers['apns-id']);
}

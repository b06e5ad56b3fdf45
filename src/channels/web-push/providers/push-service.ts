import type { PostReply } from '../../../net/http-post.ts';
import { askedWait } from '../../../net/retry-after.ts';
import { MAX_WORDS_BYTES } from '../../answers/provider-words.ts';
import type { PushOutcome } from '../../push/sender.ts';

/** Source: RFC 8030 §5; messaging-objects.md §5.3. Windows' service is asked to keep the message, as others do. */
export function requestHeaders({ ttlS, urgency, authorization, host }: Wanted): Record<string, string> {
  return {
    ttl: String(ttlS),
    urgency,
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
    ...(isWindows(host) && { 'x-wns-cache-policy': ttlS === 0 ? 'no-cache' : 'cache' }),
    authorization,
  };
}

interface Wanted {
  ttlS: number;
  urgency: string;
  authorization: string;
  /** The push service's host name. */
  host: string;
}

function isWindows(host: string): boolean {
  return host.endsWith('.notify.windows.com');
}

/** The outcome that a push service's answer stands for. Source: messaging-objects.md §5.4; RFC 8030 §5 and §8.4. */
export function readReply(reply: Reply, now: Date, host: string): PushOutcome {
  const { status, headers } = reply;
  const reason = String(status);
  if (status >= 200 && status < 300) return { kind: 'accepted', providerId: headers.location?.slice(0, 2_048) ?? null };
  if (isUnauthorized(reply)) return readUnauthorized(reply);
  if (status === 404 || status === 410) return { kind: 'bounced', reason, token: 'remove' };
  const isThrottled = status === 406 && (isWindows(host) || headers['retry-after'] !== undefined);
  if (status === 408 || status === 429 || status >= 500 || isThrottled)
    return { kind: 'retry', reason, ...askedWait(headers['retry-after'], now) };
  return { kind: 'failed', reason };
}

type Reply = Pick<PostReply, 'status' | 'headers' | 'body'>;

/** Whether a new signature may make the request succeed. */
export function isUnauthorized({ status }: Pick<PostReply, 'status'>): boolean {
  return status === 401 || status === 403;
}

/** How much of an answer's body says what it means. A success says nothing more. */
export function bytesToKeep(status: number): number {
  return status >= 200 && status < 300 ? 0 : MAX_WORDS_BYTES;
}

/** Words that blame the subscription: it was made with another key. Seen from the services of Apple, Google and Mozilla. */
const blamesSubscription = /mismatch|(do|does) ?n[o']t (correspond|match)|used to create the subscription/i;
/** Words that blame our signature, of which the person's browser knows nothing. */
const blamesSignature =
  /jwt|vapid|provider ?token|signature|\b(aud|exp|sub)\b|audience|expir|authorization header|authentication|no contact/i;

/**
 * What is said about our own signature concerns the app and none of its people. Without such words the subscription is
 * only doubted.
 */
function readUnauthorized({ status, body }: Reply): PushOutcome {
  const text = body.toString('utf8');
  const isOurs = blamesSignature.test(text) && !blamesSubscription.test(text);
  if (!isOurs) return { kind: 'bounced', reason: String(status), token: 'suspect' };
  return { kind: 'config_error', reason: `${status} ${wordOf(text)}`.trim() };
}

/** The reason in the body, if it is one word. */
function wordOf(text: string): string {
  return /"(?:reason|error)"\s*:\s*"([\w-]{1,60})"/.exec(text)?.[1] ?? 'signature refused';
}

import type { Clock } from '../../lib/clock.ts';
import { BLOCKED_TARGET } from '../../net/guarded-pools.ts';
import { NotBegunError, type PostReply } from '../../net/http-post.ts';
import { hostOf } from '../answers/provider-reply.ts';
import { replyWords, withWords } from '../answers/provider-words.ts';
import { unansweredPost } from '../answers/unanswered-post.ts';
import { drainOnClose } from '../drain-on-close.ts';
import { type NotBegun, refusedByUs } from '../outcome.ts';
import type { Push, PushOutcome, PushSender, PushSenderOptions } from '../push/sender.ts';
import { remainingTtl } from '../remaining-ttl.ts';
import { MAX_PLAINTEXT_BYTES } from './encrypt.ts';
import { shareEncryptors } from './encryptors.ts';
import { createOrigins, type Origin, type OriginsOptions } from './origins.ts';
import { bytesToKeep, isUnauthorized, readReply, requestHeaders } from './providers/push-service.ts';
import type { RenderedWebPush } from './render.ts';
import type { VapidSettings } from './settings.ts';
import { readSubscriptionText } from './subscription.ts';
import { readVapidKeys } from './vapid.ts';

/** Longest time for one message, with the answer, however slowly that comes. */
const TIMEOUT_MS = 60_000;

/**
 * Encrypts for browsers and posts to the push services that their subscriptions name. When the worker or the
 * dispatch stops, requests that a connection has begun are not aborted: they end within a minute, and an aborted message
 * would be sent twice.
 */
export function createWebPushSender({
  settings,
  clock,
  processors,
  ...network
}: PushSenderOptions<VapidSettings> & Pick<OriginsOptions, 'resolve' | 'ca'>): PushSender<RenderedWebPush> {
  const origins = createOrigins({
    ...network,
    vapid: readVapidKeys(settings),
    clock,
    allow: settings.allow_hosts ?? [],
    services: settings.push_services ?? null,
  });
  const encryptors = shareEncryptors(processors);

  async function deliver(
    { rendered, token, acceptedAt, observer }: Push<RenderedWebPush>,
    mayBegin: AbortSignal,
  ): Promise<PushOutcome | NotBegun> {
    const now = clock.now();
    const reading = readSubscriptionText(token);
    if (!reading.ok) return { kind: 'bounced', reason: 'malformed_subscription', isOurs: true, token: 'remove' };
    const { subscription } = reading;
    if (subscription.expiresAt !== null && subscription.expiresAt <= now)
      return { kind: 'bounced', reason: 'subscription_expired', isOurs: true, token: 'remove' };
    const ttlS = remainingTtl(Number(rendered.headers.TTL), acceptedAt, now);
    if (ttlS === null) return { kind: 'expired' };
    const plaintext = Buffer.from(JSON.stringify(rendered.payload));
    if (plaintext.length > MAX_PLAINTEXT_BYTES) return refusedByUs('payload_too_large');
    try {
      const origin = await origins.open(subscription.endpoint);
      if (origin === null) return blocked(subscription.endpoint);
      const body = await encryptors.encrypt({ plaintext, receiver: subscription });
      if (body === null) return { kind: 'bounced', reason: 'malformed_subscription', isOurs: true, token: 'remove' };
      observer?.started();
      const reply = await exchange(clock, origin, {
        host: subscription.endpoint.hostname,
        path: pathOf(subscription.endpoint),
        ttlS,
        rendered,
        body,
        mayBegin,
      });
      const outcome = readReply(reply, clock.now(), subscription.endpoint.hostname);
      if (outcome.kind === 'accepted') return outcome;
      return withWords(outcome, replyWords(reply, [subscription.endpoint.href, pathOf(subscription.endpoint)]));
    } catch (error) {
      return readFailure(error, subscription.endpoint);
    }
  }

  return drainOnClose(deliver, () => Promise.all([origins.close(), encryptors.close()]));
}

interface Message {
  host: string;
  path: string;
  ttlS: number;
  rendered: RenderedWebPush;
  body: Buffer;
  mayBegin: AbortSignal;
}

/**
 * After a refused signature, sends once more with a new one, because the old one may have expired. Ends in time, even if
 * the answer comes bit by bit.
 */
async function exchange(clock: Clock, origin: Origin, message: Message): Promise<PostReply> {
  const time = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () => time.abort(new DOMException('no answer in time', 'TimeoutError')));
  try {
    const authorization = origin.authorization();
    const reply = await send(origin, message, authorization, time.signal);
    if (!isUnauthorized(reply)) return reply;
    return await send(origin, message, origin.authorization(authorization), time.signal);
  } finally {
    cancel();
  }
}

function send(
  { pool }: Origin,
  { path, host, ttlS, rendered, body, mayBegin }: Message,
  authorization: string,
  signal: AbortSignal,
): Promise<PostReply> {
  return pool.post({
    path,
    headers: requestHeaders({ ttlS, urgency: rendered.headers.Urgency, authorization, host }),
    body,
    maxReplyBytes: bytesToKeep,
    signal,
    mayBegin,
  });
}

function readFailure(error: unknown, endpoint: URL): PushOutcome | NotBegun {
  if (error instanceof NotBegunError) return { kind: 'not_begun' };
  return Object(error).code === BLOCKED_TARGET ? blocked(endpoint) : unansweredPost(error, endpoint);
}

function blocked(endpoint: URL): PushOutcome {
  return refusedByUs(
    'blocked_target',
    `${hostOf(endpoint)} may not be called; vapid.allow_hosts of the app lists exceptions`,
  );
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}

import type { Http2Answer, Http2Request } from '../../net/http2/client/exchange.ts';
import { Http2Pool, type Http2PoolOptions } from '../../net/http2/client/pool.ts';
import { readUnanswered } from '../answers/provider-reply.ts';
import { replyWords, withWords } from '../answers/provider-words.ts';
import { type NotBegun, refusedByUs } from '../outcome.ts';
import type { Push, PushOutcome, PushSender, PushSenderOptions } from '../push/sender.ts';
import { remainingTtl } from '../remaining-ttl.ts';
import { AccessTokens } from './access-tokens.ts';
import { readFcmApp } from './fcm-app.ts';
import { buildBody, type FcmReading, readReply } from './providers/fcm.ts';
import type { RenderedAndroidPush } from './render.ts';
import type { FcmSettings } from './settings.ts';

type Message = Pick<Http2Request, 'body' | 'observer'>;

/** FCM allows 100 streams a connection, so 20 connections carry 2,000 messages at once. */
const MAX_CONNECTIONS = 20;

/**
 * Sends to Firebase Cloud Messaging over HTTP v1, with one call for each token.
 * Source: messaging-objects.md §2.3 and §2.4.
 */
export function createFcmSender(
  { settings, clock }: PushSenderOptions<FcmSettings>,
  network: Partial<Http2PoolOptions> = {},
): PushSender<RenderedAndroidPush> {
  const app = readFcmApp(settings);
  const tokens = new AccessTokens(app.account, clock, network.ca);
  const pool = new Http2Pool({ origin: app.origin, maxConnections: MAX_CONNECTIONS, ...network, clock });
  let authorized: { token: string; headers: Http2Request['headers'] } | null = null;

  /** The request's headers, one object for all calls with the same token. */
  function headersWith(token: string): Http2Request['headers'] {
    if (authorized?.token !== token) {
      const headers = {
        ':method': 'POST',
        ':path': app.path,
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
      };
      authorized = { token, headers };
    }
    return authorized.headers;
  }

  function call({ body, observer }: Message, token: string, signal: AbortSignal): Promise<Http2Answer> {
    return pool.request({ headers: headersWith(token), body, observer }, signal);
  }

  function read(answer: Http2Answer, secrets: readonly string[]): Reading {
    if (answer.kind !== 'reply') return { outcome: readUnanswered(answer, app.origin) };
    const reading = readReply(answer, clock.now());
    if (reading.outcome.kind === 'accepted') return reading;
    return { ...reading, outcome: withWords(reading.outcome, replyWords(answer, secrets)) };
  }

  return {
    async deliver(push: Push<RenderedAndroidPush>, signal: AbortSignal): Promise<PushOutcome | NotBegun> {
      const token = tokens.current() ?? (await tokens.fetch());
      if (typeof token !== 'string') return token;
      const ttlS = remainingTtl(
        Number.parseInt(push.rendered.message.android.ttl ?? '', 10),
        push.acceptedAt,
        clock.now(),
      );
      if (ttlS === null) return { kind: 'expired' };
      const body = buildBody(app, push, ttlS);
      if (body === null) return refusedByUs('payload_too_large');
      const message = { body, observer: push.observer };
      const reading = read(await call(message, token, signal), [token, push.token]);
      if (reading.renewsToken === undefined) return reading.outcome;
      const other = await tokens.renew(token);
      if (other === null) return reading.outcome;
      if (typeof other !== 'string') return other;
      return read(await call(message, other, signal), [other, push.token]).outcome;
    },
    async close() {
      await pool.close();
      await tokens.close();
    },
  };
}

type Reading = Omit<FcmReading, 'outcome'> & { outcome: PushOutcome | NotBegun };

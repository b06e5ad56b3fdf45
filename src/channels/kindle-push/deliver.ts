import { Pool } from 'undici';
import { NotBegunError, networkReason, type PostReply, post } from '../../net/http-post.ts';
import { connectionWords, replyWords, withWords } from '../answers/provider-words.ts';
import { unansweredPost } from '../answers/unanswered-post.ts';
import { drainOnClose } from '../drain-on-close.ts';
import type { NotBegun } from '../outcome.ts';
import type { Push, PushOutcome, PushSender, PushSenderOptions } from '../push/sender.ts';
import { createAccessTokens } from './access-token.ts';
import {
  type AdmRequest,
  buildRequest,
  buildTokenRequest,
  MAX_REPLY_BYTES,
  readReply,
  readTokenReply,
} from './providers/adm.ts';
import type { RenderedKindlePush } from './render.ts';
import type { AdmSettings } from './settings.ts';

const BASE_URL = 'https://api.amazon.com';
const MAX_CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 30_000;
const TIMEOUT_MS = 60_000;
const MIN_EXPIRES_AFTER_S = 60;

/**
 * Posts to Amazon Device Messaging with the credentials of one app. When the worker or the dispatch stops, requests that a
 * connection has begun are not aborted: they end within a minute, and an aborted message would be sent twice.
 */
export function createAdmSender({ settings, clock }: PushSenderOptions<AdmSettings>): PushSender<RenderedKindlePush> {
  const base = new URL(settings.base_url ?? BASE_URL);
  const tokenUrl = tokenUrlOf(settings);
  const credentials = { clientId: settings.client_id, clientSecret: settings.client_secret };
  const messages = poolFor(base, MAX_CONNECTIONS);
  const tokens = poolFor(tokenUrl, 1);
  const prefix = base.pathname.replace(/\/+$/, '');
  const accessTokens = createAccessTokens(clock, fetchToken);

  async function fetchToken() {
    try {
      const reply = await exchange(tokens, buildTokenRequest(tokenUrl.pathname + tokenUrl.search, credentials));
      const reading = readTokenReply(reply, clock.now());
      if (reading.ok) return reading;
      return { ok: false, outcome: withWords(reading.outcome, replyWords(reply, [settings.client_secret])) } as const;
    } catch (error) {
      const outcome = { kind: 'retry', reason: networkReason(error) } as const;
      return { ok: false, outcome: withWords(outcome, connectionWords(error, tokenUrl)) } as const;
    }
  }

  /** One attempt. After a refused token it fetches a new one and tries once more. */
  async function attempt(
    push: Push<RenderedKindlePush>,
    mayBegin: AbortSignal,
    isRepetition = false,
  ): Promise<PushOutcome | NotBegun> {
    const { rendered, token: registrationId } = push;
    if (!registrationId.isWellFormed())
      return { kind: 'bounced', reason: 'malformed_token', isOurs: true, token: 'remove' };
    const expiresAfter = remaining(rendered, push.acceptedAt);
    if (expiresAfter === null) return { kind: 'expired' };
    const reading = await accessTokens.current();
    if (!reading.ok) return reading.outcome;
    const { accessToken } = reading;
    const message = { ...rendered.message, expiresAfter };
    try {
      push.observer?.started();
      const request = buildRequest(message, { prefix, registrationId, accessToken });
      const reply = await exchange(messages, { ...request, mayBegin });
      if (reply.status === 401) accessTokens.forget(accessToken);
      if (reply.status === 401 && !isRepetition) return attempt(push, mayBegin, true);
      const outcome = readReply(reply, { registrationId, now: clock.now() });
      return outcome.kind === 'accepted'
        ? outcome
        : withWords(outcome, replyWords(reply, [accessToken, registrationId]));
    } catch (error) {
      return error instanceof NotBegunError ? { kind: 'not_begun' } : unansweredPost(error, base);
    }
  }

  /** How long ADM shall store the message, in seconds. null: its time has passed. */
  function remaining({ message }: RenderedKindlePush, acceptedAt: Date): number | null {
    const given = settings.expires_after ?? message.expiresAfter;
    const left = given - Math.max(0, Math.floor((clock.now().getTime() - acceptedAt.getTime()) / 1_000));
    return left > 0 ? Math.max(left, MIN_EXPIRES_AFTER_S) : null;
  }

  return drainOnClose(
    (push, signal) => attempt(push, signal),
    () => Promise.all([messages.close(), tokens.close()]),
  );
}

/** Where access tokens come from. */
export function tokenUrlOf({ token_url }: AdmSettings): URL {
  return new URL(token_url ?? '/auth/O2/token', token_url ?? BASE_URL);
}

function poolFor(url: URL, connections: number): Pool {
  return new Pool(url.origin, {
    connections,
    pipelining: 1,
    headersTimeout: REPLY_TIMEOUT_MS,
    bodyTimeout: REPLY_TIMEOUT_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
}

function exchange(pool: Pool, request: AdmRequest & { mayBegin?: AbortSignal }): Promise<PostReply> {
  return post(pool, { ...request, maxReplyBytes: MAX_REPLY_BYTES, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

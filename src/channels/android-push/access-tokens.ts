import { Agent } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { networkReason, type PostReply, post } from '../../net/http-post.ts';
import { askedWait } from '../../net/retry-after.ts';
import { jsonObject, plainWord } from '../answers/provider-reply.ts';
import { connectionWords, replyWords, withWords } from '../answers/provider-words.ts';
import { signJwt } from '../jwt.ts';
import type { PushOutcome } from '../push/sender.ts';
import type { ServiceAccount } from './fcm-app.ts';

/** A token, or the outcome of a message that could not get one. */
export type TokenAnswer = string | Extract<PushOutcome, { kind: 'retry' | 'config_error' }>;

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const LIFETIME_S = 3_600;
const MARGIN_MS = 300_000;
/** A token that is refused so soon after it was issued is not replaced, because the next would be refused, too. */
const MIN_RENEWAL_MS = 60_000;
/** How long a failed exchange is not repeated; its answer counts for later messages. */
const FAILURE_MS = 5_000;
const TIMEOUT_MS = 10_000;

interface Held {
  token: string;
  fetchedAt: number;
  renewAt: number;
  expiresAt: number;
}

/**
 * Google's access tokens for one service account. A token is exchanged for a signed assertion and used until five
 * minutes before it expires. Only one exchange runs at a time, however many messages wait for it.
 * Source: messaging-objects.md §2.3, RFC 7523.
 */
export class AccessTokens {
  readonly #account: ServiceAccount;
  readonly #clock: Clock;
  readonly #agent: Agent;
  #held: Held | null = null;
  #fetching: Promise<TokenAnswer> | null = null;
  #failed: { answer: TokenAnswer; until: number } | null = null;

  /** `ca`: PEM of the endpoint's certificate authority, if it is not a public one. */
  constructor(account: ServiceAccount, clock: Clock, ca?: string) {
    this.#account = account;
    this.#clock = clock;
    this.#agent = new Agent({ connections: 1, connect: { timeout: TIMEOUT_MS, ...(ca !== undefined && { ca }) } });
  }

  /** The current token. null: a new one is due. */
  current(): string | null {
    return this.#held !== null && this.#now() < this.#held.renewAt ? this.#held.token : null;
  }

  /** A new token. If the exchange fails, the old one until it expires. */
  async fetch(): Promise<TokenAnswer> {
    if (this.#failed !== null && this.#now() < this.#failed.until) return this.#oldOr(this.#failed.answer);
    this.#fetching ??= this.#exchange().finally(() => {
      this.#fetching = null;
    });
    return this.#oldOr(await this.#fetching);
  }

  /** Another token, after FCM has refused `refused`. null: a new one would not help. */
  async renew(refused: string): Promise<TokenAnswer | null> {
    const held = this.#held;
    if (held !== null && held.token !== refused) return held.token;
    if (held !== null && this.#now() - held.fetchedAt < MIN_RENEWAL_MS) return null;
    this.#held = null;
    return this.fetch();
  }

  async close(): Promise<void> {
    await this.#fetching;
    await this.#agent.close();
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #oldOr(answer: TokenAnswer): TokenAnswer {
    if (typeof answer === 'string' || this.#held === null) return answer;
    return this.#now() < this.#held.expiresAt ? this.#held.token : answer;
  }

  async #exchange(): Promise<TokenAnswer> {
    const answer = await this.#ask();
    if (typeof answer === 'string') this.#failed = null;
    else this.#failed = { answer, until: this.#now() + FAILURE_MS };
    return answer;
  }

  async #ask(): Promise<TokenAnswer> {
    try {
      const { origin, pathname, search } = new URL(this.#account.tokenUrl);
      const reply = await post(this.#agent, {
        origin,
        path: pathname + search,
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: exchangeForm(this.#account, this.#clock.now()),
        maxReplyBytes: 65_536,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return this.#read(reply);
    } catch (error) {
      const outcome = { kind: 'retry', reason: `google_token ${networkReason(error)}` } as const;
      return withWords(outcome, connectionWords(error, new URL(this.#account.tokenUrl)));
    }
  }

  #read(reply: PostReply): TokenAnswer {
    const read = readTokenReply(reply, this.#clock.now());
    if (!('token' in read)) return withWords(read, replyWords(reply));
    const now = this.#now();
    const margin = Math.min(MARGIN_MS, read.lifetimeMs / 2);
    const expiresAt = now + read.lifetimeMs;
    this.#held = { token: read.token, fetchedAt: now, renewAt: expiresAt - margin, expiresAt };
    return read.token;
  }
}

/** Source: RFC 7523 §2.1. */
export function exchangeForm({ clientEmail, keyId, key, tokenUri }: ServiceAccount, now: Date): string {
  const iat = Math.floor(now.getTime() / 1_000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) } as const;
  const claims = { iss: clientEmail, scope: SCOPE, aud: tokenUri, iat, exp: iat + LIFETIME_S };
  return new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: signJwt(header, claims, key),
  }).toString();
}

type TokenReading = { token: string; lifetimeMs: number } | Exclude<TokenAnswer, string>;

/** Never throws. An error in our key needs the operator; any other failure is temporary. */
export function readTokenReply({ status, headers, body }: PostReply, now: Date): TokenReading {
  const { access_token: token, expires_in: lifetime = LIFETIME_S, error } = jsonObject(body);
  if (status === 200 && typeof token === 'string' && /^[\x21-\x7e]{1,8192}$/.test(token)) {
    const seconds = typeof lifetime === 'number' && lifetime > 0 ? Math.min(lifetime, 86_400) : LIFETIME_S;
    return { token, lifetimeMs: seconds * 1_000 };
  }
  const reason = `google_token ${plainWord(error) ?? status}`;
  const isTemporary = status === 408 || status === 429 || status >= 500;
  return isTemporary
    ? { kind: 'retry', reason, ...askedWait(headers['retry-after'], now) }
    : { kind: 'config_error', reason };
}

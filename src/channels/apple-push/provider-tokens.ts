import type { Clock } from '../../lib/clock.ts';
import { signJwt } from '../jwt.ts';
import type { Signer } from './apns-app.ts';

const LIFETIME_MS = 50 * 60_000;
const MIN_RENEWAL_MS = 20 * 60_000;
/** The greatest age of a token, because Apple refuses one that is older than an hour. */
const MAX_AGE_MS = 59 * 60_000;

/**
 * Our signed tokens for one team and key. A new one is signed every 50 minutes, and never two within 20 minutes,
 * because Apple refuses that. Signing is synchronous, so concurrent callers get the same token.
 * Source: messaging-objects.md §3.3.
 */
export class ProviderTokens {
  readonly #signer: Signer;
  readonly #clock: Clock;
  #token: string | null = null;
  #signedAt = 0;
  #heldUntil = 0;

  constructor(signer: Signer, clock: Clock) {
    this.#signer = signer;
    this.#clock = clock;
  }

  current(): string {
    const now = this.#now();
    const age = now - this.#signedAt;
    const isOld = age >= LIFETIME_MS && (now >= this.#heldUntil || age >= MAX_AGE_MS);
    return this.#token === null || isOld ? this.#sign(now) : this.#token;
  }

  /** Another token, after Apple has refused `refused`. null: no new one may be signed yet. */
  renew(refused: string): string | null {
    const now = this.#now();
    if (this.#token !== null && this.#token !== refused) return this.#token;
    const isEarly = now - this.#signedAt < MIN_RENEWAL_MS || now < this.#heldUntil;
    return isEarly ? null : this.#sign(now);
  }

  /** Keeps the current token for 20 minutes, because Apple has said that there were too many. */
  hold(): void {
    this.#heldUntil = this.#now() + MIN_RENEWAL_MS;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #sign(now: number): string {
    const { teamId, keyId, key } = this.#signer;
    this.#signedAt = now;
    this.#token = signJwt({ alg: 'ES256', kid: keyId }, { iss: teamId, iat: Math.floor(now / 1_000) }, key);
    return this.#token;
  }
}

const known = new WeakMap<Clock, Map<string, ProviderTokens>>();

/**
 * The tokens of a team and key. All its apps share them, and a new sender continues with them, because Apple counts
 * new tokens by team, not by connection.
 */
export function providerTokens(signer: Signer, clock: Clock): ProviderTokens {
  const ofClock = known.get(clock) ?? new Map<string, ProviderTokens>();
  known.set(clock, ofClock);
  const tokens = ofClock.get(signer.identity) ?? new ProviderTokens(signer, clock);
  ofClock.set(signer.identity, tokens);
  return tokens;
}

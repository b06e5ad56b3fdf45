import type { KeyObject } from 'node:crypto';
import { isSignedBy, readJwt } from '../jwt.ts';
import type { ApnsReason } from './apns-answers.ts';

export interface TrustedKey {
  teamId: string;
  keyId: string;
  publicKey: KeyObject;
}

interface VerifiedToken {
  keyId: string;
  issuedAtMs: number;
}

/** The token that a connection used last. */
interface UsedToken {
  keyId: string;
  token: string;
  issuedAtMs: number;
}

const MOST_AGE_MS = 3_600_000;
const LEAST_BETWEEN_MS = 1_200_000;
/** Tolerance for clocks that differ. */
const LEEWAY_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/**
 * Checks provider tokens. A token is verified once and remembered by its text. A connection must keep the key that it began
 * with, and may use a newer token at most every 20 minutes.
 * Source: Apple, "Establishing a token-based connection to APNs"; messaging-objects.md §3.3.
 */
export class ProviderTokens {
  readonly #keys: readonly TrustedKey[];
  readonly #verified = new Map<string, VerifiedToken | null>();
  readonly #used = new WeakMap<object, UsedToken>();
  readonly #revoked = new Set<string>();

  constructor(keys: readonly TrustedKey[]) {
    this.#keys = keys;
  }

  /** Checks the value of the authorization header on this connection. null: it is good. */
  problem(authorization: string | undefined, connection: object, nowMs: number): ApnsReason | null {
    if (authorization === undefined) return 'MissingProviderToken';
    if (!/^bearer ./i.test(authorization.slice(0, 8))) return 'InvalidProviderToken';
    const token = this.#verifiedToken(authorization);
    if (token === null || token.issuedAtMs > nowMs + LEEWAY_MS) return 'InvalidProviderToken';
    if (nowMs - token.issuedAtMs > MOST_AGE_MS) return 'ExpiredProviderToken';
    return this.#changeProblem(token, authorization, connection);
  }

  /** Revokes the keys that have been used so far, as a developer can do with Apple. */
  revokeUsed(): void {
    for (const token of this.#verified.values()) if (token !== null) this.#revoked.add(token.keyId);
    this.#verified.clear();
  }

  #changeProblem({ keyId, issuedAtMs }: VerifiedToken, token: string, connection: object): ApnsReason | null {
    const used = this.#used.get(connection);
    if (used?.token === token) return null;
    if (used !== undefined && used.keyId !== keyId) return 'UnrelatedKeyIdInToken';
    if (used !== undefined && issuedAtMs < used.issuedAtMs + LEAST_BETWEEN_MS) return 'TooManyProviderTokenUpdates';
    this.#used.set(connection, { keyId, token, issuedAtMs });
    return null;
  }

  #verifiedToken(authorization: string): VerifiedToken | null {
    const remembered = this.#verified.get(authorization);
    if (remembered !== undefined) return remembered;
    if (this.#verified.size >= MOST_REMEMBERED) this.#verified.clear();
    const token = this.#verify(authorization.slice(7).trim());
    this.#verified.set(authorization, token);
    return token;
  }

  #verify(token: string): VerifiedToken | null {
    const jwt = readJwt(token);
    if (jwt === null || typeof jwt.claims.iat !== 'number') return null;
    const { kid } = jwt.header;
    const key = this.#keys.find(({ keyId, teamId }) => keyId === kid && teamId === jwt.claims.iss);
    if (key === undefined || this.#revoked.has(key.keyId) || !isSignedBy(jwt, key.publicKey)) return null;
    return { keyId: key.keyId, issuedAtMs: jwt.claims.iat * 1_000 };
  }
}

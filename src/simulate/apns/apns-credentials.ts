import type { KeyObject } from 'node:crypto';
import { isSignedBy, readJwt } from '../jwt.ts';
import type { ApnsReason } from './apns-answers.ts';

export interface TrustedKey {
  teamId: string;
  keyId: string;
  publicKey: KeyObject;
}

interface Known {
  keyId: string;
  issuedAtMs: number;
}

/** What one connection has shown so far. */
interface Shown {
  keyId: string;
  token: string;
  issuedAtMs: number;
}

const MOST_AGE_MS = 3_600_000;
const LEAST_BETWEEN_MS = 1_200_000;
/** Clocks differ. */
const LEEWAY_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/**
 * Judges provider tokens. A token is verified once and remembered by its text. A connection keeps to the key it began
 * with, and shows a newer token at most every 20 minutes.
 * Source: Apple, "Establishing a token-based connection to APNs"; messaging-objects.md 3.3.
 */
export class ProviderTokens {
  readonly #keys: readonly TrustedKey[];
  readonly #known = new Map<string, Known | null>();
  readonly #shown = new WeakMap<object, Shown>();
  readonly #revoked = new Set<string>();

  constructor(keys: readonly TrustedKey[]) {
    this.#keys = keys;
  }

  /** The value of the authorization header, as shown on this connection; null = good. */
  problem(authorization: string | undefined, connection: object, nowMs: number): ApnsReason | null {
    if (authorization === undefined) return 'MissingProviderToken';
    if (!/^bearer ./i.test(authorization.slice(0, 8))) return 'InvalidProviderToken';
    const known = this.#verified(authorization);
    if (known === null || known.issuedAtMs > nowMs + LEEWAY_MS) return 'InvalidProviderToken';
    if (nowMs - known.issuedAtMs > MOST_AGE_MS) return 'ExpiredProviderToken';
    return this.#changeProblem(known, authorization, connection);
  }

  /** As if the keys that have been used so far had been revoked with Apple. */
  revokeUsed(): void {
    for (const known of this.#known.values()) if (known !== null) this.#revoked.add(known.keyId);
    this.#known.clear();
  }

  #changeProblem({ keyId, issuedAtMs }: Known, token: string, connection: object): ApnsReason | null {
    const shown = this.#shown.get(connection);
    if (shown?.token === token) return null;
    if (shown !== undefined && shown.keyId !== keyId) return 'UnrelatedKeyIdInToken';
    if (shown !== undefined && issuedAtMs < shown.issuedAtMs + LEAST_BETWEEN_MS) return 'TooManyProviderTokenUpdates';
    this.#shown.set(connection, { keyId, token, issuedAtMs });
    return null;
  }

  #verified(authorization: string): Known | null {
    const remembered = this.#known.get(authorization);
    if (remembered !== undefined) return remembered;
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    const known = this.#verify(authorization.slice(7).trim());
    this.#known.set(authorization, known);
    return known;
  }

  #verify(token: string): Known | null {
    const jwt = readJwt(token);
    if (jwt === null || typeof jwt.claims.iat !== 'number') return null;
    const { kid } = jwt.header;
    const key = this.#keys.find(({ keyId, teamId }) => keyId === kid && teamId === jwt.claims.iss);
    if (key === undefined || this.#revoked.has(key.keyId) || !isSignedBy(jwt, key.publicKey)) return null;
    return { keyId: key.keyId, issuedAtMs: jwt.claims.iat * 1_000 };
  }
}

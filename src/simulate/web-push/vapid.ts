import { createECDH, createPublicKey, type KeyObject } from 'node:crypto';
import { isSignedBy, readJwt } from '../jwt.ts';

export interface VapidKeys {
  /** The uncompressed P-256 point, in base64url. */
  publicKey: string;
  /** The 32 octets of the private key, in base64url. */
  privateKey: string;
}

export function makeVapidKeys(): VapidKeys {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return {
    publicKey: pair.getPublicKey().toString('base64url'),
    // OpenSSL omits leading zeros.
    privateKey: Buffer.from(pair.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url'),
  };
}

export type VapidProblem = { status: 401 | 403; message: string };

const MOST_SECONDS = 86_400;
const MOST_REMEMBERED = 1_000;

/** Checks `Authorization: vapid t=…, k=…`. Source: RFC 8292 §2 to §4. */
export class Vapid {
  readonly #publicKey: string;
  /** Tokens with a good signature, and their claims. */
  readonly #verified = new Map<string, Readonly<Record<string, unknown>>>();

  /** `publicKey`: the key with which the subscriptions were made. */
  constructor(publicKey: string) {
    this.#publicKey = publicKey;
  }

  problem(authorization: string | undefined, origin: string, now: Date): VapidProblem | null {
    if (authorization === undefined) return unauthorized('The Authorization header is missing.');
    const token = /^vapid\s.*\bt=([\w.-]+)/i.exec(authorization)?.[1];
    const key = /^vapid\s.*\bk=([\w-]+)/i.exec(authorization)?.[1];
    if (token === undefined || key === undefined) return unauthorized('Expected vapid t=<JWT>, k=<public key>.');
    if (key !== this.#publicKey) {
      const message = 'The VAPID credentials do not correspond to those used to create the subscription.';
      return { status: 403, message };
    }
    const claims = this.#claims(token, key);
    return claims === null ? unauthorized('The JWT is not signed by the key.') : claimsProblem(claims, origin, now);
  }

  #claims(token: string, key: string): Readonly<Record<string, unknown>> | null {
    const remembered = this.#verified.get(token);
    if (remembered !== undefined) return remembered;
    const jwt = readJwt(token);
    const publicKey = publicKeyFrom(key);
    if (jwt === null || publicKey === null || !isSignedBy(jwt, publicKey)) return null;
    if (this.#verified.size >= MOST_REMEMBERED) this.#verified.clear();
    this.#verified.set(token, jwt.claims);
    return jwt.claims;
  }
}

function claimsProblem(claims: Readonly<Record<string, unknown>>, origin: string, now: Date): VapidProblem | null {
  const { aud, exp, sub } = claims;
  const seconds = now.getTime() / 1_000;
  if (aud !== origin) return unauthorized(`The JWT is for ${JSON.stringify(aud)} instead of ${origin}.`);
  if (typeof exp !== 'number') return unauthorized('The JWT has no exp.');
  if (exp <= seconds) return unauthorized('The JWT has expired.');
  if (exp > seconds + MOST_SECONDS) return unauthorized('The JWT is good for more than 24 hours.');
  const isContact = typeof sub === 'string' && /^(mailto:.+@.+|https:\/\/.+)$/.test(sub);
  return isContact ? null : unauthorized('The JWT has no sub that is a mailto: or https: contact.');
}

function unauthorized(message: string): VapidProblem {
  return { status: 401, message };
}

function publicKeyFrom(key: string): KeyObject | null {
  const point = Buffer.from(key, 'base64url');
  if (point.length !== 65 || point[0] !== 4) return null;
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33).toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    return null;
  }
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { signJwt } from '../jwt.ts';
import type { VapidSettings } from './settings.ts';

/** Our VAPID key pair and contact, from the workspace file. */
export interface VapidKeys {
  subject: string;
  /** The public key's 65 bytes, in base64url. */
  publicKey: string;
  key: KeyObject;
}

/** How long a signature is valid. RFC 8292 allows at most 24 hours. */
export const VAPID_LIFETIME_MS = 12 * 3_600_000;

type Given = Pick<VapidSettings, 'subject' | 'public_key' | 'private_key'>;

export function readVapidKeys({ subject, public_key, private_key }: Given): VapidKeys {
  const point = Buffer.from(public_key, 'base64url');
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const d = Buffer.from(private_key, 'base64url').toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33), d };
  return { subject, publicKey: point.toString('base64url'), key: createPrivateKey({ key: jwk, format: 'jwk' }) };
}

/** The Authorization header for one push service. `origin` is written as in `URL.origin`. Source: RFC 8292. */
export function vapidHeader({ subject, publicKey, key }: VapidKeys, origin: string, now: Date): string {
  const expiresAtS = Math.floor((now.getTime() + VAPID_LIFETIME_MS) / 1_000);
  const claims = { aud: origin, exp: expiresAtS, sub: subject };
  return `vapid t=${signJwt({ typ: 'JWT', alg: 'ES256' }, claims, key)}, k=${publicKey}`;
}

import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import { isObject } from '../lib/raw/json.ts';
import { readJson } from './json.ts';

/** A well-formed JSON Web Token. Its signature and claims are not checked yet. */
export interface Jwt {
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
  signed: Buffer;
  signature: Buffer;
}

/** null: the text is not three base64url parts, the first two of which are JSON objects. */
export function readJwt(text: string): Jwt | null {
  const [head, body, signature, ...rest] = text.split('.');
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) return null;
  const header = readObject(head);
  const claims = readObject(body);
  if (header === null || claims === null) return null;
  return { header, claims, signed: Buffer.from(`${head}.${body}`), signature: Buffer.from(signature, 'base64url') };
}

/** Checks the signature: RS256 or ES256, depending on the key. The header must name the same algorithm. */
export function isSignedBy({ header, signed, signature }: Jwt, key: KeyObject): boolean {
  const algorithm = key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  if (header.alg !== algorithm) return false;
  return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Signs a token, for tests, benches and users who call a stand-in by hand. */
export function signJwt(header: object, claims: object, privateKey: string): string {
  const key = createPrivateKey(privateKey);
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function readObject(part: string): Readonly<Record<string, unknown>> | null {
  const value = readJson(Buffer.from(part, 'base64url'));
  return isObject(value) ? value : null;
}

import { type KeyObject, sign } from 'node:crypto';

interface JwtHeader {
  alg: 'RS256' | 'ES256';
  typ?: 'JWT';
  kid?: string;
}

/** A signed token: RS256 with an RSA key, ES256 with a P-256 key. Source: RFC 7515, RFC 7518 §3.3 and §3.4. */
export function signJwt(header: JwtHeader, claims: Readonly<Record<string, string | number>>, key: KeyObject): string {
  const content = `${part(header)}.${part(claims)}`;
  return `${content}.${sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

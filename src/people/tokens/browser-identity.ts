import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject } from '../../lib/raw/json.ts';

export type IdentityReading = { ok: true; externalId: unknown } | { ok: false; problem: string };

const MAX_LENGTH = 4_096;

/**
 * Reads who uses a browser from a JSON Web Token (RFC 7519), which the site's back-end signed with HS256 and the app's
 * `identity_key`. `sub` is the external id and `aud` the app id. `exp` is the end of validity in seconds since 1970,
 * and `nbf`, if given, its beginning. The external id is not checked here. Never throws. No problem quotes the token.
 */
export function readIdentity(
  token: unknown,
  { key, appId, now }: { key: string; appId: string; now: Date },
): IdentityReading {
  if (typeof token !== 'string' || token.length > MAX_LENGTH) return refuse('expected a text');
  const [, header = '', claims = '', signature = ''] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  // We choose the algorithm. A token that names another one was not made for us.
  if (parsePart(header).alg !== 'HS256') return refuse('expected a JSON Web Token signed with HS256');
  if (!isSigned(`${header}.${claims}`, signature, key)) return refuse('the signature is not that of the identity_key');
  const { sub, aud, exp, nbf } = parsePart(claims);
  if (typeof aud !== 'string' || aud.toLowerCase() !== appId.toLowerCase()) return refuse('aud: expected the app_id');
  if (typeof exp !== 'number') return refuse('exp: expected seconds since 1970');
  if (exp * 1_000 <= now.getTime()) return refuse('exp: has passed');
  if (nbf !== undefined && typeof nbf !== 'number') return refuse('nbf: expected seconds since 1970');
  if (nbf !== undefined && nbf * 1_000 > now.getTime()) return refuse('nbf: is not reached yet');
  return { ok: true, externalId: sub };
}

function isSigned(content: string, signature: string, key: string): boolean {
  const theirs = Buffer.from(signature, 'base64url');
  const ours = createHmac('sha256', key).update(content).digest();
  return theirs.length === ours.length && timingSafeEqual(theirs, ours);
}

function parsePart(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function refuse(problem: string): IdentityReading {
  return { ok: false, problem };
}

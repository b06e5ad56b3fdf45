import { createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { isObject } from './raw/json.ts';

/** A key, and the only algorithm that it is for. `HS256`: a secret key. `RS256`: a public one. */
export interface TokenKey {
  algorithm: 'HS256' | 'RS256';
  key: KeyObject;
}

export type Claims = Readonly<Record<string, unknown>>;
export type TokenReading = { ok: true; claims: Claims } | { ok: false; problem: string };

const MAX_LENGTH = 4_096;

/**
 * Reads the claims of a JSON Web Token (RFC 7519) that one of `keys` has signed. Each key is tried only with its own
 * algorithm, whatever the token says (RFC 8725 §3.1). `exp` must be there, in seconds since 1970 and not past; `nbf`, if given, must
 * be reached. `keyName`: what problems call the keys. Never throws. No problem quotes the token.
 */
export function readSignedToken(
  token: unknown,
  { keys, keyName, now }: { keys: readonly TokenKey[]; keyName: string; now: Date },
): TokenReading {
  if (typeof token !== 'string' || token.length > MAX_LENGTH) return refuse('expected a text');
  const [, header = '', payload = '', signature = ''] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  const { alg, crit } = parsePart(header);
  const fitting = keys.filter(({ algorithm }) => algorithm === alg);
  // An extension that must be understood is one that we do not know (RFC 7515 §4.1.11).
  if (fitting.length === 0 || crit !== undefined) {
    const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))].join(' or ');
    return refuse(`expected a JSON Web Token signed with ${algorithms}`);
  }
  if (!fitting.some((one) => isSigned(one, `${header}.${payload}`, signature)))
    return refuse(`the signature is not that of ${keyName}`);
  const claims = parsePart(payload);
  const problem = timeProblem(claims, now);
  return problem === null ? { ok: true, claims } : refuse(problem);
}

function timeProblem({ exp, nbf }: Claims, now: Date): string | null {
  if (typeof exp !== 'number') return 'exp: expected seconds since 1970';
  if (exp * 1_000 <= now.getTime()) return 'exp: has passed';
  if (nbf !== undefined && typeof nbf !== 'number') return 'nbf: expected seconds since 1970';
  return nbf !== undefined && nbf * 1_000 > now.getTime() ? 'nbf: is not reached yet' : null;
}

function isSigned({ algorithm, key }: TokenKey, content: string, signature: string): boolean {
  const theirs = Buffer.from(signature, 'base64url');
  if (algorithm === 'RS256') return verify('sha256', Buffer.from(content), key, theirs);
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

function refuse(problem: string): TokenReading {
  return { ok: false, problem };
}

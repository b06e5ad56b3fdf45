import { createSecretKey } from 'node:crypto';
import { readSignedToken } from '../../lib/signed-token.ts';

export type IdentityReading = { ok: true; externalId: unknown } | { ok: false; problem: string };

/**
 * Reads who uses a browser from a JSON Web Token (RFC 7519), which the site's back-end signed with HS256 and the app's
 * `identity_key`. `sub` is the external id and `aud` the app id. `exp` is the end of validity in seconds since 1970,
 * and `nbf`, if given, its beginning. The external id is not checked here. Never throws. No problem quotes the token.
 */
export function readIdentity(
  token: unknown,
  { key, appId, now }: { key: string; appId: string; now: Date },
): IdentityReading {
  const keys = [{ algorithm: 'HS256', key: createSecretKey(key, 'utf8') }] as const;
  const reading = readSignedToken(token, { keys, keyName: 'the identity_key', now });
  if (!reading.ok) return reading;
  const { sub, aud } = reading.claims;
  if (typeof aud === 'string' && aud.toLowerCase() === appId.toLowerCase()) return { ok: true, externalId: sub };
  return { ok: false, problem: 'aud: expected the app_id' };
}

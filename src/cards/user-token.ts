import { createPublicKey, createSecretKey } from 'node:crypto';
import type { FeedSettings } from '../channels/content-card/settings.ts';
import { readSignedToken, type TokenKey } from '../lib/signed-token.ts';

export type UserReading = { ok: true; externalId: string } | { ok: false; problem: string };

/** Longest life of a token. A longer one would be a key to a person's cards that nobody can take back. */
const LONGEST_LIFE_MS = 86_400_000;

const keysOfSettings = new WeakMap<FeedSettings, readonly TokenKey[]>();

/**
 * Reads whose cards a client may fetch from a JSON Web Token that the customer's back end signed with a key of the app.
 * `sub` is the external id. `exp`, in seconds since 1970, is at most 24 hours ahead. `aud`, if given, must be the app id.
 * Never throws. No problem quotes the token.
 */
export function readUserToken(
  token: unknown,
  { settings, appId, now }: { settings: FeedSettings; appId: string; now: Date },
): UserReading {
  const reading = readSignedToken(token, { keys: keysOf(settings), keyName: 'a key of the app', now });
  if (!reading.ok) return reading;
  const { sub, aud, exp } = reading.claims;
  if (Number(exp) * 1_000 - now.getTime() > LONGEST_LIFE_MS)
    return refuse('exp: expected seconds since 1970, at most 24 hours ahead');
  if (aud !== undefined && !isFor(aud, appId)) return refuse('aud: expected the app_id');
  if (typeof sub !== 'string' || sub.trim() === '') return refuse('sub: expected the external id');
  return { ok: true, externalId: sub };
}

function isFor(audience: unknown, appId: string): boolean {
  const names: unknown[] = Array.isArray(audience) ? audience : [audience];
  return names.some((name) => typeof name === 'string' && name.toLowerCase() === appId.toLowerCase());
}

/** Settings are replaced, never changed, so their keys are parsed once. */
function keysOf(settings: FeedSettings): readonly TokenKey[] {
  const known = keysOfSettings.get(settings);
  if (known !== undefined) return known;
  const keys = settings.keys.map(({ algorithm, key }) => ({
    algorithm,
    key: algorithm === 'HS256' ? createSecretKey(key, 'utf8') : createPublicKey(key),
  }));
  keysOfSettings.set(settings, keys);
  return keys;
}

function refuse(problem: string): UserReading {
  return { ok: false, problem };
}

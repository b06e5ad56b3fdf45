import type { KeyObject } from 'node:crypto';
import type { Answer } from '../../net/wire.ts';
import type { AccessTokens } from '../access-tokens.ts';
import { jsonAnswer } from '../answers.ts';
import { isSignedBy, type Jwt, readJwt } from '../jwt.ts';

export interface GoogleGrant {
  clientEmail: string;
  privateKeyId: string;
  publicKey: KeyObject;
  /** The required `aud`: the URL of this endpoint. */
  audience: string;
  /** Lifetime of an access token. */
  lifetimeSeconds: number;
}

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SCOPES = ['https://www.googleapis.com/auth/firebase.messaging', 'https://www.googleapis.com/auth/cloud-platform'];
const MOST_SECONDS = 3_600;
/** Tolerance for clocks that differ. */
const LEEWAY_SECONDS = 300;

/** The token endpoint for service accounts. Source: RFC 7523; Google, "Using OAuth 2.0 for Server to Server Applications". */
export function exchange(body: Buffer, grant: GoogleGrant, tokens: AccessTokens, now: Date): Answer {
  const form = new URLSearchParams(body.toString());
  const type = form.get('grant_type');
  if (type !== GRANT_TYPE) return refusal('unsupported_grant_type', `Invalid grant_type: ${type ?? ''}`);
  const assertion = form.get('assertion');
  if (assertion === null) return refusal('invalid_request', 'Missing required parameter: assertion');
  const jwt = readJwt(assertion);
  const problem = jwt === null ? refusal('invalid_grant', 'Invalid JWT: Could not decode it.') : judge(jwt, grant, now);
  if (problem !== null) return problem;
  return jsonAnswer(200, {
    access_token: tokens.issue(now, grant.lifetimeSeconds),
    expires_in: grant.lifetimeSeconds,
    token_type: 'Bearer',
  });
}

function judge(jwt: Jwt, grant: GoogleGrant, now: Date): Answer | null {
  const { iss, aud, scope, iat, exp } = jwt.claims;
  if (iss !== grant.clientEmail) return refusal('invalid_grant', 'Invalid grant: account not found');
  if (jwt.header.kid !== undefined && jwt.header.kid !== grant.privateKeyId) {
    return refusal('invalid_grant', 'Invalid JWT Signature.');
  }
  if (!isSignedBy(jwt, grant.publicKey)) return refusal('invalid_grant', 'Invalid JWT Signature.');
  if (aud !== grant.audience) {
    return refusal('invalid_grant', `Invalid JWT: Failed audience check. The right audience is ${grant.audience}`);
  }
  if (!isShortLived(iat, exp, now.getTime() / 1_000)) {
    const reason = 'Token must be a short-lived token (60 minutes) and in a reasonable timeframe.';
    return refusal('invalid_grant', `Invalid JWT: ${reason} Check your iat and exp values in the JWT claim.`);
  }
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  if (!scopes.some((given) => SCOPES.includes(given))) {
    return refusal('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  }
  return null;
}

function isShortLived(iat: unknown, exp: unknown, nowSeconds: number): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number') return false;
  const isNow = iat <= nowSeconds + LEEWAY_SECONDS && exp >= nowSeconds - LEEWAY_SECONDS;
  return isNow && exp > iat && exp - iat <= MOST_SECONDS;
}

function refusal(error: string, description: string): Answer {
  return jsonAnswer(400, { error, error_description: description });
}

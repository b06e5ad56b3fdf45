import { type OperatorRole, operatorRoles } from '../roles.ts';
import type { OpenIdSettings } from './settings.ts';

/** Somebody who may sign in. */
export interface Person {
  issuer: string;
  subject: string;
  /** Verified, in lower case. */
  email: string;
  /** The role of the mapping. null: there is no mapping, so a known operator keeps theirs. */
  role: OperatorRole | null;
}

/** Why somebody whom the provider knows may not sign in. */
export type Objection = 'no_email' | 'unverified_email' | 'other_domain' | 'no_role';

/** Claims of a verified ID token, or of the userinfo endpoint. */
export type Claims = Readonly<Record<string, unknown>>;

/** What operators may be called. */
export const OPERATOR_NAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/;

/** Decides whether the person of these claims may sign in, and as what. */
export function judge(
  claims: Claims & { iss: string; sub: string },
  { domains, mapping }: Pick<OpenIdSettings, 'domains' | 'mapping'>,
): { person: Person } | { objection: Objection } {
  const email = typeof claims.email === 'string' ? claims.email.toLowerCase() : '';
  const domain = /^[^@]+@([^@]+)$/.exec(email)?.[1];
  if (domain === undefined || !OPERATOR_NAME.test(email)) return { objection: 'no_email' };
  if (claims.email_verified !== true) return { objection: 'unverified_email' };
  if (domains.length > 0 && !domains.includes(domain)) return { objection: 'other_domain' };
  const mapped = mapping === null ? null : highest(claims[mapping.claim], mapping.roles);
  if (mapping !== null && mapped === null && domains.length === 0) return { objection: 'no_role' };
  const role = mapping === null ? null : (mapped ?? 'viewer');
  return { person: { issuer: claims.iss, subject: claims.sub, email, role } };
}

/** The highest role that a value of the claim has. null: none has one. */
function highest(claim: unknown, roles: Readonly<Record<string, OperatorRole>>): OperatorRole | null {
  const values = [claim].flat().filter((value) => typeof value === 'string');
  const given = values.flatMap((value) => (Object.hasOwn(roles, value) ? [roles[value]] : []));
  return operatorRoles.findLast((role) => given.includes(role)) ?? null;
}

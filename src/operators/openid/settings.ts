import type { OperatorRole } from '../roles.ts';

/** How operators sign in by OpenID Connect. */
export interface OpenIdSettings {
  /** URL of the identity provider, as its tokens name it. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Domains of email addresses, in lower case. Empty: those of the mapping may come, whatever their domain. */
  domains: readonly string[];
  /** Which values of a claim give which role. null: operators are made as viewers, and an admin changes that. */
  mapping: { claim: string; roles: Readonly<Record<string, OperatorRole>> } | null;
  /** Text of the button. */
  label: string;
}

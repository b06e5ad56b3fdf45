import { encodingProblem } from '../lib/encoding/url-encoding.ts';
import { isPrivateRoute } from '../lib/loopback.ts';
import { type RequestConfig, requestVariables } from './requests.ts';
import { matching, url, type Variable } from './variable.ts';

const operatorRoles = ['viewer', 'sender', 'admin'] as const;
type OperatorRole = (typeof operatorRoles)[number];

/** By which identity provider operators sign in. null: not set. */
export interface OpenIdConfig {
  /** URL of the identity provider by which operators sign in. null: they have passwords. */
  oidcIssuer: string | null;
  oidcClientId: string | null;
  oidcClientSecret: string | null;
  /** Domains of the email addresses of operators, in lower case. */
  oidcDomains: readonly string[];
  /** The claim whose values `oidcRoles` maps. */
  oidcRoleClaim: string;
  /** Roles by values of the claim. null: there is no mapping. */
  oidcRoles: Readonly<Record<string, OperatorRole>> | null;
  oidcLabel: string;
}

export const openIdVariables: { [K in keyof OpenIdConfig]: Variable<OpenIdConfig[K]> } = {
  oidcIssuer: {
    name: 'CRESSET_OIDC_ISSUER',
    fallback: null,
    shownFallback: 'unset: operators sign in with passwords alone',
    expected: 'a URL that starts with https:// (http:// only for this machine), without user, query and fragment',
    meaning:
      'The identity provider by which operators sign in to the console, by OpenID Connect. It needs the id and the secret of a client, `CRESSET_PUBLIC_URL`, and `CRESSET_OIDC_DOMAINS` or `CRESSET_OIDC_ROLES`. See [console.md](console.md#openid-connect).',
    problemOf: encodingProblem,
    read: readIssuer,
  },
  oidcClientId: {
    name: 'CRESSET_OIDC_CLIENT_ID',
    fallback: null,
    shownFallback: 'unset',
    expected: '1 to 256 visible ASCII characters',
    meaning: 'The id by which the identity provider knows this server.',
    read: matching(/^[!-~]{1,256}$/),
  },
  oidcClientSecret: {
    name: 'CRESSET_OIDC_CLIENT_SECRET',
    fallback: null,
    shownFallback: 'unset',
    expected: '1 to 1024 visible ASCII characters',
    meaning: 'The secret of that client.',
    read: matching(/^[!-~]{1,1024}$/),
  },
  oidcDomains: {
    name: 'CRESSET_OIDC_DOMAINS',
    fallback: [],
    shownFallback: 'unset: any, if `CRESSET_OIDC_ROLES` gives a role',
    expected: 'a comma-separated list of domains, such as example.com',
    meaning: 'Only people whose verified email address is of one of these domains may sign in. Subdomains are others.',
    read: readDomains,
  },
  oidcRoleClaim: {
    name: 'CRESSET_OIDC_ROLE_CLAIM',
    fallback: 'groups',
    shownFallback: '`groups`',
    expected: '1 to 256 visible ASCII characters',
    meaning: 'The claim, a text or a list of texts, whose values `CRESSET_OIDC_ROLES` maps.',
    read: matching(/^[!-~]{1,256}$/),
  },
  oidcRoles: {
    name: 'CRESSET_OIDC_ROLES',
    fallback: null,
    shownFallback: 'unset: new operators are viewers, and admins change that',
    expected: `a comma-separated list such as marketing=sender,platform=admin, with the roles ${operatorRoles.join(', ')}`,
    meaning:
      'Which values of the claim give which role, at each sign-in. The highest counts. Who has none is a viewer with `CRESSET_OIDC_DOMAINS`, and may not sign in without it.',
    read: readRoleMapping,
  },
  oidcLabel: {
    name: 'CRESSET_OIDC_LABEL',
    fallback: 'Sign in with OpenID Connect',
    shownFallback: '`Sign in with OpenID Connect`',
    expected: '1 to 60 characters',
    meaning: 'The text of the button on the sign-in page.',
    read: matching(/^\P{Cc}{1,60}$/u),
  },
};

/** Without a limit to domains or roles, anybody with an account at a public provider could come in. */
export function openIdProblems(config: OpenIdConfig & Pick<RequestConfig, 'publicUrl'>): string[] {
  const { oidcIssuer: issuer, oidcClientId, oidcClientSecret, oidcDomains, oidcRoles, publicUrl } = config;
  const needed = [issuer, oidcClientId, oidcClientSecret];
  if (needed.every((value) => value === null) && oidcDomains.length === 0 && oidcRoles === null) return [];
  const { name } = openIdVariables.oidcIssuer;
  const problems: string[] = [];
  if (needed.includes(null))
    problems.push(
      `${name}: expected with ${openIdVariables.oidcClientId.name} and ${openIdVariables.oidcClientSecret.name}`,
    );
  if (publicUrl === null)
    problems.push(
      `${name}: expected with ${requestVariables.publicUrl.name}, to which the identity provider sends browsers back`,
    );
  if (oidcDomains.length === 0 && oidcRoles === null)
    problems.push(
      `${name}: expected with ${openIdVariables.oidcDomains.name} or ${openIdVariables.oidcRoles.name}, which say who may sign in`,
    );
  return problems;
}

/** Kept as it is written: the provider names itself exactly so. */
function readIssuer(text: string): string | undefined {
  if (text.length > 1_000 || url(['http:', 'https:'])(text) === undefined || /[?#]/.test(text)) return undefined;
  const parsed = new URL(text);
  return isPrivateRoute(parsed) && parsed.username + parsed.password === '' ? text : undefined;
}

const DOMAIN = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/;

function readDomains(text: string): readonly string[] | undefined {
  const domains = text.split(',').map((domain) => domain.trim().toLowerCase());
  return domains.every((domain) => DOMAIN.test(domain)) ? domains : undefined;
}

/** The role is what follows the last `=`, so that values may be such as `cn=crew`. */
function readRoleMapping(text: string): Readonly<Record<string, OperatorRole>> | undefined {
  const pairs = text.split(',').map((pair) => {
    const [, value, word] = /^\s*(\S.*?)\s*=\s*(\w+)\s*$/.exec(pair) ?? [];
    return [value, operatorRoles.find((role) => role === word)] as const;
  });
  if (pairs.some(([value, role]) => value === undefined || role === undefined)) return undefined;
  if (new Set(pairs.map(([value]) => value)).size < pairs.length) return undefined;
  return Object.fromEntries(pairs);
}

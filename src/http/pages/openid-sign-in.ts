import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { Repeats } from '../../lib/repeats.ts';
import { ATTEMPT_MS, type Attempt, AttemptSeal } from '../../operators/openid/attempt.ts';
import { judge } from '../../operators/openid/person.ts';
import { Provider, ProviderError } from '../../operators/openid/provider.ts';
import type { OpenIdSettings } from '../../operators/openid/settings.ts';
import { signInPerson } from '../../operators/openid/sign-in.ts';
import { sessionCookie } from '../operator/access.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';
import { consoleUrl } from './console-url.ts';
import { escapeHtml } from './preference-center-html.ts';

export interface OpenIdPageDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  secret: KeyObject;
  publicUrl: string;
  openId: OpenIdSettings;
}

/** Where a browser begins to sign in. */
export const OPENID_PATH = '/sign-in/openid';
/** Where the identity provider sends it back to. */
const CALLBACK_PATH = `${OPENID_PATH}/callback`;

const headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** What a page says when nobody is signed in. Nothing of the request or of the provider is repeated. */
const refusals = {
  away: [503, 'The identity provider does not answer. Sign in with a password, or try again later.'],
  denied: [403, 'The identity provider did not sign you in.'],
  unusable: [400, 'What the identity provider sent cannot be used. Start again. If this stays, the log says why.'],
  not_begun: [400, 'This sign-in was not begun in this browser, or more than ten minutes ago. Start again.'],
  used: [400, 'This sign-in was used already. Start again.'],
  no_email: [403, 'The identity provider does not say your email address, or it cannot be the name of an operator.'],
  unverified_email: [403, 'The identity provider has not verified your email address.'],
  other_domain: [403, 'Email addresses of your domain may not sign in here.'],
  no_role: [403, 'None of your groups may sign in here.'],
  name_taken: [403, 'There is an operator with your email address already. Ask an admin to link it to you.'],
} as const satisfies Record<string, readonly [number, string]>;

type Refusal = keyof typeof refusals;

/** The pages that sign operators in by OpenID Connect: with the code flow, PKCE, a state and a nonce. */
export function createOpenIdPages(deps: OpenIdPageDeps): { pages: Page[]; close(): Promise<void> } {
  const { clock, publicUrl, log } = deps;
  const provider = new Provider(deps.openId, { redirectUri: `${publicUrl}${CALLBACK_PATH}`, clock });
  const seal = new AttemptSeal(deps.secret);
  const repeats = new Repeats(clock);
  const refuse = (refusal: Refusal, detail?: string): PageAnswer => {
    const level = repeats.isRepeated(`${refusal} ${detail}`) ? 'debug' : 'warn';
    log[level]({ refusal, ...(detail !== undefined && { detail }) }, 'nobody was signed in by OpenID Connect');
    const [status, sentence] = refusals[refusal];
    const cookie = { 'set-cookie': attemptCookie(null, publicUrl) };
    return { status, type: 'text/html; charset=utf-8', body: pageOf(sentence, publicUrl), headers: cookie };
  };
  const guarded = (handle: (request: PageRequest) => Promise<PageAnswer>) => (request: PageRequest) =>
    handle(request).catch((error: unknown) => {
      if (error instanceof ProviderError) return refuse(error.kind, error.message);
      throw error;
    });
  const begin = async ({ query }: PageRequest) => {
    const { url, attempt } = await provider.begin();
    const next = consoleUrl(query.get('next'), publicUrl);
    const sealed = seal.seal({ ...attempt, next, endsMs: clock.now().getTime() + ATTEMPT_MS });
    return redirect(url.href, [attemptCookie(sealed, publicUrl)]);
  };
  const finish = async (request: PageRequest) => {
    const attempt = seal.open(attemptOf(request, publicUrl), clock.now().getTime());
    if (attempt === null) return refuse('not_begun');
    const outcome = await signIn(deps, { provider, request, attempt });
    if ('objection' in outcome) return refuse(outcome.objection);
    return redirect(attempt.next, [sessionCookie(outcome.token, publicUrl), attemptCookie(null, publicUrl)]);
  };
  const pages: Page[] = [
    { method: 'GET', path: OPENID_PATH, headers, handle: guarded(begin) },
    { method: 'GET', path: CALLBACK_PATH, headers, handle: guarded(finish) },
  ];
  return { pages, close: () => provider.close() };
}

async function signIn(
  { db, clock, openId }: OpenIdPageDeps,
  { provider, request, attempt }: { provider: Provider; request: PageRequest; attempt: Attempt },
): Promise<{ token: string } | { objection: Refusal }> {
  const judged = judge(await provider.finish(request.query, attempt), openId);
  if ('objection' in judged) return judged;
  const userAgent = String(request.headers['user-agent'] ?? '');
  return signInPerson(db, judged.person, attempt, { address: request.address, userAgent, now: clock.now() });
}

function redirect(location: string, cookies: string[]): PageAnswer {
  return { status: 303, type: 'text/plain; charset=utf-8', body: '', headers: { location, 'set-cookie': cookies } };
}

/** By HTTPS, the prefix keeps other hosts of the domain from setting the cookie. */
function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-cresset_openid' : 'cresset_openid';
}

/** The browser brings it back when the provider sends it here, so it is not `Strict`. null: it is removed. */
function attemptCookie(sealed: string | null, publicUrl: string): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  const age = sealed === null ? 0 : ATTEMPT_MS / 1_000;
  return `${cookieName(publicUrl)}=${sealed ?? ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${age}${secure}`;
}

function attemptOf({ headers }: PageRequest, publicUrl: string): string {
  const start = `${cookieName(publicUrl)}=`;
  const cookies = String(headers.cookie ?? '').split(/;\s*/);
  return cookies.find((cookie) => cookie.startsWith(start))?.slice(start.length) ?? '';
}

function pageOf(sentence: string, publicUrl: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Not signed in – Cresset</title></head>
<body><main><h1>You are not signed in</h1>
<p>${escapeHtml(sentence)}</p>
<p><a href="${escapeHtml(publicUrl)}/">Back to the sign-in page</a></p>
</main></body></html>
`;
}

import * as oidc from 'openid-client';
import { Agent, fetch } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { isPrivateRoute } from '../../lib/loopback.ts';
import type { Attempt } from './attempt.ts';
import type { Claims } from './person.ts';
import type { OpenIdSettings } from './settings.ts';

const TIMEOUT_S = 10;
const LONGEST_ANSWER_BYTES = 1_048_576;
/** By how much the clocks of both servers may differ. */
const CLOCK_TOLERANCE_S = 5;
/** What the provider says of itself is read again after this time. */
const REREAD_MS = 3_600_000;
/** Strangers can begin sign-ins, so only so many ask the provider at once. */
const MOST_AT_ONCE = 20;
const SCOPE = 'openid email';

/**
 * A sign-in failed at the provider. `away`: it does not answer. `denied`: it did not sign the person in. `unusable`: its
 * answer, or the code that a browser brought, is not to be trusted. The message is for the log, and holds no secret.
 */
export class ProviderError extends Error {
  override name = 'ProviderError';
  readonly kind: 'away' | 'denied' | 'unusable';

  constructor(kind: ProviderError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The identity provider. It is asked for its addresses and keys when they are needed first. */
export class Provider {
  readonly #settings: OpenIdSettings;
  readonly #redirectUri: string;
  readonly #clock: Clock;
  readonly #agent = new Agent({ maxResponseSize: LONGEST_ANSWER_BYTES });
  #known: { configuration: oidc.Configuration; sinceMs: number } | null = null;
  #reading: Promise<oidc.Configuration> | null = null;
  #asking = 0;

  constructor(settings: OpenIdSettings, { redirectUri, clock }: { redirectUri: string; clock: Clock }) {
    this.#settings = settings;
    this.#redirectUri = redirectUri;
    this.#clock = clock;
  }

  /** Begins a sign-in. Returns where the browser goes, and what it must bring back. Throws ProviderError. */
  begin(): Promise<{ url: URL; attempt: Pick<Attempt, 'state' | 'nonce' | 'verifier'> }> {
    return this.#ask(async (configuration) => {
      const attempt = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(configuration, {
        ...{ redirect_uri: this.#redirectUri, scope: SCOPE, response_type: 'code' },
        ...{ state: attempt.state, nonce: attempt.nonce, code_challenge_method: 'S256' },
        code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      });
      return { url, attempt };
    });
  }

  /** Takes what the browser brought back. Returns the verified claims. `query`: of its request. Throws ProviderError. */
  finish(query: URLSearchParams, attempt: Attempt): Promise<Claims & { iss: string; sub: string }> {
    return this.#ask(async (configuration) => {
      // Behind a proxy, the address at which the request arrived is not that of which the provider knows.
      const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${this.#redirectUri}?${query}`), {
        ...{ expectedState: attempt.state, expectedNonce: attempt.nonce, pkceCodeVerifier: attempt.verifier },
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new ProviderError('unusable', 'the provider sent no ID token');
      return this.#complete(configuration, claims, tokens.access_token);
    });
  }

  /** Many providers put into the ID token only who it is. The email address comes from one source, with its verification. */
  async #complete(configuration: oidc.Configuration, claims: oidc.IDToken, accessToken: string) {
    const claim = this.#settings.mapping?.claim;
    const isComplete = claims.email !== undefined && (claim === undefined || claims[claim] !== undefined);
    if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    const told: Claims = await oidc.fetchUserInfo(configuration, accessToken, claims.sub);
    const { email, email_verified } = claims.email === undefined ? told : claims;
    return { ...told, ...claims, email, email_verified };
  }

  async #ask<T>(question: (configuration: oidc.Configuration) => Promise<T>): Promise<T> {
    if (this.#asking >= MOST_AT_ONCE) throw new ProviderError('away', 'too many sign-ins at once');
    this.#asking += 1;
    try {
      return await question(await this.#configuration());
    } catch (error) {
      throw asProviderError(error);
    } finally {
      this.#asking -= 1;
    }
  }

  async #configuration(): Promise<oidc.Configuration> {
    const nowMs = this.#clock.now().getTime();
    if (this.#known !== null && nowMs - this.#known.sinceMs < REREAD_MS) return this.#known.configuration;
    this.#reading ??= this.#discover().finally(() => {
      this.#reading = null;
    });
    const configuration = await this.#reading;
    this.#known = { configuration, sinceMs: nowMs };
    return configuration;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const url = new URL(issuer);
    const metadata = { [oidc.clockTolerance]: CLOCK_TOLERANCE_S };
    try {
      return await oidc.discovery(url, clientId, metadata, authentication(clientSecret), {
        timeout: TIMEOUT_S,
        [oidc.customFetch]: (address, init) => this.#fetch(address, init),
        // The signature counts even though the token comes straight from the provider.
        execute: [oidc.enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [oidc.allowInsecureRequests] : [])],
      });
    } catch (error) {
      throw new ProviderError('away', `discovery: ${messageOf(error)}`);
    }
  }

  async #fetch(address: string, init: oidc.CustomFetchOptions): Promise<Response> {
    if (!isPrivateRoute(new URL(address))) throw new ProviderError('unusable', 'the provider names an address by HTTP');
    try {
      const answer = await fetch(address, { ...(init as object), dispatcher: this.#agent });
      if (answer.status >= 500) {
        await answer.body?.cancel();
        throw new ProviderError('away', `the provider answers ${answer.status}`);
      }
      return answer as unknown as Response;
    } catch (error) {
      throw error instanceof ProviderError ? error : new ProviderError('away', messageOf(error));
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }
}

/** In the header, as the standard prefers it, unless the provider takes it only in the body. */
function authentication(secret: string): oidc.ClientAuth {
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const inBody = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
    (inBody ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret))(server, client, body, headers);
  };
}

/** Throws what is neither the provider's fault nor the browser's. */
function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof oidc.ClientError && error.cause instanceof ProviderError) return error.cause;
  if (error instanceof oidc.AuthorizationResponseError) return new ProviderError('denied', messageOf(error));
  const isTheirs =
    error instanceof oidc.ClientError ||
    error instanceof oidc.ResponseBodyError ||
    error instanceof oidc.WWWAuthenticateChallengeError;
  if (!isTheirs) throw error;
  return new ProviderError(error.code === 'OAUTH_TIMEOUT' ? 'away' : 'unusable', messageOf(error));
}

/** Without causes that quote an answer. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { message, cause } = error;
  return (cause instanceof Error ? `${message}: ${cause.message}` : message).slice(0, 300);
}

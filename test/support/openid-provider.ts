// An identity provider of OpenID Connect: the code flow with PKCE, tokens signed by RS256, and one person who is signed in.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';

export const CLIENT = { clientId: 'cresset', clientSecret: 'a secret of the client' };

type Claims = Record<string, unknown>;

/** What the provider does next. A test changes it. */
export interface Behaviour {
  /** Claims of the person, beside those of the protocol. */
  person: Claims & { sub: string };
  /** Claims of the person that only the userinfo endpoint tells. */
  userinfo: Claims;
  /** Claims of the protocol that are not as they should be. */
  wrong: Claims;
  signature: 'good' | 'none' | 'by another key';
  /** A code works more than once. */
  reusesCodes: boolean;
  /** It hangs up. */
  isAway: boolean;
  /** What its document says otherwise. */
  metadata: Claims;
}

export interface OpenIdProvider {
  issuer: string;
  behaviour: Behaviour;
  /** Parameters of each request to sign somebody in. */
  asked: URLSearchParams[];
}

interface Grant {
  asked: URLSearchParams;
  isUsed: boolean;
}

export async function startOpenIdProvider(t: TestContext): Promise<OpenIdProvider> {
  const keys = await generateKeyPair('RS256', { extractable: true });
  const otherKeys = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const grants = new Map<string, Grant>();
  const behaviour: Behaviour = {
    person: { sub: 'dana-1', email: 'dana@example.com', email_verified: true },
    ...{ userinfo: {}, wrong: {}, signature: 'good', reusesCodes: false, isAway: false, metadata: {} },
  };
  const provider: OpenIdProvider = { issuer: '', behaviour, asked: [] };

  async function idToken({ asked }: Grant): Promise<string> {
    const nowS = Math.floor(Date.now() / 1_000);
    const claims = {
      ...{ iss: provider.issuer, aud: CLIENT.clientId, iat: nowS, exp: nowS + 300, nonce: asked.get('nonce') },
      ...{ ...behaviour.person, ...behaviour.wrong },
    };
    if (behaviour.signature === 'none') return new UnsecuredJWT(claims).encode();
    const { privateKey } = behaviour.signature === 'good' ? keys : otherKeys;
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey);
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await formOf(request);
    const grant = grants.get(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      isClient(request) &&
      grant !== undefined &&
      (!grant.isUsed || behaviour.reusesCodes) &&
      form.get('redirect_uri') === grant.asked.get('redirect_uri') &&
      challenge === grant.asked.get('code_challenge');
    if (grant === undefined || !isRight) return json(response, 400, { error: 'invalid_grant' });
    grant.isUsed = true;
    json(response, 200, { access_token: 'an access token', token_type: 'Bearer', id_token: await idToken(grant) });
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    provider.asked.push(query);
    const code = randomUUID();
    grants.set(code, { asked: query, isUsed: false });
    const back = new URL(query.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries({ code, state: query.get('state') ?? '', iss: provider.issuer }))
      back.searchParams.set(name, value);
    response.writeHead(302, { location: back.href }).end();
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', provider.issuer);
    if (behaviour.isAway) return void request.socket.destroy();
    if (pathname === '/.well-known/openid-configuration')
      return json(response, 200, { ...documentOf(provider.issuer), ...behaviour.metadata });
    if (pathname === '/keys') return json(response, 200, { keys: [jwk] });
    if (pathname === '/authorize') return authorize(searchParams, response);
    if (pathname === '/token')
      return void token(request, response).catch((error: Error) => json(response, 500, { error: error.message }));
    if (pathname === '/userinfo' && request.headers.authorization === 'Bearer an access token')
      return json(response, 200, { sub: behaviour.person.sub, ...behaviour.userinfo });
    json(response, 404, {});
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the provider has no port');
  provider.issuer = `http://127.0.0.1:${address.port}`;
  return provider;
}

function documentOf(issuer: string): Claims {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  };
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they become the credentials. */
function isClient({ headers: { authorization = '' } }: IncomingMessage): boolean {
  const [id = '', secret = ''] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  const decode = (text: string) => new URLSearchParams(`x=${text}`).get('x');
  return decode(id) === CLIENT.clientId && decode(secret) === CLIENT.clientSecret;
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type JWTVerifyResult, jwtVerify } from 'jose';
import type { TestClock } from './clock.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

/** A key file as Google issues it. */
export const serviceAccount = {
  type: 'service_account',
  project_id: 'acme-1',
  private_key_id: 'kid-1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  client_email: 'push@acme-1.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};

export interface GoogleTokens {
  url: string;
  /** The good assertions, in order. The n-th got the token `ya29.n`. */
  given: JWTVerifyResult[];
  /** The answer instead of a token. null: tokens are given. */
  refuse: { status: number; body: object; headers?: Record<string, string> } | null;
}

/** Google's token endpoint. It gives a token for an hour if the account's key has signed the assertion. */
export async function startGoogleTokens(t: TestContext, clock: TestClock): Promise<GoogleTokens> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const answer = await exchange(new URLSearchParams(Buffer.concat(chunks).toString()));
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(JSON.stringify(answer.body));
    });
  });
  async function exchange(form: URLSearchParams): Promise<NonNullable<GoogleTokens['refuse']>> {
    if (tokens.refuse !== null) return tokens.refuse;
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    try {
      const checks = { audience: serviceAccount.token_uri, issuer: serviceAccount.client_email, algorithms: ['RS256'] };
      const given = await jwtVerify(form.get('assertion') ?? '', publicKey, { ...checks, currentDate: clock.now() });
      tokens.given.push(given);
      const body = { access_token: `ya29.${tokens.given.length}`, expires_in: 3_600, token_type: 'Bearer' };
      return { status: 200, body };
    } catch {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const tokens: GoogleTokens = { url, given: [], refuse: null };
  return tokens;
}

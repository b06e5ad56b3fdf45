import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Answer, header, type WireRequest } from '../../net/wire.ts';
import { AccessTokens } from '../access-tokens.ts';
import {
  type ProviderRules,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Verdict,
} from '../simulator.ts';
import {
  fcmAnswers,
  googleError,
  googleHeaders,
  NO_CREDENTIALS,
  permissionDenied,
  TOO_BIG,
  UNAUTHENTICATED,
} from './fcm-answers.ts';
import { checkMessage, type FcmMessage } from './fcm-message.ts';
import { exchange } from './google-oauth.ts';

export type { FcmMessage } from './fcm-message.ts';

/** The members of Google's key file that we use. */
export interface ServiceAccount {
  type: 'service_account';
  project_id: string;
  private_key_id: string;
  /** PKCS #8 in PEM. */
  private_key: string;
  client_email: string;
  token_uri: string;
}

export interface FcmOptions extends SimulatorOptions {
  /** Generated if absent. The stand-in adds its own `token_uri`. */
  serviceAccount?: Omit<ServiceAccount, 'token_uri'>;
  /** Lifetime of an access token, in seconds. Default: 3,599. */
  tokenLifetimeSeconds?: number;
}

export interface FcmSimulator extends Simulator<FcmMessage> {
  serviceAccount: ServiceAccount;
  tokenUrl: string;
}

/**
 * A stand-in for Firebase Cloud Messaging (HTTP v1) and Google's token endpoint, on one port, over HTTP/2 and HTTP/1.1.
 * Source: messaging-objects.md §2.3 and §2.4.
 */
export async function startFcmSimulator(options: FcmOptions = {}): Promise<FcmSimulator> {
  const account = options.serviceAccount ?? makeServiceAccount();
  const simulator = await startSimulator((url) => fcm(account, () => `${url()}/token`, options), options);
  const tokenUrl = `${simulator.url}/token`;
  return { ...simulator, tokenUrl, serviceAccount: { ...account, token_uri: tokenUrl } };
}

export function makeServiceAccount(project = 'cresset-simulated'): Omit<ServiceAccount, 'token_uri'> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return {
    type: 'service_account',
    project_id: project,
    private_key_id: randomBytes(20).toString('hex'),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: `simulated@${project}.iam.gserviceaccount.com`,
  };
}

const ACCESS_TOKEN_BYTES = 750;
const MOST_BODY_BYTES = 65_536;

function fcm(
  account: Omit<ServiceAccount, 'token_uri'>,
  tokenUrl: () => string,
  { tokenLifetimeSeconds = 3_599 }: FcmOptions,
): ProviderRules<FcmMessage> {
  const tokens = new AccessTokens('ya29.c.', ACCESS_TOKEN_BYTES);
  const sendPath = `/v1/projects/${account.project_id}/messages:send`;
  const publicKey = createPublicKey(createPrivateKey(account.private_key));
  const giveToken = ({ body }: WireRequest, now: Date): Verdict<FcmMessage> => {
    const { client_email: clientEmail, private_key_id: privateKeyId } = account;
    const grant = { clientEmail, privateKeyId, publicKey, audience: tokenUrl() };
    const answer = exchange(body, { ...grant, lifetimeSeconds: tokenLifetimeSeconds }, tokens, now);
    return { kind: 'token', name: answer.status === 200 ? 'token' : 'token refused', answer };
  };
  return {
    answers: fcmAnswers,
    deadAnswer: 'unregistered',
    wire: { protocols: ['h2', 'http/1.1'], maxBodyBytes: MOST_BODY_BYTES, maxStreams: 100, goAwayText: '' },
    revokeTokens: () => tokens.revokeAll(),
    judge(request, now) {
      if (request.path === '/token' && request.method === 'POST') return giveToken(request, now);
      const refusal = credentialsProblem(request, tokens, now) ?? pathProblem(request, sendPath);
      if (refusal !== null) return refused(refusal);
      if (request.isOversize) return refused(TOO_BIG);
      const checked = checkMessage(request.body);
      if ('problem' in checked) return refused(checked.problem);
      const { message, isValidateOnly } = checked;
      return { kind: 'message', target: message.token, message, isValidateOnly };
    },
    accept: () => accepted(account.project_id),
  };
}

function refused(answer: Answer): Verdict<FcmMessage> {
  return { kind: 'refused', name: `refused: ${answer.status}`, answer };
}

function credentialsProblem(request: WireRequest, tokens: AccessTokens, now: Date): Answer | null {
  const authorization = header(request, 'authorization');
  if (authorization === undefined) return NO_CREDENTIALS;
  const isBearer = /^bearer /i.test(authorization.slice(0, 7));
  return isBearer && tokens.judge(authorization.slice(7), now) === 'good' ? null : UNAUTHENTICATED;
}

function pathProblem({ method, path }: WireRequest, sendPath: string): Answer | null {
  if (path === sendPath && method === 'POST') return null;
  const project = /^\/v1\/projects\/([^/]+)\/messages:send$/.exec(path)?.[1];
  if (project === undefined || method !== 'POST') return googleError(404, 'NOT_FOUND', 'Method not found.');
  return permissionDenied(project);
}

const prefix = `0:${Date.now()}${'0'.repeat(3)}%`;
let messages = 0;

function accepted(project: string): Answer {
  messages += 1;
  const id = prefix + messages.toString(16).padStart(16, '0');
  return { status: 200, headers: googleHeaders, body: `{\n  "name": "projects/${project}/messages/${id}"\n}\n` };
}

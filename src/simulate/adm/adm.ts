import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isObject } from '../../lib/raw/json.ts';
import { type Answer, header, type WireRequest } from '../../net/wire.ts';
import { AccessTokens } from '../access-tokens.ts';
import { type AnswerContext, type AnswerTable, answerTable, jsonAnswer, type NamedAnswer } from '../answers.ts';
import { readJson } from '../json.ts';
import {
  type ProviderRules,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Verdict,
} from '../simulator.ts';

export interface AdmMessage {
  registrationId: string;
  data: Readonly<Record<string, string>>;
  consolidationKey: string | null;
  expiresAfter: number | null;
}

export interface AdmOptions extends SimulatorOptions {
  /** Generated if absent, as is the secret. */
  clientId?: string;
  clientSecret?: string;
  /** Lifetime of an access token, in seconds. Default: 3,600. */
  tokenLifetimeSeconds?: number;
}

export interface AdmSimulator extends Simulator<AdmMessage> {
  clientId: string;
  clientSecret: string;
  tokenUrl: string;
}

/**
 * A stand-in for Amazon Device Messaging and the token endpoint of Login with Amazon, on one port.
 * Source: messaging-objects.md §4.3 and §4.4.
 */
export async function startAdmSimulator(options: AdmOptions = {}): Promise<AdmSimulator> {
  const clientId = options.clientId ?? `amzn1.application-oa2-client.${randomBytes(16).toString('hex')}`;
  const clientSecret = options.clientSecret ?? randomBytes(32).toString('hex');
  const simulator = await startSimulator(() => adm({ ...options, clientId, clientSecret }), options);
  return { ...simulator, clientId, clientSecret, tokenUrl: `${simulator.url}/auth/O2/token` };
}

const statusOf = {
  Unregistered: 400,
  InvalidRegistrationId: 400,
  InvalidData: 400,
  InvalidConsolidationKey: 400,
  InvalidExpiration: 400,
  InvalidChecksum: 400,
  InvalidType: 400,
  AccessTokenExpired: 401,
  MessageTooLarge: 413,
  MaxRateExceeded: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
} as const;
type Reason = keyof typeof statusOf;
const kills: readonly Reason[] = ['Unregistered', 'InvalidRegistrationId'];
/** The real service sends these without a reason. */
const bare: readonly Reason[] = ['InternalServerError', 'ServiceUnavailable'];

function admError(reason: Reason): Answer {
  const headers = [...requestId(), ['content-type', 'application/json']] as const;
  return jsonAnswer(statusOf[reason], bare.includes(reason) ? {} : { reason }, headers);
}

function requestId(): Answer['headers'] {
  return [['x-amzn-requestid', randomBytes(16).toString('hex')]];
}

function answerOf(reason: Reason): NamedAnswer {
  return {
    reaction: () => ({ kind: 'answer', answer: admError(reason) }),
    ...(kills.includes(reason) && { kills: true }),
  };
}

/** Accepts the message and says that the device has a new registration id. */
const moved: NamedAnswer = {
  reaction: ({ accepted }: AnswerContext) => {
    const answer = accepted();
    const { registrationID } = JSON.parse(String(answer.body)) as { registrationID: string };
    return {
      kind: 'answer',
      answer: { ...answer, body: JSON.stringify({ registrationID: `moved.${registrationID}` }) },
    };
  },
  accepts: true,
};

export const admAnswers: AnswerTable = answerTable({
  ...Object.fromEntries((Object.keys(statusOf) as Reason[]).map((reason) => [reason, answerOf(reason)])),
  moved,
});

const MOST_BODY_BYTES = 65_536;

function adm(options: Required<Pick<AdmOptions, 'clientId' | 'clientSecret'>> & AdmOptions): ProviderRules<AdmMessage> {
  const tokens = new AccessTokens('Atc|', 300);
  return {
    answers: admAnswers,
    deadAnswer: 'Unregistered',
    wire: { protocols: ['http/1.1', 'h2'], maxBodyBytes: MOST_BODY_BYTES, maxStreams: 100, goAwayText: '' },
    revokeTokens: () => tokens.revokeAll(),
    judge(request, now) {
      if (request.path === '/auth/O2/token') return giveToken(request, options, tokens, now);
      const registrationId = readPath(request);
      if (registrationId === null) return refused({ status: 404, headers: requestId(), body: '' }, '404');
      const reason = credentialsProblem(request, tokens, now) ?? headersProblem(request);
      if (reason !== null) return refused(admError(reason), reason);
      const checked = checkBody(request, registrationId);
      if (typeof checked === 'string') return refused(admError(checked), checked);
      return { kind: 'message', target: registrationId, message: checked };
    },
    accept: ({ registrationId }) =>
      jsonAnswer(200, { registrationID: registrationId }, [...requestId(), ['content-type', 'application/json']]),
  };
}

function refused(answer: Answer, name: string): Verdict<AdmMessage> {
  return { kind: 'refused', name: `refused: ${name}`, answer };
}

function giveToken(
  { method, body }: WireRequest,
  options: Required<Pick<AdmOptions, 'clientId' | 'clientSecret'>> & AdmOptions,
  tokens: AccessTokens,
  now: Date,
): Verdict<AdmMessage> {
  const refusal = (status: number, error: string, description: string): Verdict<AdmMessage> => {
    const answer = jsonAnswer(status, { error, error_description: description });
    return { kind: 'token', name: 'token refused', answer };
  };
  const form = new URLSearchParams(body.toString());
  if (method !== 'POST') return refusal(400, 'invalid_request', 'The request must be a POST.');
  if (form.get('grant_type') !== 'client_credentials') {
    return refusal(400, 'unsupported_grant_type', 'The authorization grant type is not supported.');
  }
  if (!isSame(form.get('client_id'), options.clientId) || !isSame(form.get('client_secret'), options.clientSecret)) {
    return refusal(401, 'invalid_client', 'Client authentication failed');
  }
  if (form.get('scope') !== 'messaging:push') return refusal(400, 'invalid_scope', 'The requested scope is invalid.');
  const { tokenLifetimeSeconds: seconds = 3_600 } = options;
  const granted = { scope: 'messaging:push', token_type: 'bearer', expires_in: seconds };
  return {
    kind: 'token',
    name: 'token',
    answer: jsonAnswer(200, { access_token: tokens.issue(now, seconds), ...granted }),
  };
}

function isSame(given: string | null, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(wanted));
}

/** The registration id in the path. null: the request is for something else. */
function readPath({ method, path }: WireRequest): string | null {
  const coded = /^\/messaging\/registrations\/([^/?]+)\/messages$/.exec(path)?.[1];
  if (method !== 'POST' || coded === undefined) return null;
  try {
    return decodeURIComponent(coded);
  } catch {
    return null;
  }
}

function credentialsProblem(request: WireRequest, tokens: AccessTokens, now: Date): Reason | null {
  const authorization = header(request, 'authorization') ?? '';
  return /^bearer /i.test(authorization) && tokens.judge(authorization.slice(7), now) === 'good'
    ? null
    : 'AccessTokenExpired';
}

const wantedHeaders: readonly [string, RegExp][] = [
  ['content-type', /^application\/json\b/i],
  ['accept', /application\/json|\*\/\*/i],
  ['x-amzn-type-version', /^com\.amazon\.device\.messaging\.ADMMessage@1\.0$/],
  ['x-amzn-accept-type', /^com\.amazon\.device\.messaging\.ADMSendResult@1\.0$/],
];

function headersProblem(request: WireRequest): Reason | null {
  return wantedHeaders.every(([name, wanted]) => wanted.test(header(request, name) ?? '')) ? null : 'InvalidType';
}

const registration = /^[\w.:|~%+/=-]{1,2048}$/;
const MOST_DATA_BYTES = 6_144;
const MOST_KEY_CHARACTERS = 64;
const members: ReadonlySet<string> = new Set(['data', 'consolidationKey', 'expiresAfter', 'md5', 'priority']);

function checkBody(request: WireRequest, registrationId: string): AdmMessage | Reason {
  if (!registration.test(registrationId)) return 'InvalidRegistrationId';
  if (request.isOversize) return 'MessageTooLarge';
  const body = readJson(request.body);
  if (!isObject(body) || !Object.keys(body).every((name) => members.has(name))) return 'InvalidData';
  const { data = {}, consolidationKey = null, expiresAfter = null, md5 = null } = body;
  if (!isObject(data) || !Object.values(data).every((value) => typeof value === 'string')) return 'InvalidData';
  const texts = data as Record<string, string>;
  if (bytesOf(texts) > MOST_DATA_BYTES) return 'MessageTooLarge';
  if (consolidationKey !== null && !isKey(consolidationKey)) return 'InvalidConsolidationKey';
  if (Object.keys(texts).length === 0 && consolidationKey === null) return 'InvalidData';
  if (expiresAfter !== null && !isExpiry(expiresAfter)) return 'InvalidExpiration';
  if (md5 !== null && md5 !== checksum(texts)) return 'InvalidChecksum';
  return { registrationId, data: texts, consolidationKey, expiresAfter };
}

function bytesOf(data: Readonly<Record<string, string>>): number {
  return Object.entries(data).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_KEY_CHARACTERS;
}

function isExpiry(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 60 && value <= 2_678_400;
}

/** Base64 of the MD5 over the `key:value` pairs, sorted by key and joined by commas. */
function checksum(data: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(data).map(([key, value]) => `${key}:${value}`);
  return createHash('md5').update(pairs.toSorted().join(',')).digest('base64');
}

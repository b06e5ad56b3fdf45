import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { isObject } from '../../lib/raw/json.ts';
import type { WireRequest } from '../../net/wire.ts';
import { readJson } from '../json.ts';
import { type ProviderRules, type Simulator, type SimulatorOptions, startSimulator } from '../simulator.ts';
import { type ApnsReason, apnsAnswers, apnsError } from './apns-answers.ts';
import { ProviderTokens, type TrustedKey } from './apns-credentials.ts';
import { orderInToken } from './apns-tokens.ts';

export interface ApnsKey {
  teamId: string;
  keyId: string;
  /** The text of the .p8 file. */
  key: string;
}

/** One received notification. A header that was not sent is null. */
export interface ApnsMessage {
  token: string;
  id: string;
  topic: string;
  pushType: string | null;
  priority: string | null;
  expiration: string | null;
  collapseId: string | null;
  payload: Readonly<Record<string, unknown>>;
}

export interface ApnsOptions extends SimulatorOptions {
  /** Keys that are trusted. Default: one that is generated. */
  keys?: readonly ApnsKey[];
  /** Bundle ids of the team. Default: `com.acme.app`. */
  topics?: readonly string[];
}

export interface ApnsSimulator extends Simulator<ApnsMessage> {
  keys: readonly ApnsKey[];
  topics: readonly string[];
}

/** A stand-in for Apple's push service, HTTP/2 only. Source: messaging-objects.md §3.3 and §3.4. */
export async function startApnsSimulator(options: ApnsOptions = {}): Promise<ApnsSimulator> {
  const { keys = [makeApnsKey()], topics = ['com.acme.app'] } = options;
  const simulator = await startSimulator(() => apns(keys, topics), options);
  return { ...simulator, keys, topics };
}

export function makeApnsKey(teamId = 'SIMTEAM001', keyId = 'SIMKEY0001'): ApnsKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { teamId, keyId, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Streams allowed until the client has proved its credentials; after that, as many as Apple allows. */
const FIRST_STREAMS = 1;
const STREAMS = 1_000;
const MOST_BODY_BYTES = 65_536;

function apns(keys: readonly ApnsKey[], topics: readonly string[]): ProviderRules<ApnsMessage> {
  const trusted = keys.map(({ teamId, keyId, key }): TrustedKey => {
    return { teamId, keyId, publicKey: createPublicKey(createPrivateKey(key)) };
  });
  const tokens = new ProviderTokens(trusted);
  const raised = new WeakSet<object>();
  return {
    answers: apnsAnswers,
    deadAnswer: 'Unregistered',
    orderInTarget: orderInToken,
    revokeTokens: () => tokens.revokeUsed(),
    wire: {
      protocols: ['h2'],
      maxBodyBytes: MOST_BODY_BYTES,
      maxStreams: FIRST_STREAMS,
      goAwayText: '{"reason":"Shutdown"}',
    },
    judge(request, now) {
      const fields = readFields(request);
      const id = fields['apns-id'] ?? randomUUID().toUpperCase();
      const problem = requestProblem(request, fields, tokens, topics, now.getTime());
      if (problem !== null) {
        const answer = apnsError(problem, problem === 'BadMessageId' ? '' : id);
        return { kind: 'refused', name: `refused: ${problem}`, answer };
      }
      const message = toMessage(request, fields, id);
      if (message === null)
        return { kind: 'refused', name: 'refused: PayloadEmpty', answer: apnsError('PayloadEmpty', id) };
      return { kind: 'message', target: message.token, message };
    },
    accept: ({ id }) => ({ status: 200, headers: [['apns-id', id]], body: '' }),
    onAccepted({ connection }) {
      if (!raised.has(connection)) connection.allowStreams(STREAMS);
      raised.add(connection);
      return undefined;
    },
  };
}

const known = [
  ...['authorization', 'apns-id', 'apns-topic', 'apns-push-type', 'apns-priority', 'apns-expiration'],
  'apns-collapse-id',
] as const;
type Fields = { [name in (typeof known)[number]]?: string } & { repeated?: true };

function readFields({ headers }: WireRequest): Fields {
  const fields: Fields = {};
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const first = name.charCodeAt(0);
    if (first !== 97 || !isKnown(name)) continue; // a cheap first test: all known names begin with "a"
    if (fields[name] !== undefined) fields.repeated = true;
    else fields[name] = headers[at + 1] as string;
  }
  return fields;
}

function isKnown(name: string): name is (typeof known)[number] {
  return known.includes(name as (typeof known)[number]);
}

const path = /^\/3\/device\/([^/?]*)$/;
const deviceToken = /^(?:[0-9a-fA-F]{2}){32,100}$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const pushTypes: ReadonlySet<string> = new Set(
  'alert background location voip complication fileprovider mdm liveactivity pushtotalk widgets controls'.split(' '),
);
const MOST_BYTES = 4_096;
const MOST_VOIP_BYTES = 5_120;
const MOST_COLLAPSE_BYTES = 64;

/** Checks path, credentials, headers, device token and payload, in this order. null: all are good. */
function requestProblem(
  request: WireRequest,
  fields: Fields,
  tokens: ProviderTokens,
  topics: readonly string[],
  nowMs: number,
): ApnsReason | null {
  if (request.method !== 'POST') return 'MethodNotAllowed';
  const token = path.exec(request.path)?.[1];
  if (token === undefined) return 'BadPath';
  if (fields.repeated) return 'DuplicateHeaders';
  const untrusted = tokens.problem(fields.authorization, request.connection, nowMs);
  if (untrusted !== null) return untrusted;
  const wrong = headerProblem(fields, topics);
  if (wrong !== null) return wrong;
  if (token === '') return 'MissingDeviceToken';
  if (!deviceToken.test(token)) return 'BadDeviceToken';
  if (request.body.length === 0) return 'PayloadEmpty';
  const most = fields['apns-push-type'] === 'voip' ? MOST_VOIP_BYTES : MOST_BYTES;
  return request.isOversize || request.body.length > most ? 'PayloadTooLarge' : null;
}

function headerProblem(fields: Fields, topics: readonly string[]): ApnsReason | null {
  const topic = fields['apns-topic'];
  const type = fields['apns-push-type'];
  const priority = fields['apns-priority'];
  if (topic === undefined) return 'MissingTopic';
  if (!/^[A-Za-z0-9.-]{1,255}$/.test(topic)) return 'BadTopic';
  if (!topics.some((bundle) => topic === bundle || topic.startsWith(`${bundle}.`))) return 'TopicDisallowed';
  if (type !== undefined && !pushTypes.has(type)) return 'InvalidPushType';
  if (priority !== undefined && !['1', '5', '10'].includes(priority)) return 'BadPriority';
  // Apple: "specifying a priority of 10 for a background notification is an error".
  if (type === 'background' && priority === '10') return 'BadPriority';
  if (!/^\d{1,12}$/.test(fields['apns-expiration'] ?? '0')) return 'BadExpirationDate';
  if (Buffer.byteLength(fields['apns-collapse-id'] ?? '', 'latin1') > MOST_COLLAPSE_BYTES) return 'BadCollapseId';
  return uuid.test(fields['apns-id'] ?? '00000000-0000-0000-0000-000000000000') ? null : 'BadMessageId';
}

/** null: the payload is not a JSON object with an `aps` dictionary. */
function toMessage(request: WireRequest, fields: Fields, id: string): ApnsMessage | null {
  const payload = readPayload(request.body);
  if (payload === null) return null;
  return {
    token: request.path.slice('/3/device/'.length).toLowerCase(),
    id,
    topic: fields['apns-topic'] ?? '',
    pushType: fields['apns-push-type'] ?? null,
    priority: fields['apns-priority'] ?? null,
    expiration: fields['apns-expiration'] ?? null,
    collapseId: fields['apns-collapse-id'] ?? null,
    payload,
  };
}

function readPayload(body: Buffer): Readonly<Record<string, unknown>> | null {
  const payload = readJson(body);
  return isObject(payload) && isObject(payload.aps) ? payload : null;
}

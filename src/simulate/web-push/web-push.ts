import { randomUUID } from 'node:crypto';
import { type Answer, header, type WireRequest } from '../../net/wire.ts';
import { type AnswerTable, answering, answerTable, jsonAnswer } from '../answers.ts';
import { readJson } from '../json.ts';
import {
  type ProviderRules,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Verdict,
} from '../simulator.ts';
import { makeVapidKeys, Vapid, type VapidKeys } from './vapid.ts';
import { decryptPush } from './web-push-decrypt.ts';
import { type PushSubscription, Subscriptions } from './web-push-subscriptions.ts';

export type { PushSubscription } from './web-push-subscriptions.ts';

export interface WebPushMessage {
  /** The subscription's name. */
  name: string;
  ttl: number;
  urgency: string | null;
  topic: string | null;
  /** The payload that the browser reads. null: this message was not decrypted. */
  payload: unknown;
}

export interface WebPushOptions extends SimulatorOptions {
  /** The key pair with which the subscriptions were made. Generated if absent. */
  vapid?: VapidKeys;
  /** One message in this many is decrypted, which takes about 100 µs. Default: 1, every message. */
  decryptEvery?: number;
}

export interface WebPushSimulator extends Simulator<WebPushMessage> {
  vapid: VapidKeys;
  /** The subscription with this name. Any name will do; `sim-<answer>-…` asks for an answer. */
  subscription(name: string): PushSubscription;
}

/** A stand-in for the browsers' push services and the browsers. Source: messaging-objects.md §5.3 and §5.4. */
export async function startWebPushSimulator(options: WebPushOptions = {}): Promise<WebPushSimulator> {
  const vapid = options.vapid ?? makeVapidKeys();
  const subscriptions = new Subscriptions(options.seed ?? 1);
  const simulator = await startSimulator((url) => webPush(url, vapid, subscriptions, options), options);
  return { ...simulator, vapid, subscription: (name) => subscriptions.subscription(simulator.url, name) };
}

/** An error answer in the form of Mozilla's push service. */
function problem(status: number, error: string, message: string): Answer {
  return jsonAnswer(status, { code: status, errno: status, error, message });
}

export const webPushAnswers: AnswerTable = answerTable({
  gone: answering(problem(410, 'Gone', 'The subscription has expired or was withdrawn.'), { kills: true }),
  not_found: answering(problem(404, 'Not Found', 'There is no such subscription.'), { kills: true }),
  bad_request: answering(problem(400, 'Bad Request', 'Invalid request.')),
  unauthorized: answering(problem(401, 'Unauthorized', 'Request did not validate: invalid token.')),
  forbidden: answering(problem(403, 'Forbidden', 'The VAPID credentials do not correspond to the subscription.')),
  too_large: answering(problem(413, 'Payload Too Large', 'The message is too large.')),
  too_many_requests: answering(problem(429, 'Too Many Requests', 'Too many messages for this subscription.')),
  internal: answering(problem(500, 'Internal Server Error', 'Something went wrong.')),
  unavailable: answering(problem(503, 'Service Unavailable', 'Use exponential back-off for retries.')),
  redirect: answering({ status: 307, headers: [['location', 'http://127.0.0.1:9/elsewhere']], body: '' }),
  ok: { reaction: ({ accepted }) => ({ kind: 'answer', answer: { ...accepted(), status: 200 } }), accepts: true },
  queued: { reaction: ({ accepted }) => ({ kind: 'answer', answer: { ...accepted(), status: 202 } }), accepts: true },
});

const MOST_BYTES = 4_096;
const MOST_BODY_BYTES = 65_536;

function webPush(
  url: () => string,
  vapidKeys: VapidKeys,
  subscriptions: Subscriptions,
  { decryptEvery = 1 }: WebPushOptions,
): ProviderRules<WebPushMessage> {
  const vapid = new Vapid(vapidKeys.publicKey);
  let messages = 0;
  return {
    answers: webPushAnswers,
    deadAnswer: 'gone',
    wire: { protocols: ['http/1.1', 'h2'], maxBodyBytes: MOST_BODY_BYTES, maxStreams: 100, goAwayText: '' },
    judge(request, now) {
      if (request.path.startsWith('/subscriptions')) return subscribe(request, subscriptions, url());
      const name = readPath(request);
      if (name === null) return refused(404, 'There is no such subscription.');
      const untrusted = vapid.problem(header(request, 'authorization'), url(), now);
      if (untrusted !== null) return refused(untrusted.status, untrusted.message);
      const wrong = headerProblem(request);
      if (wrong !== null) return refused(400, wrong);
      if (request.isOversize || request.body.length > MOST_BYTES) return refused(413, 'The message is too large.');
      messages += 1;
      const read = messages % decryptEvery === 0 ? readPayload(request, subscriptions, name) : { payload: null };
      if ('problem' in read) return refused(400, read.problem);
      return { kind: 'message', target: name, message: { name, ...delivery(request), payload: read.payload } };
    },
    accept: (_, name) => ({
      status: 201,
      headers: [
        ['location', `${url()}/message/${randomUUID()}?subscription=${encodeURIComponent(name)}`],
        ['ttl', '2419200'],
      ],
      body: '',
    }),
  };
}

function refused(status: number, message: string): Verdict<WebPushMessage> {
  const answer = problem(status, status === 413 ? 'Payload Too Large' : 'Refused', message);
  return { kind: 'refused', name: `refused: ${status} ${message}`, answer };
}

/** Answers `POST /subscriptions` with the subscription of that name, or of a new name. */
function subscribe({ path, method }: WireRequest, subscriptions: Subscriptions, url: string): Verdict<WebPushMessage> {
  if (method !== 'POST') return refused(405, 'Expected POST /subscriptions?name=…');
  const name = new URL(path, url).searchParams.get('name') ?? randomUUID();
  return { kind: 'other', name: 'subscribed', answer: jsonAnswer(201, subscriptions.subscription(url, name)) };
}

function readPath({ method, path }: WireRequest): string | null {
  const coded = /^\/push\/([^/?]{1,1000})$/.exec(path)?.[1];
  if (method !== 'POST' || coded === undefined) return null;
  try {
    return decodeURIComponent(coded);
  } catch {
    return null;
  }
}

function headerProblem(request: WireRequest): string | null {
  if (!/^\d{1,10}$/.test(header(request, 'ttl') ?? '')) return 'The TTL header is missing or no number of seconds.';
  if (header(request, 'content-encoding') !== 'aes128gcm') return 'Expected Content-Encoding: aes128gcm.';
  if (!/^(very-low|low|normal|high)$/.test(header(request, 'urgency') ?? 'normal')) return 'Unknown Urgency.';
  return /^[\w-]{1,32}$/.test(header(request, 'topic') ?? 'x') ? null : 'A Topic has up to 32 base64url characters.';
}

function delivery(request: WireRequest): Pick<WebPushMessage, 'ttl' | 'urgency' | 'topic'> {
  return {
    ttl: Number(header(request, 'ttl')),
    urgency: header(request, 'urgency') ?? null,
    topic: header(request, 'topic') ?? null,
  };
}

/** Reads the payload as the browser would, where a mistake would go unnoticed. A real push service cannot read it. */
function readPayload({ body }: WireRequest, subscriptions: Subscriptions, name: string) {
  const read = decryptPush(body, subscriptions.keys(name));
  if ('problem' in read) return { problem: `A browser could not read this: ${read.problem}.` };
  const payload = readJson(read.plaintext);
  return payload === undefined ? { problem: 'A browser could not read this: the payload is no JSON.' } : { payload };
}

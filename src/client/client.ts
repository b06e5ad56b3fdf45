// cresset/client: what programs import to call the API.
import { readAnswer } from './answer.ts';
import { NoAnswerError } from './errors.ts';
import { type Operations, takesIdempotencyKey, takesLines } from './operations.ts';
import { baseOf, type Input, type Target, targetOf } from './request.ts';
import { pause, waitBeforeRepeating } from './retry.ts';

export { CressetError, NoAnswerError, type Problem } from './errors.ts';
export type * from './operations.ts';

export interface ClientOptions {
  /** Address of the server, such as `https://cresset.example.com`. */
  url: string;
  /** The API key. */
  key: string;
  /** Longest time of one attempt, answer included, in milliseconds. Default: 30,000. */
  timeoutMs?: number;
  /** Most repetitions of a call that may be repeated. Default: 2. */
  retries?: number;
  /** Largest answer, in bytes. Default: 64 MiB. */
  mostAnswerBytes?: number;
  /**
   * Whether the server keeps the promise of `Idempotency-Key`. Without it, only reads and what was over the rate are
   * repeated. Default: yes, but not at the original's addresses (`*.braze.com`, `*.braze.eu`).
   */
  knowsIdempotencyKeys?: boolean;
}

export interface CallOptions {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal;
  /** Instead of the client's. */
  timeoutMs?: number;
}
export interface SendOptions extends CallOptions {
  /** Stands for this request for 24 hours. Default: a new one for each call. */
  idempotencyKey?: string;
}

/** The name of an operation, such as `POST /messages/send`. */
export type OperationName = keyof Operations;
export type InputOf<N extends OperationName> = Operations[N]['input'];
export type AnswerOf<N extends OperationName> = Operations[N]['answer'];
type OptionsOf<N extends OperationName> = Operations[N] extends { idempotencyKey: true } ? SendOptions : CallOptions;
type Arguments<N extends OperationName> =
  Record<never, never> extends InputOf<N>
    ? [input?: InputOf<N>, options?: OptionsOf<N>]
    : [input: InputOf<N>, options?: OptionsOf<N>];

export interface Client {
  /**
   * Calls an operation and returns its answer. Throws CressetError if the server refuses, NoAnswerError if no answer came,
   * and the reason of `signal` if that was aborted.
   */
  call<N extends OperationName>(name: N, ...rest: Arguments<N>): Promise<AnswerOf<N>>;
}

const defaults = { timeoutMs: 30_000, retries: 2, mostAnswerBytes: 67_108_864 };

/** A client of one server. Throws TypeError if the address or the key cannot be one. */
export function createClient(options: ClientOptions): Client {
  const base = baseOf(options.url);
  if (!/^[\x21-\x7e]+$/.test(options.key)) throw new TypeError('key: expected visible ASCII characters');
  const settings = { ...defaults, knowsIdempotencyKeys: !isOriginal(base), ...options, url: base };
  const call = (name: OperationName, input: Input = {}, own: SendOptions = {}): Promise<unknown> =>
    callRepeatedly(settings, name, input, own);
  // Only the document knows what each operation reads and answers; here, all of it is JSON.
  return { call: call as Client['call'] };
}

function isOriginal(base: string): boolean {
  return /\.braze\.(com|eu)$/.test(new URL(base).hostname);
}

type Settings = Required<ClientOptions>;

async function callRepeatedly(
  settings: Settings,
  name: OperationName,
  input: Input,
  own: SendOptions,
): Promise<unknown> {
  const target = targetOf(name, input);
  const keyed = takesIdempotencyKey.has(name) && settings.knowsIdempotencyKeys;
  const idempotencyKey = own.idempotencyKey ?? (keyed ? crypto.randomUUID() : undefined);
  const headers = new Headers({
    authorization: `Bearer ${settings.key}`,
    ...(target.body !== null && { 'content-type': takesLines.has(name) ? 'application/x-ndjson' : 'application/json' }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  });
  const isRepeatable = target.method === 'GET' || keyed;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await callOnce(settings, target, headers, own);
    } catch (error) {
      const waitMs = attempt < settings.retries ? waitBeforeRepeating(error, attempt, isRepeatable) : null;
      if (waitMs === null) throw error;
      await pause(waitMs, own.signal);
    }
  }
}

/** Redirects are not followed: the key is for this server only. */
async function callOnce(
  { url, mostAnswerBytes, ...settings }: Settings,
  { method, path, body }: Target,
  headers: Headers,
  { signal, timeoutMs = settings.timeoutMs }: CallOptions,
): Promise<unknown> {
  const late = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? late : AbortSignal.any([signal, late]);
  try {
    const response = await fetch(url + path, { method, headers, body, signal: either, redirect: 'error' });
    return await readAnswer(response, mostAnswerBytes);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (late.aborted) throw new NoAnswerError('timeout', `no answer within ${timeoutMs} ms`, { cause: error });
    // fetch reports every broken connection as a TypeError.
    if (error instanceof TypeError) throw new NoAnswerError('connection', 'the connection failed', { cause: error });
    throw error;
  }
}

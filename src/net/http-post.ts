import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export interface PostReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** The first `maxReplyBytes` of the response body. */
  body: Buffer;
}

export interface Post {
  /** Required when the dispatcher is not bound to one origin. */
  origin?: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  /** null: the request has no body. */
  body: Buffer | string | null;
  /** Default: POST. */
  method?: Dispatcher.HttpMethod;
  /**
   * How many bytes of the response body to keep, or that by the status. 0: resolve with status and headers as soon as
   * they arrive.
   */
  maxReplyBytes: number | ((status: number) => number);
  /** Aborts the exchange. */
  signal?: AbortSignal;
  /**
   * Longest time of the exchange from when a connection begins it, in milliseconds of the machine's clock. Without it, only
   * the dispatcher's own timeouts apply.
   */
  timeoutMs?: number;
  /** Once aborted, the request is not begun and the call rejects with NotBegunError. One that has begun ends as usual. */
  mayBegin?: AbortSignal;
}

/** The request was not given to a connection. */
export class NotBegunError extends Error {
  override name = 'NotBegunError';
}

/** The exchange took longer than `timeoutMs`. */
class ExchangeTimeout extends Error {
  override name = 'TimeoutError';
}

/** An unwanted body is read up to this length, so that the connection can be reused; a longer one ends the connection. */
const MAX_DISCARDED_BYTES = 16_384;

/**
 * Sends one request; follows no redirect and repeats nothing. Rejects with the network's error or the signal's reason, unless
 * a status that is no success has arrived.
 * It uses the dispatcher's callbacks, because undici's body stream costs as much as everything else together.
 */
export function post(
  dispatcher: Dispatcher,
  { maxReplyBytes, signal, timeoutMs, mayBegin, ...request }: Post,
): Promise<PostReply> {
  const { promise, resolve, reject } = Promise.withResolvers<PostReply>();
  const chunks: Buffer[] = [];
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  let bytes = 0;
  let kept = 0;
  let stop: (() => void) | null = null;
  let timer: NodeJS.Timeout | null = null;
  if (mayBegin?.aborted) return Promise.reject(new NotBegunError());
  const endWaits = () => {
    if (stop !== null) signal?.removeEventListener('abort', stop);
    if (timer !== null) clearTimeout(timer);
  };
  const finish = () => {
    endWaits();
    resolve({ status, headers, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
  };
  dispatcher.dispatch(
    { method: 'POST', ...request },
    {
      onRequestStart(controller) {
        if (mayBegin?.aborted) return controller.abort(new NotBegunError());
        // One timer each, because an AbortSignal with a timeout costs more than the rest of this function.
        if (timeoutMs !== undefined) timer = setTimeout(() => controller.abort(new ExchangeTimeout()), timeoutMs);
        if (signal === undefined) return;
        stop = () => controller.abort(asError(signal.reason));
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      },
      onResponseStart(_controller, given, givenHeaders) {
        status = given;
        headers = givenHeaders;
        kept = typeof maxReplyBytes === 'number' ? maxReplyBytes : maxReplyBytes(given);
        if (kept === 0) finish();
      },
      onResponseData(controller, chunk) {
        if (bytes < kept) chunks.push(chunk.subarray(0, kept - bytes));
        bytes += chunk.length;
        if (bytes <= Math.max(kept, MAX_DISCARDED_BYTES)) return;
        finish();
        controller.abort(new Error('the reply is longer than expected'));
      },
      onResponseEnd: finish,
      onResponseError(_controller, error) {
        // A refusal whose body breaks off is still a refusal.
        if (status >= 300) return finish();
        endWaits();
        reject(error);
      },
    },
  );
  return promise;
}

/** Names what went wrong in the network: the error's code, or else its name. */
export function networkReason(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return `network ${typeof code === 'string' ? code : typeof name === 'string' ? name : 'error'}`;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

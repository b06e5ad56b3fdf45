import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export interface PostReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** At most so much of it as was asked for; the rest is not read. */
  body: Buffer;
}

export interface Post {
  /** For a dispatcher that is not bound to one. */
  origin?: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer | string;
  /** How much of the answer's body is wanted; 0 = the answer is its status and headers, and is given with them. */
  maxReplyBytes: number;
  /** Cuts the exchange off. Without one, the dispatcher's own timeouts are all. */
  signal?: AbortSignal;
}

/** Of a body that is not wanted, so much is read that the connection can be used again; a longer one ends it. */
const MAX_DISCARDED_BYTES = 16_384;

/**
 * Posts once: no redirect is followed, nothing is repeated. Rejects with what the network did, or with the signal's
 * reason. The dispatcher is used without its stream of the body, which costs as much as all the rest.
 */
export function post(dispatcher: Dispatcher, { maxReplyBytes, signal, ...request }: Post): Promise<PostReply> {
  const { promise, resolve, reject } = Promise.withResolvers<PostReply>();
  const chunks: Buffer[] = [];
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  let bytes = 0;
  let stop: (() => void) | null = null;
  const settle = () => {
    if (stop !== null) signal?.removeEventListener('abort', stop);
    resolve({ status, headers, body: Buffer.concat(chunks) });
  };
  dispatcher.dispatch(
    { method: 'POST', ...request },
    {
      onRequestStart(controller) {
        if (signal === undefined) return;
        stop = () => controller.abort(asError(signal.reason));
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      },
      onResponseStart(_controller, given, givenHeaders) {
        status = given;
        headers = givenHeaders;
        if (maxReplyBytes === 0) settle();
      },
      onResponseData(controller, chunk) {
        if (bytes < maxReplyBytes) chunks.push(chunk.subarray(0, maxReplyBytes - bytes));
        bytes += chunk.length;
        if (bytes <= Math.max(maxReplyBytes, MAX_DISCARDED_BYTES)) return;
        settle();
        controller.abort(new Error('the reply is longer than expected'));
      },
      onResponseEnd: settle,
      onResponseError(_controller, error) {
        if (stop !== null) signal?.removeEventListener('abort', stop);
        reject(error);
      },
    },
  );
  return promise;
}

/** What the network did, in a word: the code of the error, or its name. */
export function networkReason(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return `network ${typeof code === 'string' ? code : typeof name === 'string' ? name : 'error'}`;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

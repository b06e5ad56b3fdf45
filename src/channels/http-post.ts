import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export interface PostReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** At most so much of it as was asked for; the rest is not read. */
  body: Buffer;
}

export interface Post {
  /** Of a pool: its own. */
  origin?: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer | string;
  maxReplyBytes: number;
  signal: AbortSignal;
}

/**
 * Posts once: no redirect is followed, nothing is repeated. Rejects with what the network did, or with the signal's
 * reason. The dispatcher is used without its stream of the body, which costs as much as all the rest.
 */
export function post(dispatcher: Dispatcher, { maxReplyBytes, signal, ...request }: Post): Promise<PostReply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let stop: ((reason: Error) => void) | undefined;
    const onAbort = () => stop?.(asError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    const reply = { status: 0, headers: {} as IncomingHttpHeaders, chunks: [] as Buffer[], bytes: 0 };
    const finish = () => {
      signal.removeEventListener('abort', onAbort);
      resolve({ status: reply.status, headers: reply.headers, body: Buffer.concat(reply.chunks) });
    };
    dispatcher.dispatch(
      { method: 'POST', ...request },
      {
        onRequestStart(controller) {
          stop = (reason) => controller.abort(reason);
          if (signal.aborted) onAbort();
        },
        onResponseStart(_controller, status, headers) {
          reply.status = status;
          reply.headers = headers;
        },
        onResponseData(controller, chunk) {
          reply.chunks.push(chunk.subarray(0, maxReplyBytes - reply.bytes));
          reply.bytes += chunk.length;
          if (reply.bytes <= maxReplyBytes) return;
          reply.bytes = maxReplyBytes;
          finish();
          controller.abort(new Error('the reply is longer than expected'));
        },
        onResponseEnd: finish,
        onResponseError(_controller, error) {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      },
    );
    return undefined;
  });
}

/** What the network did, in a word: the code of the error, or its name. */
export function networkReason(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return `network ${typeof code === 'string' ? code : typeof name === 'string' ? name : 'error'}`;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

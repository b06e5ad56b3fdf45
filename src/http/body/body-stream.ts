import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { RequestError } from '../../errors.ts';

/** Longest wait for the next bytes of a body, in milliseconds. */
const IDLE_MS = 30_000;

/** The connections whose bodies are read as they come, which may take longer than other requests. */
const streaming = new WeakSet<Socket>();

/** Whether a body is being read from this connection as it comes. */
export function isStreaming(socket: Socket): boolean {
  return streaming.has(socket);
}

/**
 * The body of a request, as it comes. Nothing is read ahead of the reader. Throws RequestError if it breaks off, or nothing
 * comes for a while. A reader that stops early leaves the rest unread.
 */
export async function* streamOf(raw: IncomingMessage, idleMs = IDLE_MS): AsyncGenerator<Buffer> {
  const chunks = raw.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  streaming.add(raw.socket);
  try {
    for (;;) {
      const { done, value } = await nextWithin(chunks, idleMs);
      if (done === true) return;
      yield value;
    }
  } finally {
    streaming.delete(raw.socket);
  }
}

async function nextWithin(chunks: AsyncIterator<Buffer>, idleMs: number): Promise<IteratorResult<Buffer>> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<never>((_, reject) => {
    const refusal = new RequestError('bad_request', [`body: expected more of it within ${idleMs / 1_000} s`]);
    timer = setTimeout(() => reject(refusal), idleMs);
  });
  try {
    return await Promise.race([idle, chunks.next().catch(brokenOff)]);
  } finally {
    clearTimeout(timer);
  }
}

/** The caller does not hear it, but it is not an error of ours. */
function brokenOff(cause: unknown): never {
  const refusal = new RequestError('bad_request', ['body: it broke off before its end']);
  refusal.cause = cause;
  throw refusal;
}

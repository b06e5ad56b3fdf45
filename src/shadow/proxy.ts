import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import type { BytesInHand } from '../lib/limits/bytes-in-hand.ts';
import { Capture } from './capture.ts';
import type { Ending, Exchange } from './exchange.ts';
import { headerOf, passedHeaders } from './headers.ts';

/** No connection to the original came about, so it has seen nothing of the request. */
class UnreachableError extends Error {
  override name = 'UnreachableError';
}

const CONNECT_MS = 30_000;

export interface ProxyOptions {
  /** Origin of the original, such as `https://rest.example.com`. */
  upstream: URL;
  room: BytesInHand;
  onExchange(exchange: Exchange): void;
}

/**
 * Passes each request on, once: nothing is tried again, because the original may have acted on it. Callers wait as long as
 * they want. `close` ends the connections to the original, and resolves when `onExchange` was told of every request.
 */
export function createProxy({ upstream, room, onExchange }: ProxyOptions): { server: Server; close(): Promise<void> } {
  const original = new Pool(upstream.origin, {
    ...{ headersTimeout: 0, bodyTimeout: 0, connect: namingFailures(buildConnector({ timeout: CONNECT_MS })) },
  });
  const underWay = new Set<Promise<void>>();
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 75_000 }, (request, response) => {
    const trouble = troubleOf(request);
    if (trouble !== null) {
      answer(response, trouble.status, trouble.message);
      return;
    }
    const captures = { request: new Capture(room), response: new Capture(room) };
    const at = Date.now();
    const passing = pass(original, { request, response, captures }).then((passed) => {
      const { method = '', url = '', rawHeaders } = request;
      underWay.delete(passing);
      onExchange({ at, tookMs: Date.now() - at, method, url, requestHeaders: rawHeaders, ...captures, ...passed });
    });
    underWay.add(passing);
  });
  async function close(): Promise<void> {
    await original.destroy();
    await Promise.all(underWay);
  }
  return { server, close };
}

function namingFailures(connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) done(new UnreachableError(error.message, { cause: error }), null);
      else done(null, socket);
    });
}

/** What cannot be passed on as it came. null: nothing. */
function troubleOf({ url = '', rawHeaders }: IncomingMessage): { status: number; message: string } | null {
  if (!url.startsWith('/')) return { status: 400, message: 'cresset shadow: expected a path that begins with /' };
  const coding = headerOf(rawHeaders, 'transfer-encoding');
  if (coding === null || coding.toLowerCase() === 'chunked') return null;
  return { status: 501, message: 'cresset shadow: expected no transfer-encoding but chunked' };
}

interface Passing {
  request: IncomingMessage;
  response: ServerResponse;
  captures: { request: Capture; response: Capture };
}

type Passed = Pick<Exchange, 'ending' | 'status' | 'headers'>;

/** Never throws. */
async function pass(original: Pool, { request, response, captures }: Passing): Promise<Passed> {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const passed: Passed = { ending: 'answered', status: 0, headers: [] };
  /** Whether the answer broke off while the caller was still there: only then is it the original's doing. */
  let hasBroken = false;
  async function* untilItBreaks(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      hasBroken = !left.signal.aborted;
      throw error;
    }
  }
  try {
    const came = await original.request(requestOf(request, captures.request, left.signal));
    // With `responseHeaders: 'raw'` these are names and values in turn, which undici's types do not say.
    const headers = came.headers as unknown as string[];
    Object.assign(passed, { status: came.statusCode, headers });
    response.sendDate = false;
    response.writeHead(came.statusCode, passedHeaders(headers));
    await pipeline(captures.response.tap(untilItBreaks(came.body)), response);
    return passed;
  } catch (error) {
    return { ...passed, ending: endBadly(error as Error, response, left.signal.aborted && !hasBroken) };
  }
}

function requestOf(request: IncomingMessage, capture: Capture, signal: AbortSignal): Dispatcher.RequestOptions {
  const { method = 'GET', url: path = '/', rawHeaders } = request;
  const hasBody =
    headerOf(rawHeaders, 'transfer-encoding') !== null || Number(headerOf(rawHeaders, 'content-length') ?? 0) > 0;
  // The original may answer before it has read the body, and the caller must get that answer.
  const body = hasBody ? capture.tap(request.iterator({ destroyOnReturn: false })) : null;
  return {
    ...{ method: method as Dispatcher.HttpMethod, path, signal, responseHeaders: 'raw' },
    headers: passedHeaders(rawHeaders, ['host']),
    ...(body !== null && { body: body as unknown as Dispatcher.RequestOptions['body'] & object }),
  };
}

/** The caller sees what it would have seen of the original: a connection that closes, or, if there was none, a 502. */
function endBadly(error: Error, response: ServerResponse, hasLeft: boolean): Ending {
  if (error instanceof UnreachableError) {
    const { code = error.message } = error.cause as NodeJS.ErrnoException;
    answer(response, 502, `cresset shadow could not reach the original: ${code}`);
    return 'unreachable';
  }
  response.destroy();
  return hasLeft ? 'caller_left' : 'failed';
}

function answer(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ message }));
}

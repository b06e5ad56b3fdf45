import {
  type ClientHttp2Session,
  connect,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import type { TestContext } from 'node:test';

export interface Http2Answer {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  text: string;
  /** The body as JSON. null: it is not JSON. */
  json: unknown;
}

/** A session that ends with the test. */
export function http2Session(
  t: TestContext,
  url: string,
  options: SecureClientSessionOptions = {},
): ClientHttp2Session {
  const session = connect(url, options);
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  return session;
}

/** Sends one POST. Rejects if the stream is reset or the connection is lost. */
export async function post(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders,
  body: object | string,
): Promise<Http2Answer> {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  stream.end(typeof body === 'string' ? body : JSON.stringify(body));
  let received: Readonly<Record<string, unknown>> = {};
  stream.on('response', (response) => {
    received = response;
  });
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return { status: Number(received[':status']), headers: received, text, json: readJson(text) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

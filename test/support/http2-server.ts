import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { loopbackCertificate } from '../../rig/loopback-certificate.ts';

/** A request as the server saw it, and the stream to answer it on. */
export interface ServerCall {
  headers: IncomingHttpHeaders;
  path: string;
  body: string;
  session: ServerHttp2Session;
  stream: ServerHttp2Stream;
  /** Number of the session, in the order of opening, from 0. */
  connection: number;
  answer(status: number, body?: string | Buffer | object, headers?: Record<string, string>): void;
}

export interface TestHttp2Server {
  url: string;
  calls: ServerCall[];
  sessions: ServerHttp2Session[];
  /** Most streams open at once on any one connection. */
  mostStreams(): number;
  /** Resolves once this many calls have arrived. */
  called(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface TestHttp2ServerOptions {
  tls?: boolean;
  maxStreams?: number;
  settings?: Settings;
  onCall(call: ServerCall): void;
  /** Called before anything of the request is read. */
  onStream?(stream: ServerHttp2Stream, session: ServerHttp2Session): void;
}

/** Node's own HTTP/2 server on loopback, in the clear (prior knowledge) or over TLS. It closes when the test ends. */
export async function startHttp2Server(t: TestContext, options: TestHttp2ServerOptions): Promise<TestHttp2Server> {
  const settings: Settings = { ...options.settings };
  if (options.maxStreams !== undefined) settings.maxConcurrentStreams = options.maxStreams;
  const server: Http2Server = options.tls
    ? createSecureServer({ settings, ...loopbackCertificate })
    : createServer({ settings });
  const sessions: ServerHttp2Session[] = [];
  const calls: ServerCall[] = [];
  const waiting = new Set<() => void>();
  let most = 0;
  const onCall = (call: ServerCall) => {
    calls.push(call);
    options.onCall(call);
    for (const look of waiting) look();
  };
  server.on('sessionError', () => undefined);
  server.on('session', (session: ServerHttp2Session) => {
    const connection = sessions.push(session) - 1;
    let open = 0;
    session.on('error', () => undefined);
    session.on('stream', (stream: ServerHttp2Stream, headers) => {
      open += 1;
      most = Math.max(most, open);
      stream.on('close', () => {
        open -= 1;
      });
      stream.on('error', () => undefined);
      options.onStream?.(stream, session);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (stream.destroyed) return;
        const body = Buffer.concat(chunks).toString();
        const reply: ServerCall['answer'] = (status, text = '', extra = {}) => answer(stream, status, text, extra);
        onCall({ headers, path: String(headers[':path']), body, session, stream, connection, answer: reply });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const session of sessions) session.destroy();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  t.after(close);
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    sessions,
    mostStreams: () => most,
    called: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (calls.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close,
  };
}

function answer(
  stream: ServerHttp2Stream,
  status: number,
  body: string | Buffer | object,
  headers: Record<string, string>,
): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': status, ...headers });
  stream.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

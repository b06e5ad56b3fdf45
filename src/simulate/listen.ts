import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { PREFACE } from '../net/http2/frames.ts';
import { Http2Connection } from '../net/http2/server/connection.ts';
import type { Reaction, WireRequest } from '../net/wire.ts';
import { http1Server } from './http1.ts';

/** The address is not available. The message is for the person who chose it. */
export class PortError extends Error {
  override name = 'PortError';
}

export interface TlsIdentity {
  /** PEM, as is the key. */
  cert: string;
  key: string;
}

export interface ListenOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  tls: TlsIdentity | null;
  /** The protocols to offer. ALPN chooses over TLS; in the clear, the first bytes of a connection do (prior knowledge). */
  protocols: readonly ('h2' | 'http/1.1')[];
  maxBodyBytes: number;
  /** HTTP/2 only: number of streams that a new client may have open, and the debug data of GOAWAY. */
  maxStreams: number;
  goAwayText: string;
  onRequest(request: WireRequest): Reaction;
}

export interface Listening {
  url: string;
  /** Number of connections accepted so far. */
  connections(): number;
  /** Closes the port and every connection. Resolves when all are gone. */
  stop(): Promise<void>;
}

export async function listen(options: ListenOptions): Promise<Listening> {
  const http1 = http1Server(options.onRequest, options.maxBodyBytes);
  const sockets = new Set<Socket>();
  let connections = 0;
  const adopt = (socket: Socket, protocol: 'h2' | 'http/1.1') => {
    if (!options.protocols.includes(protocol)) socket.destroy();
    else if (protocol === 'h2') new Http2Connection(socket, options);
    else http1.emit('connection', socket);
  };
  const server = bindServer(options, adopt);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(options.port, options.host);
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    const { host, port } = options;
    throw new PortError(`${host}:${port} cannot be listened on (${cause.code}). Choose another port.`, { cause });
  });
  return {
    url: urlOf(server, options),
    connections: () => connections,
    async stop() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      http1.closeAllConnections();
      await closed;
    },
  };
}

function bindServer(options: ListenOptions, adopt: (socket: Socket, protocol: 'h2' | 'http/1.1') => void): Server {
  if (options.tls === null) return createTcpServer((socket) => detectProtocol(socket, adopt));
  const ALPNProtocols = [...options.protocols];
  const server = createTlsServer({ ...options.tls, ALPNProtocols, minVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => undefined);
    adopt(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1');
  });
  // The client does not trust us or speaks something else. Its connection is closed already.
  server.on('tlsClientError', () => undefined);
  return server;
}

/** HTTP/2 in the clear begins with its preface, and no HTTP/1.1 request begins with `PRI`. */
function detectProtocol(socket: Socket, adopt: (socket: Socket, protocol: 'h2' | 'http/1.1') => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const look = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, 3);
    const isHttp2 = PREFACE.compare(seen, 0, length, 0, length) === 0;
    if (isHttp2 && length < 3) return;
    socket.removeListener('data', look);
    socket.pause();
    socket.unshift(seen);
    adopt(socket, isHttp2 ? 'h2' : 'http/1.1');
    socket.resume();
  };
  socket.on('data', look);
}

function urlOf(server: Server, { host, tls }: ListenOptions): string {
  const { port } = server.address() as AddressInfo;
  return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

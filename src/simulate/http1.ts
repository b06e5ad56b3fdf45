import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Answer, Reaction, WireConnection, WireRequest } from '../net/wire.ts';

/** An HTTP/1.1 server that does not listen itself: the caller passes it its connections. */
export function http1Server(onRequest: (request: WireRequest) => Reaction, maxBodyBytes: number): Server {
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    const body: Buffer[] = [];
    let bytes = 0;
    let isHandled = false;
    const handle = () => {
      if (isHandled) return;
      isHandled = true;
      react(response, onRequest(toRequest(incoming, Buffer.concat(body), bytes > maxBodyBytes)));
    };
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!isHandled) body.push(chunk);
      if (bytes > maxBodyBytes) handle();
    });
    incoming.on('end', handle);
    // The client is gone, so there is nobody to answer.
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
  });
  return server;
}

function toRequest(incoming: IncomingMessage, body: Buffer, isOversize: boolean): WireRequest {
  const headers = incoming.rawHeaders.map((text, position) => (position % 2 === 0 ? text.toLowerCase() : text));
  const { method = 'GET', url: path = '/' } = incoming;
  return { method, path, headers, body, isOversize, connection: connectionOf(incoming) };
}

const counted = new WeakMap<object, { requests: number }>();

function connectionOf({ socket }: IncomingMessage): WireConnection {
  const count = counted.get(socket) ?? { requests: 0 };
  counted.set(socket, count);
  count.requests += 1;
  return {
    isHttp2: false,
    requests: count.requests,
    allowStreams: () => undefined,
    goAway: () => closing.add(socket),
  };
}

/** Connections whose next answer says `Connection: close`, the counterpart of GOAWAY in HTTP/1.1. */
const closing = new WeakSet<object>();

function react(response: ServerResponse, { after, ...reaction }: Reaction): void {
  if (after !== undefined) void after.then(() => react(response, reaction));
  else if (reaction.afterMs === undefined || reaction.afterMs <= 0) reactNow(response, reaction);
  else setTimeout(() => reactNow(response, reaction), reaction.afterMs).unref();
}

function reactNow(response: ServerResponse, reaction: Reaction): void {
  const { socket } = response;
  if (socket === null || socket.destroyed || reaction.kind === 'silence') return;
  if (reaction.kind === 'answer') write(response, reaction.answer, closing.has(socket));
  else if (reaction.kind === 'truncate') truncate(response, reaction.answer);
  else socket.resetAndDestroy();
}

function write(response: ServerResponse, { status, headers, body }: Answer, isLast: boolean): void {
  for (const [name, value] of headers) response.appendHeader(name, value);
  if (isLast) response.setHeader('connection', 'close');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.writeHead(status).end(body);
}

function truncate(response: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = Buffer.from(body);
  for (const [name, value] of headers) response.appendHeader(name, value);
  response.setHeader('content-length', bytes.length);
  response.writeHead(status).write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.destroy());
}

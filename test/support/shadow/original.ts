import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request as the original got it. */
export interface Got {
  method: string;
  url: string;
  rawHeaders: string[];
  body: Buffer;
}

export type Play = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A recorded answer of the original. A body that is no text is written as JSON. */
export interface Recorded {
  status: number;
  type?: string;
  body: unknown;
}

export function playing({ status, type = 'application/json; charset=utf-8', body }: Recorded): Play {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** An original that plays one answer after the other, whatever it is asked. */
export async function startOriginal(t: TestContext) {
  const plays: Play[] = [];
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    got.push({ method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders, body });
    const play = plays.shift() ?? playing({ status: 500, body: { message: 'nothing is recorded' } });
    play(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, got, play: (...next: Play[]) => void plays.push(...next) };
}

import type { FastifyReply, FastifyRequest } from 'fastify';

/** The body as received. Empty: there was none. */
export function rawBodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

const noQuery = new URLSearchParams();

export function queryOf({ url }: Pick<FastifyRequest, 'url'>): URLSearchParams {
  const start = url.indexOf('?');
  return start === -1 ? noQuery : new URLSearchParams(url.slice(start + 1));
}

/** Answers with JSON. */
export function sendJson(
  reply: FastifyReply,
  { status, body, headers }: { status: number; body: object; headers?: Readonly<Record<string, string>> },
): FastifyReply {
  if (headers) reply.headers(headers);
  reply.header('x-request-id', reply.request.id);
  return reply.code(status).header('content-type', 'application/json').send(JSON.stringify(body));
}

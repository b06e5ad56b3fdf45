import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../../operators/sessions.ts';
import { parseBody } from '../body.ts';
import { checkQuery } from '../query.ts';
import { queryOf, rawBodyOf, sendJson } from '../requests.ts';
import type { Answer } from '../route.ts';
import type { OperatorAccess, OperatorRoute } from './route.ts';

/** Headers of every answer to an operator: nobody else may keep it, frame it or guess its type. */
const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
};

/** Adds an endpoint for operators. Who calls is found out before the body is read. */
export function addOperatorRoute(server: FastifyInstance, route: OperatorRoute, access: OperatorAccess): void {
  const sessions = new WeakMap<FastifyRequest, Session>();
  server.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      reply.headers(headers);
      access.refuseOtherSites(request);
      if (route.role !== null) sessions.set(request, await access.admit(request, route.role));
    },
    handler: async (request, reply) => respond(route, { request, reply, session: sessions.get(request) }),
  });
}

async function respond(
  route: OperatorRoute,
  { request, reply, session }: { request: FastifyRequest; reply: FastifyReply; session: Session | undefined },
): Promise<FastifyReply> {
  const query = queryOf(request);
  checkQuery(query, route.query ?? []);
  const rawBody = rawBodyOf(request);
  const hasBody = route.method === 'DELETE' ? rawBody.length > 0 : route.method !== 'GET';
  const body = hasBody ? parseBody(rawBody, route.bodyDepth) : {};
  const answer = await handle(route, { request, session, query, body });
  if (answer.html === undefined) return sendJson(reply, answer);
  reply.headers({ ...answer.headers, 'content-type': 'text/html; charset=utf-8', 'x-request-id': request.id });
  return reply.code(answer.status).send(answer.html);
}

function handle(
  route: OperatorRoute,
  {
    request,
    session,
    query,
    body,
  }: { request: FastifyRequest; session: Session | undefined; query: URLSearchParams; body: Record<string, unknown> },
): Promise<Answer> {
  const { ip: address, id: requestId } = request;
  if (route.role === null) {
    const userAgent = String(request.headers['user-agent'] ?? '');
    return route.handle({ body, requestId, address, userAgent });
  }
  if (session === undefined) throw new Error('nobody was admitted');
  const { name, workspaceId } = session.operator;
  const actor = { workspaceId, name, address };
  const params = request.params as Record<string, string>;
  const { 'idempotency-key': key } = request.headers;
  const idempotencyKey = key === undefined ? {} : { idempotencyKey: String(key) };
  return route.handle({ session, workspaceId, actor, requestId, body, params, query, ...idempotencyKey });
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RequestError } from '../../errors.ts';
import type { Session } from '../../operators/sessions.ts';
import { parseBody } from '../body/body.ts';
import { refuseEncoding } from '../body/encodings.ts';
import { checkEscapes, checkQuery } from '../query.ts';
import { queryOf, rawBodyOf, sendJson } from '../requests.ts';
import type { Answer } from '../route.ts';
import { askedWorkspace } from './asked-workspace.ts';
import type { OperatorAccess, OperatorRoute, OperatorStream } from './route.ts';

type PlainRoute = Exclude<OperatorRoute, OperatorStream>;

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
      refuseEncoding(request, reply);
      if (route.role === null) return;
      sessions.set(request, await access.admit(request, route.role, askedWorkspace(request.raw)));
    },
    handler: async (request, reply) => {
      const session = sessions.get(request);
      if ('open' in route) return begin(route, { request, reply, session });
      return respond(route, { request, reply, session });
    },
  });
  if ('open' in route) server.addHook('preClose', () => route.close());
}

interface Call {
  request: FastifyRequest;
  reply: FastifyReply;
  session: Session | undefined;
}

/** Takes the answer out of Fastify's hands, which would wait for its end. */
function begin(route: OperatorStream, { request, reply, session }: Call): FastifyReply {
  checkQuery(queryOf(request), []);
  const { 'last-event-id': lastEventId = null } = request.headers;
  const admitted = admittedOf(session);
  const { workspaceId } = admitted.operator;
  const start = route.open({ session: admitted, workspaceId, lastEventId: lastEventId && String(lastEventId) });
  reply.hijack();
  const given = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]);
  start(reply.raw, { ...Object.fromEntries(given), 'x-request-id': request.id });
  return reply;
}

function admittedOf(session: Session | undefined): Session {
  if (session === undefined) throw new Error('nobody was admitted');
  return session;
}

async function respond(route: PlainRoute, { request, reply, session }: Call): Promise<FastifyReply> {
  const query = queryOf(request);
  checkEscapes(request.url);
  refuseNul(request.params as Record<string, string>);
  checkQuery(query, route.query ?? []);
  const rawBody = rawBodyOf(request);
  const hasBody = route.method === 'DELETE' ? rawBody.length > 0 : route.method !== 'GET';
  const body = hasBody ? parseBody(rawBody, route.bodyDepth) : {};
  const answer = await handle(route, { request, session, query, body });
  if (answer.html === undefined) return sendJson(reply, answer);
  reply.headers({ ...answer.headers, 'content-type': 'text/html; charset=utf-8', 'x-request-id': request.id });
  return reply.code(answer.status).send(answer.html);
}

/** PostgreSQL takes no NUL in a text, so nothing is called so. */
function refuseNul(params: Readonly<Record<string, string>>): void {
  const [name] = Object.entries(params).find(([, value]) => value.includes('\0')) ?? [];
  if (name !== undefined) throw new RequestError('not_found', [`${name}: nothing has a NUL in its name`]);
}

function handle(
  route: PlainRoute,
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
  const admitted = admittedOf(session);
  const { name, workspaceId } = admitted.operator;
  const actor = { workspaceId, name, address };
  const params = request.params as Record<string, string>;
  const { 'idempotency-key': key } = request.headers;
  const idempotencyKey = key === undefined ? {} : { idempotencyKey: String(key) };
  return route.handle({ session: admitted, workspaceId, actor, requestId, body, params, query, ...idempotencyKey });
}
